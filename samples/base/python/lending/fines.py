"""What a late return costs."""

from datetime import date

from lending.opening import Calendar

CENTS_PER_DAY = 20


def overdue_days(due: date, returned: date, calendar: Calendar) -> int:
    """Returns for how many days after `due` a fine is owed when the tool comes back on `returned`."""
    return max(0, (returned - due).days)


def fine(due: date, returned: date, price_cents: int, calendar: Calendar) -> int:
    """Returns the fine in cents, capped at the tool's price."""
    return min(price_cents, CENTS_PER_DAY * overdue_days(due, returned, calendar))
