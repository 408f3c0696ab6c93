"""How many tools are out at once."""

from collections.abc import Sequence

from lending.loans import Loan


def peak(loans: Sequence[Loan]) -> tuple[int, int | None]:
    """Returns the largest number of tools out at once, and the first day on which so many are out.

    A tool counts from its start up to, but not including, the day it comes back. Without any tool
    out the answer is `(0, None)`.
    """
    most, first = 0, None
    for loan in loans:
        out = 0
        for other in loans:
            if other.start <= loan.start and loan.start < other.end:
                out += 1
        if out > most or (out == most and out > 0 and loan.start < first):
            most, first = out, loan.start
    return most, first
