"""When the library is open."""

from datetime import date, timedelta

SUNDAY = 6


class Calendar:
    """Knows the closed days: some weekdays, and the holidays of the year."""

    def __init__(self, closed_weekdays=(SUNDAY,), holidays=()):
        if len(set(closed_weekdays)) >= 7:
            raise ValueError("a library that never opens lends nothing")
        self.closed_weekdays = frozenset(closed_weekdays)
        self.holidays = frozenset(holidays)

    def is_open(self, day: date) -> bool:
        """Tells whether the library is open on `day`."""
        return day.weekday() not in self.closed_weekdays and day not in self.holidays

    def next_open(self, day: date) -> date:
        """Returns `day` itself when it is open, else the next open day."""
        if self.is_open(day):
            return day
        return day + timedelta(days=1)
