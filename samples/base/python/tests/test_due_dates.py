import unittest
from datetime import date

from lending import Calendar, due_date


class DueDates(unittest.TestCase):
    def test_two_weeks_later(self):
        self.assertEqual(due_date(date(2026, 3, 3), 2, Calendar()), date(2026, 3, 17))

    def test_a_sunday_moves_to_monday(self):
        self.assertEqual(due_date(date(2026, 3, 1), 1, Calendar()), date(2026, 3, 9))

    def test_no_weeks_is_no_loan(self):
        with self.assertRaises(ValueError):
            due_date(date(2026, 3, 3), 0, Calendar())

    def test_a_library_that_never_opens_is_refused(self):
        with self.assertRaises(ValueError):
            Calendar(closed_weekdays=range(7))


if __name__ == "__main__":
    unittest.main()
