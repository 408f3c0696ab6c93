"""Lending at the Larkfield tool library: due dates, fines, deposits and peaks."""

from lending.deposits import deposit
from lending.fines import fine, overdue_days
from lending.loans import Loan, due_date
from lending.opening import Calendar
from lending.peaks import peak

__all__ = ["Calendar", "Loan", "deposit", "due_date", "fine", "overdue_days", "peak"]
