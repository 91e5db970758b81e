"""Which days a column speaks of, and the words for them."""

from datetime import date

import pytest

from domain.books.fiscal_year import FiscalYearOpened
from projections.history import History, history_of
from projections.periods import filled, in_words, span_of
from tests.ledger_text import recorded_on
from tests.projections.tables import NO_LINES, layout_of

BROKEN = FiscalYearOpened(
    year=2023, start=date(2022, 7, 1), end=date(2023, 6, 30), recorded=recorded_on(date(2022, 7, 1))
)


def days(history: History, as_of: str, column: str) -> tuple[str, str]:
    (found,) = layout_of(f'[[table]]\nid = "t"\ntitle = ""\ncolumns = [{{ label = "", {column} }}]\n{NO_LINES}').tables
    span = span_of(history, date.fromisoformat(as_of), found.columns[0])
    return str(span.start), str(span.end)


@pytest.mark.parametrize(
    ("as_of", "column", "start", "end"),
    [
        ("2023-08-31", 'source = "outcome"', "2023-01-01", "2023-08-31"),
        ("2023-08-31", 'to = "year-end"', "2023-01-01", "2023-12-31"),
        ("2023-08-31", "year = -1", "2022-01-01", "2022-12-31"),
        ("2023-08-31", 'year = -1, to = "as-of"', "2022-01-01", "2022-08-31"),
        ("2023-05-30", 'year = -1, to = "as-of"', "2022-01-01", "2022-05-30"),
        ("2023-08-15", 'year = -1, to = "as-of"', "2022-01-01", "2022-08-15"),
        ("2023-08-31", 'source = "budget"', "2023-01-01", "2023-12-31"),
        ("2023-08-31", 'source = "budget", year = 2', "2025-01-01", "2025-12-31"),
        ("2023-08-31", 'source = "forecast"', "2023-01-01", "2023-12-31"),
        ("2023-08-31", 'source = "forecast", to = "as-of"', "2023-01-01", "2023-08-31"),
        ("2024-02-29", 'year = -1, to = "as-of"', "2023-01-01", "2023-02-28"),
        ("2023-02-28", 'year = 1, to = "as-of"', "2024-01-01", "2024-02-29"),
        ("2024-02-28", 'year = -1, to = "as-of"', "2023-01-01", "2023-02-28"),
        ("2023-04-30", 'year = -1, to = "as-of"', "2022-01-01", "2022-04-30"),
    ],
)
def test_a_column_speaks_of_these_days(as_of: str, column: str, start: str, end: str) -> None:
    assert days(history_of(()), as_of, column) == (start, end)


@pytest.mark.parametrize(
    ("column", "start", "end"),
    [
        ('source = "outcome"', "2022-07-01", "2022-12-31"),
        ("year = -1", "2021-07-01", "2022-06-30"),
        ('year = -1, to = "as-of"', "2021-07-01", "2021-12-31"),
        ('source = "budget", year = 1', "2023-07-01", "2024-06-30"),
    ],
)
def test_a_broken_fiscal_year_is_the_books_own(column: str, start: str, end: str) -> None:
    assert days(history_of((BROKEN,)), "2022-12-31", column) == (start, end)


@pytest.mark.parametrize(
    ("as_of", "months", "of_year"), [("2023-08-31", 8, 12), ("2023-08-30", 7, 12), ("2023-12-31", 12, 12)]
)
def test_counts_the_whole_months_that_have_passed(as_of: str, months: int, of_year: int) -> None:
    (table,) = layout_of(f'[[table]]\nid = "t"\ntitle = ""\ncolumns = [{{ label = "" }}]\n{NO_LINES}').tables

    span = span_of(history_of(()), date.fromisoformat(as_of), table.columns[0])

    assert (span.months, span.months_of_year) == (months, of_year)


def test_counts_months_from_the_start_of_a_broken_year() -> None:
    (table,) = layout_of(f'[[table]]\nid = "t"\ntitle = ""\ncolumns = [{{ label = "" }}]\n{NO_LINES}').tables

    assert span_of(history_of((BROKEN,)), date(2022, 12, 31), table.columns[0]).months == 6


def test_fills_in_dates() -> None:
    text = "{as_of} | {day} | {prior_day} | {year-1} {year} {year+2} | {other}"

    assert filled(text, history_of(()), date(2017, 8, 31)) == (
        "2017-08-31 | 31 augusti 2017 | 31 december 2016 | 2016 2017 2019 | {other}"
    )
    assert filled("{prior_day}, {year}", history_of((BROKEN,)), date(2022, 8, 31)) == "30 juni 2022, 2023"


@pytest.mark.parametrize("month", range(1, 13))
def test_says_a_date_in_words(month: int) -> None:
    assert (
        in_words(date(2023, month, 1)).split()[1]
        == (
            [
                "januari",
                "februari",
                "mars",
                "april",
                "maj",
                "juni",
                "juli",
                "augusti",
                "september",
                "oktober",
                "november",
                "december",
            ][month - 1]
        )
    )
