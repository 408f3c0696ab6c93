import unittest
from datetime import date

from lending import Calendar, due_date, fine, overdue_days

EASTER = Calendar(holidays=[date(2026, 4, 3), date(2026, 4, 6)])
TURN_OF_YEAR = Calendar(
    closed_weekdays=(5, 6),
    holidays=[date(2026, 12, day) for day in (24, 25, 28, 29, 30, 31)] + [date(2027, 1, 1)],
)


class DueDates(unittest.TestCase):
    def test_a_sunday_before_a_holiday(self):
        self.assertEqual(due_date(date(2026, 3, 29), 1, EASTER), date(2026, 4, 7))

    def test_a_single_closed_day(self):
        self.assertEqual(due_date(date(2026, 3, 27), 1, EASTER), date(2026, 4, 4))

    def test_a_closure_over_the_turn_of_the_year(self):
        self.assertEqual(due_date(date(2026, 12, 17), 1, TURN_OF_YEAR), date(2027, 1, 4))

    def test_an_open_day_stays(self):
        self.assertEqual(due_date(date(2026, 4, 7), 1, EASTER), date(2026, 4, 14))


class Fines(unittest.TestCase):
    def test_closed_days_cost_nothing(self):
        self.assertEqual(overdue_days(date(2026, 4, 2), date(2026, 4, 7), EASTER), 2)
        self.assertEqual(fine(date(2026, 4, 2), date(2026, 4, 7), 5000, EASTER), 40)

    def test_a_whole_closure_costs_nothing(self):
        self.assertEqual(overdue_days(date(2026, 12, 23), date(2027, 1, 3), TURN_OF_YEAR), 0)

    def test_the_day_of_return_counts_when_open(self):
        self.assertEqual(overdue_days(date(2026, 4, 2), date(2026, 4, 4), EASTER), 1)

    def test_early_is_never_negative(self):
        self.assertEqual(overdue_days(date(2026, 4, 7), date(2026, 4, 2), EASTER), 0)

    def test_the_price_is_the_cap(self):
        self.assertEqual(fine(date(2026, 4, 2), date(2026, 6, 2), 300, EASTER), 300)


if __name__ == "__main__":
    unittest.main()
