"""Closing a period: accruals first, then the checklist, then the reversals; what blocks is mended or waived."""

from datetime import date

import pytest
from msgspec.structs import replace

from domain.book import Book
from domain.books.accrual import AccrualReversed, ItemAccrued, ReverseAccrual, SetRecurringAccrual
from domain.books.fiscal_year import ClosePeriod, DateInClosedPeriod, PeriodClosed, PointChecked, ReopenPeriod, Waiver
from domain.books.year_end import CloseYear, YearClosed
from domain.catalogue import AnyEvent
from domain.closing import PeriodNotReady
from domain.decisions import decide
from domain.kernel.event import Command
from domain.membership.facts import ContributionsAccrued
from tests.builders import (
    BY_ANNA,
    WAIVED,
    a_bank_transaction,
    a_contribution,
    a_contribution_invoice,
    a_customer_invoice,
    a_statement,
    a_supplier_invoice,
    a_voucher,
    a_year,
    accepts,
    after,
    an_accrual,
    given,
    lines,
    postings,
    recorded,
    refused,
    vouched,
)

JUNE = ClosePeriod(year=2023, through=date(2023, 6, 30))
RENT = SetRecurringAccrual(
    accrual="hyra", kind="accrued-cost", account=5010, monthly_ore=10_00, first_month=date(2023, 1, 1), text="Hyra"
)


def kinds(events: tuple[AnyEvent, ...]) -> list[type[AnyEvent]]:
    """Return what happened, without the details."""
    return [type(event) for event in events]


def closing(book: Book, command: ClosePeriod = JUNE) -> PeriodClosed:
    """Return the closing itself."""
    (event,) = (event for event in decide(book, command, BY_ANNA) if isinstance(event, PeriodClosed))
    return event


# ------------------------------------------------------------------------------------------------- what it posts


def test_accrues_contributions_and_recurring_accruals_closes_and_reverses_them() -> None:
    events = decide(given(a_contribution(), RENT), JUNE, BY_ANNA)

    assert kinds(events) == [ContributionsAccrued, ItemAccrued, PeriodClosed, AccrualReversed, AccrualReversed]
    assert [event.accrual for event in events if isinstance(event, ContributionsAccrued | ItemAccrued)] == [
        "contributions.2023-06",
        "hyra.2023-06",
    ]
    assert postings(events[0]) == [(1780, 6_000_00), (3985, -6_000_00)]
    assert postings(events[1]) == [(2990, -60_00), (5010, 60_00)]
    assert {vouched(event).accounting_date for event in events[3:]} == {date(2023, 7, 1)}


def test_posts_nothing_where_nothing_is_to_be_accrued() -> None:
    assert kinds(decide(given(), JUNE, BY_ANNA)) == [PeriodClosed]


def test_leaves_no_accrual_waiting_after_the_closing() -> None:
    book = given(a_contribution(), RENT, an_accrual(), JUNE)

    assert set(book.accruals) == {"contributions.2023-06", "hyra.2023-06", "el-juni"}
    assert set(book.accruals.values()) == {None}


def test_accrues_only_the_difference_when_a_period_is_closed_again() -> None:
    reopened = ReopenPeriod(year=2023, opened_from=date(2023, 6, 1), reason="Glömd", second_signer="Bo")
    book = given(a_contribution(), RENT, JUNE, reopened)
    book = after(book, a_contribution_invoice(invoice_date=date(2023, 6, 15)))

    accrued = decide(book, replace(JUNE, waivers=WAIVED), BY_ANNA)

    assert kinds(accrued) == [ContributionsAccrued, PeriodClosed, AccrualReversed]
    assert postings(accrued[0]) == [(2970, -3_000_00), (3985, 3_000_00)]


def test_leaves_the_reversal_of_the_years_last_period_to_the_next_year() -> None:
    december = ClosePeriod(year=2023, through=date(2023, 12, 31))
    book = given(RENT, december)

    opened = decide(book, a_year(year=2024), BY_ANNA)

    assert kinds(opened)[1:] == [AccrualReversed]
    assert vouched(opened[1]).accounting_date == date(2024, 1, 1)


def test_reverses_into_a_year_that_is_open_already() -> None:
    book = given(RENT, a_year(year=2024))

    events = decide(book, ClosePeriod(year=2023, through=date(2023, 12, 31)), BY_ANNA)

    assert kinds(events) == [ItemAccrued, PeriodClosed, AccrualReversed]
    assert str(vouched(events[2]).id) == "P1/2024"


def test_closes_the_last_period_before_the_year() -> None:
    events = decide(given(RENT, a_year(year=2024)), CloseYear(year=2023), BY_ANNA)

    assert kinds(events) == [ItemAccrued, PeriodClosed, AccrualReversed, YearClosed]
    assert postings(events[3]) == [(8999, -120_00), (2099, 120_00)]


