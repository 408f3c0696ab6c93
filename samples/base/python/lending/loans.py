"""A loan and when it is due."""

from dataclasses import dataclass
from datetime import date, timedelta

from lending.opening import Calendar


@dataclass(frozen=True)
class Loan:
    """One tool out from the day `start` until it comes back on the day `end`."""

    tool: str
    start: int
    end: int


def due_date(start: date, weeks: int, calendar: Calendar) -> date:
    """Returns the day on which a loan of `weeks` weeks is due; always an open day."""
    if weeks < 1:
        raise ValueError("a loan lasts one week at least")
    return calendar.next_open(start + timedelta(weeks=weeks))
