"""What a member leaves at the desk until the tool is back."""

CENTS_PER_EURO = 100
SHARE = 5


def deposit(price_cents: int) -> int:
    """Returns the deposit in cents: a fifth of the price, in whole euros."""
    if price_cents < 0:
        raise ValueError("a price is never negative")
    unit = SHARE * CENTS_PER_EURO
    return -(-price_cents // unit) * CENTS_PER_EURO
