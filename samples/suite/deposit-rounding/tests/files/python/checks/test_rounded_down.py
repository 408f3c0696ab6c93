import unittest

from lending import deposit


class RoundedDown(unittest.TestCase):
    def test_a_part_of_a_euro_is_dropped(self):
        self.assertEqual(deposit(10_001), 2000)
        self.assertEqual(deposit(1), 0)

    def test_whole_euros_stay(self):
        self.assertEqual(deposit(10_000), 2000)


if __name__ == "__main__":
    unittest.main()
