import unittest

from lending import deposit


class Deposits(unittest.TestCase):
    def test_a_fifth_of_the_price(self):
        self.assertEqual(deposit(10_000), 2000)

    def test_a_part_of_a_euro_counts_as_a_whole_one(self):
        self.assertEqual(deposit(10_001), 2100)
        self.assertEqual(deposit(1), 100)

    def test_a_negative_price_is_refused(self):
        with self.assertRaises(ValueError):
            deposit(-1)


if __name__ == "__main__":
    unittest.main()
