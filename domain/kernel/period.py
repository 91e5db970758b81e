"""Months and date arithmetic (period): no clock, only dates that were handed in."""

from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
SATURDAY = 5


def first_of_month(day: date) -> date:
    """Return the first day of the month."""
    return day.replace(day=1)


def last_of_month(day: date) -> date:
    """Return the last day of the month."""
    return add_months(first_of_month(day), 1) - ONE_DAY


def add_months(first: date, months: int) -> date:
    """Return the first of the month that lies so many months later."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def is_month_end(day: date) -> bool:
    """Tell whether the day is the last of its month."""
    return day == last_of_month(day)


def next_working_day(day: date) -> date:
    """Return the first day after this one that is not a Saturday or Sunday; public holidays are not known here."""
    following = day + ONE_DAY
    while following.weekday() >= SATURDAY:
        following += ONE_DAY
    return following


def months_between(start: date, end: date) -> int:
    """Return the number of whole months from the start of one month to the end of another."""
    return (end.year - start.year) * 12 + end.month - start.month + (1 if is_month_end(end) else 0)
