import unittest
from datetime import date

from lending import Calendar, fine, overdue_days

TUESDAY = date(2026, 3, 3)


class Fines(unittest.TestCase):
    def test_in_time_costs_nothing(self):
        self.assertEqual(fine(TUESDAY, TUESDAY, 5000, Calendar()), 0)

    def test_early_costs_nothing(self):
        self.assertEqual(overdue_days(TUESDAY, date(2026, 2, 20), Calendar()), 0)

    def test_three_days_late(self):
        self.assertEqual(fine(TUESDAY, date(2026, 3, 6), 5000, Calendar()), 60)

    def test_never_more_than_the_price(self):
        self.assertEqual(fine(TUESDAY, date(2026, 3, 7), 50, Calendar()), 50)


if __name__ == "__main__":
    unittest.main()
