import unittest

from lending import Loan, peak


class Peaks(unittest.TestCase):
    def test_nothing_out(self):
        self.assertEqual(peak([]), (0, None))

    def test_two_of_three_overlap(self):
        loans = [Loan("drill", 1, 5), Loan("saw", 4, 9), Loan("ladder", 20, 22)]
        self.assertEqual(peak(loans), (2, 4))

    def test_the_first_of_equal_peaks(self):
        loans = [Loan("saw", 10, 12), Loan("drill", 1, 3)]
        self.assertEqual(peak(loans), (1, 1))


if __name__ == "__main__":
    unittest.main()