def test_closes_nothing_twice_when_the_last_period_is_closed() -> None:
    book = given(ClosePeriod(year=2023, through=date(2023, 12, 31)))

    assert kinds(decide(book, CloseYear(year=2023), BY_ANNA)) == [YearClosed]


# --------------------------------------------------------------------------------------------------- the checklist

BANK = a_bank_transaction()
UNPAID = a_supplier_invoice()
ODD: Command = a_voucher(lines=lines((1510, 7), (2440, -7)))


@pytest.mark.parametrize(
    ("before", "points", "facts"),
    [
        ((BANK,), ("bank_reconciled",), {"bank_reconciled_accounts": "1930"}),
        ((BANK, a_bank_transaction(account=1910)), ("bank_reconciled",), {"bank_reconciled_accounts": "1910, 1930"}),
        ((UNPAID,), ("invoices_attested",), {"invoices_attested_invoices": 1}),
        (
            (ODD,),
            ("subledgers_agree",),
            {"subledgers_agree_1510_difference_ore": 7, "subledgers_agree_2440_difference_ore": -7},
        ),
        (
            (an_accrual(period_end=date(2023, 3, 31)),),
            ("accruals_reversed",),
            {"accruals_reversed_accruals": "el-juni"},
        ),
        (
            (BANK, UNPAID),
            ("bank_reconciled", "invoices_attested"),
            {"bank_reconciled_accounts": "1930", "invoices_attested_invoices": 1},
        ),
    ],
)
def test_refuses_to_close_what_is_not_ready(
    before: tuple[Command, ...], points: tuple[str, ...], facts: dict[str, str | int]
) -> None:
    found = refused(given(*before), JUNE, PeriodNotReady)

    assert found == {"through": "2023-06-30", "points": points} | facts


@pytest.mark.parametrize(
    "before",
    [
        (BANK, a_statement(statement_date=date(2023, 6, 30))),
        (a_bank_transaction(booked_on=date(2023, 7, 1)),),
        (a_supplier_invoice(invoice_date=date(2023, 7, 1)),),
        (an_accrual(),),
        (an_accrual(period_end=date(2023, 3, 31)), ReverseAccrual(accrual="el-juni")),
        (a_contribution(recognition="as-invoiced"), a_contribution_invoice(), a_customer_invoice()),
    ],
)
def test_closes_what_is_ready(before: tuple[Command, ...]) -> None:
    assert {point.outcome for point in closing(given(*before)).points} == {"passed"}


def test_refuses_a_statement_of_an_earlier_day_as_reconciled() -> None:
    book = given(BANK, a_statement(statement_date=date(2023, 6, 29)))

    assert refused(book, JUNE, PeriodNotReady)["points"] == ("bank_reconciled",)


def test_keeps_the_latest_day_that_was_reconciled() -> None:
    june, may = a_statement(statement_date=date(2023, 6, 30)), a_statement()

    assert accepts(given(BANK, june, may), JUNE)


def test_notes_what_was_waived_and_why() -> None:
    command = replace(JUNE, waivers=(Waiver(point="invoices_attested", reason="Bestrids"),))

    points = closing(given(UNPAID), command).points

    assert points[2] == PointChecked(
        point="invoices_attested", outcome="waived", reason="Bestrids", facts={"invoices": 1}
    )


def test_passes_a_point_that_was_waived_without_need() -> None:
    points = closing(given(), replace(JUNE, waivers=WAIVED)).points

    assert {(point.outcome, point.reason) for point in points} == {("passed", "")}


def test_refuses_what_is_not_waived_beside_what_is() -> None:
    command = replace(JUNE, waivers=(Waiver(point="invoices_attested", reason="Bestrids"),))

    assert refused(given(BANK, UNPAID), command, PeriodNotReady)["points"] == ("bank_reconciled",)


def test_counts_late_cash_since_the_closing_before() -> None:
    book = given(BANK)  # of 31 May, registered on 30 June
    command = replace(JUNE, waivers=WAIVED)

    assert closing(book, command).points[5].facts == {"vouchers": 1}
    july = ClosePeriod(year=2023, through=date(2023, 7, 31), waivers=WAIVED)
    assert closing(after(book, command), july).points[5].facts == {"vouchers": 0}


@pytest.mark.parametrize(("registered_on", "late"), [(date(2023, 6, 5), 0), (date(2023, 6, 6), 1)])
def test_counts_cash_as_late_after_the_next_working_day(registered_on: date, late: int) -> None:
    friday = a_bank_transaction(booked_on=date(2023, 6, 2))

    book = given_by(friday, registered_on)

    assert book.late_bookings == late


def given_by(command: Command, registered_on: date) -> Book:
    """Return the founded book after a command registered on a day."""
    return after(given(), command, by=recorded(registered_on=registered_on))


def test_takes_nothing_into_the_period_it_closed() -> None:
    book = given(JUNE)

    assert refused(book, a_voucher(), DateInClosedPeriod)["closed_through"] == "2023-06-30"
