"""Months and days, without a clock."""

from datetime import date

import pytest

from domain.kernel.period import (
    add_months,
    first_of_month,
    is_month_end,
    last_of_month,
    months_between,
    next_working_day,
)


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2023, 2, 1), date(2023, 2, 28)),
        (date(2024, 2, 29), date(2024, 2, 29)),
        (date(2023, 12, 5), date(2023, 12, 31)),
        (date(1900, 2, 3), date(1900, 2, 28)),
    ],
)
def test_finds_the_last_day_of_a_month(day: date, last: date) -> None:
    assert last_of_month(day) == last
    assert is_month_end(last)
    assert first_of_month(day) == last.replace(day=1)


@pytest.mark.parametrize(
    ("first", "months", "expected"),
    [
        (date(2023, 1, 1), 1, date(2023, 2, 1)),
        (date(2023, 12, 1), 1, date(2024, 1, 1)),
        (date(2023, 1, 1), -1, date(2022, 12, 1)),
        (date(2023, 5, 1), 24, date(2025, 5, 1)),
    ],
)
def test_adds_months(first: date, months: int, expected: date) -> None:
    assert add_months(first, months) == expected


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2017, 1, 1), date(2017, 8, 31), 8),
        (date(2017, 1, 1), date(2017, 12, 31), 12),
        (date(2017, 1, 1), date(2017, 8, 30), 7),
        (date(2016, 9, 1), date(2017, 8, 31), 12),
        (date(2017, 1, 1), date(2017, 1, 31), 1),
    ],
)
def test_counts_whole_months(start: date, end: date, months: int) -> None:
    assert months_between(start, end) == months


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2023, 6, 1), date(2023, 6, 2)),
        (date(2023, 6, 2), date(2023, 6, 5)),  # from Friday to Monday
        (date(2023, 6, 3), date(2023, 6, 5)),
        (date(2023, 6, 4), date(2023, 6, 5)),
    ],
)
def test_finds_the_next_working_day(day: date, following: date) -> None:
    assert next_working_day(day) == following
