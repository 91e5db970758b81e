"""Fiscal years follow each other, nothing is dated outside what is open, and reopening is signed by two."""

from datetime import date

import pytest

from domain.book import Book
from domain.books.fiscal_year import (
    ClosePeriod,
    DateInClosedPeriod,
    DateOutsideYear,
    FiscalYearOpened,
    NotAMonthEnd,
    PeriodClosed,
    PeriodIsClosed,
    PeriodIsOpen,
    PeriodReopened,
    PointChecked,
    ReopenPeriod,
    SecondSignerMissing,
    YearExists,
    YearNotContiguous,
    YearUnknown,
)
from domain.books.year_end import CloseYear
from domain.kernel.event import Command
from tests.builders import a_voucher, a_year, accepts, after, an_association, decided, event_of, given, refused, vouched

MARCH = ClosePeriod(year=2023, through=date(2023, 3, 31))
ALL_PASSED = (
    PointChecked(point="bank_reconciled", outcome="passed"),
    PointChecked(point="subledgers_agree", outcome="passed"),
    PointChecked(point="invoices_attested", outcome="passed"),
    PointChecked(point="accruals_reversed", outcome="passed"),
    PointChecked(point="numbers_gapless", outcome="passed", facts={"vouchers": 0}),
    PointChecked(point="late_bookings", outcome="passed", facts={"vouchers": 0}),
)
REOPEN = ReopenPeriod(year=2023, opened_from=date(2023, 3, 1), reason="Glömd faktura", second_signer="Bo")


def test_opens_a_fiscal_year() -> None:
    assert decided(given(), a_year(year=2024)) == event_of(FiscalYearOpened, a_year(year=2024))


def test_refuses_a_year_that_is_open() -> None:
    assert refused(given(), a_year(), YearExists) == {"year": 2023}


@pytest.mark.parametrize(
    ("year", "start", "end"),
    [
        (2025, date(2025, 1, 1), date(2025, 12, 31)),  # a gap
        (2024, date(2023, 12, 1), date(2024, 12, 31)),  # an overlap
        (2024, date(2024, 1, 1), date(2024, 12, 30)),  # not to a month end
        (2025, date(2024, 1, 1), date(2024, 12, 31)),  # ends in another year
        (2023 + 1, date(2024, 1, 1), date(2023, 12, 31)),  # backwards
    ],
)
def test_refuses_a_year_that_does_not_follow_the_last(year: int, start: date, end: date) -> None:
    facts = refused(given(), a_year(year=year, start=start, end=end), YearNotContiguous)

    assert facts == {"year": year, "start": str(start), "end": str(end), "expected": "2024-01-01"}


def test_refuses_a_first_year_that_begins_within_a_month() -> None:
    book = after(Book(), an_association())

    facts = refused(book, a_year(start=date(2023, 1, 2)), YearNotContiguous)

    assert facts["expected"] == "2023-01-01"


def test_takes_a_voucher_of_a_broken_year_into_the_year_it_ends_in() -> None:
    book = after(Book(), an_association(), a_year(start=date(2022, 9, 1), end=date(2023, 8, 31)))

    event = decided(book, a_voucher(accounting_date=date(2022, 10, 1)))

    assert vouched(event).year == 2023


@pytest.mark.parametrize("day", [date(2022, 12, 31), date(2024, 1, 1), date(1999, 5, 5)])
def test_refuses_a_date_outside_an_open_year(day: date) -> None:
    assert refused(given(), a_voucher(accounting_date=day), DateOutsideYear) == {"accounting_date": str(day)}


def test_closes_a_period() -> None:
    assert decided(given(), MARCH) == event_of(PeriodClosed, MARCH, points=ALL_PASSED)


@pytest.mark.parametrize("day", [date(2023, 1, 1), date(2023, 3, 31)])
def test_refuses_a_date_in_a_closed_period(day: date) -> None:
    facts = refused(given(MARCH), a_voucher(accounting_date=day), DateInClosedPeriod)

    assert facts == {"accounting_date": str(day), "closed_through": "2023-03-31"}


def test_takes_the_day_after_a_closed_period() -> None:
    assert accepts(given(MARCH), a_voucher(accounting_date=date(2023, 4, 1)))


@pytest.mark.parametrize("through", [date(2023, 3, 30), date(2022, 12, 31), date(2024, 1, 31)])
def test_refuses_to_close_other_than_at_a_month_end_of_the_year(through: date) -> None:
    facts = refused(given(), ClosePeriod(year=2023, through=through), NotAMonthEnd)

    assert facts == {"year": 2023, "day": str(through)}


@pytest.mark.parametrize("through", [date(2023, 2, 28), date(2023, 3, 31)])
def test_refuses_to_close_what_is_closed(through: date) -> None:
    facts = refused(given(MARCH), ClosePeriod(year=2023, through=through), PeriodIsClosed)

    assert facts == {"year": 2023, "closed_through": "2023-03-31"}


def test_refuses_to_close_a_period_of_a_year_nobody_opened() -> None:
    command = ClosePeriod(year=2024, through=date(2024, 3, 31))

    assert refused(given(), command, YearUnknown) == {"year": 2024}


def test_reopens_a_period() -> None:
    assert decided(given(MARCH), REOPEN) == event_of(PeriodReopened, REOPEN)


def test_keeps_closed_what_lies_before_the_reopened_period() -> None:
    book = given(MARCH, REOPEN)

    assert accepts(book, a_voucher(accounting_date=date(2023, 3, 1)))
    assert refused(book, a_voucher(accounting_date=date(2023, 2, 28)), DateInClosedPeriod)


def test_reopens_a_whole_year() -> None:
    from_january = ReopenPeriod(year=2023, opened_from=date(2023, 1, 1), reason="Allt", second_signer="Bo")

    book = given(MARCH, from_january)

    assert book.journal.years[2023].closed_through is None


def test_refuses_to_reopen_when_the_second_signer_is_the_first() -> None:
    command = ReopenPeriod(year=2023, opened_from=date(2023, 3, 1), reason="Glömd", second_signer="Anna")

    assert refused(given(MARCH), command, SecondSignerMissing) == {"actor": "Anna"}


@pytest.mark.parametrize(
    ("before", "opened_from"),
    [
        ((), date(2023, 3, 1)),  # nothing is closed
        ((MARCH,), date(2023, 4, 1)),  # April is open
        ((MARCH,), date(2023, 3, 2)),  # not the first of a month
        ((MARCH,), date(2022, 3, 1)),  # another year
        ((MARCH, CloseYear(year=2023)), date(2023, 3, 1)),  # the result has been moved
    ],
)
def test_refuses_to_reopen_what_is_not_closed(before: tuple[Command, ...], opened_from: date) -> None:
    command = ReopenPeriod(year=2023, opened_from=opened_from, reason="Glömd", second_signer="Bo")

    assert refused(given(*before), command, PeriodIsOpen) == {"year": 2023, "opened_from": str(opened_from)}


def test_refuses_to_reopen_a_year_nobody_opened() -> None:
    command = ReopenPeriod(year=2024, opened_from=date(2024, 3, 1), reason="Glömd", second_signer="Bo")

    assert refused(given(), command, YearUnknown) == {"year": 2024}
