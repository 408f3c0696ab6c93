import random
import unittest

from lending import Loan, peak

LOANS = 600
PER_LOAN = 60


class Day(int):
    """A day that counts how often it is compared."""

    compared = 0

    def _count(self, other, compare):
        Day.compared += 1
        return compare(int(self), int(other))

    def __lt__(self, other):
        return self._count(other, int.__lt__)

    def __le__(self, other):
        return self._count(other, int.__le__)

    def __gt__(self, other):
        return self._count(other, int.__gt__)

    def __ge__(self, other):
        return self._count(other, int.__ge__)

    def __eq__(self, other):
        return self._count(other, int.__eq__)

    def __ne__(self, other):
        return self._count(other, int.__ne__)

    __hash__ = int.__hash__


def expected(loans):
    """The answer by its definition, day by day."""
    days = sorted({loan.start for loan in loans})
    counts = [(sum(loan.start <= day < loan.end for loan in loans), day) for day in days]
    most = max((count for count, _ in counts), default=0)
    return (most, min(day for count, day in counts if count == most)) if most else (0, None)


def some_loans(seed, count, days, longest):
    numbers = random.Random(seed)
    loans = []
    for index in range(count):
        start = numbers.randrange(days)
        loans.append(Loan(f"tool {index}", start, start + numbers.randrange(longest)))
    return loans


class Comparisons(unittest.TestCase):
    def test_the_number_of_comparisons(self):
        for longest in (2, 30, 3000):
            loans = [Loan(l.tool, Day(l.start), Day(l.end)) for l in some_loans(7, LOANS, 3650, longest)]
            Day.compared = 0
            peak(loans)
            self.assertLessEqual(Day.compared, PER_LOAN * LOANS)


class SameResult(unittest.TestCase):
    def test_any_loans(self):
        for seed in range(60):
            loans = some_loans(seed, seed % 23, 25, 8)
            self.assertEqual(peak(loans), expected(loans), loans)

    def test_many_loans(self):
        for longest in (3, 60, 900):
            loans = some_loans(longest, LOANS, 1500, longest)
            self.assertEqual(peak(loans), expected(loans))

    def test_back_in_the_morning_and_out_again(self):
        self.assertEqual(peak([Loan("saw", 1, 3), Loan("saw", 3, 6)]), (1, 1))

    def test_a_loan_within_one_day_does_not_count(self):
        self.assertEqual(peak([Loan("saw", 4, 4)]), (0, None))
        self.assertEqual(peak([Loan("saw", 4, 4), Loan("drill", 2, 9)]), (1, 2))

    def test_any_order(self):
        loans = some_loans(3, 40, 30, 9)
        self.assertEqual(peak(loans), peak(loans[::-1]))


if __name__ == "__main__":
    unittest.main()
