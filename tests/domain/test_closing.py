"""Closing a period: accruals first, then the checklist, then the reversals; what blocks is mended or waived."""

from datetime import date

import pytest
from msgspec.structs import replace

from domain.book import Book, evolve
from domain.books.accrual import (
    AccrualReversed,
    ItemAccrued,
    ReverseAccrual,
)
from domain.books.chart import AssignAccount, CloseAccount
from domain.books.fiscal_year import (
    ClosePeriod,
    DateInClosedPeriod,
    PeriodClosed,
    PointChecked,
    SecondSignerMissing,
    Waiver,
)
from domain.books.manual import VoucherCorrected
from domain.books.year_end import CloseYear, YearBeforeIsOpen, YearClosed
from domain.closing import POINTS, PeriodNotReady
from domain.decisions import decide
from domain.kernel.event import Command
from domain.membership.facts import AccrueContributions, ContributionsAccrued
from tests.builders import (
    BY_ANNA,
    TODAY,
    WAIVED,
    a_bank_transaction,
    a_contribution,
    a_contribution_invoice,
    a_correction,
    a_customer_invoice,
    a_statement,
    a_supplier_invoice,
    a_voucher,
    a_year,
    accepts,
    after,
    an_accrual,
    decided,
    given,
    lines,
    postings,
    recorded,
    refused,
    vouched,
)
from tests.domain.closings import DECEMBER, JUNE, RENT, REOPENED, closing, kinds, moved, told

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
    book = given(a_contribution(), RENT, JUNE, REOPENED)
    book = after(book, a_contribution_invoice(invoice_date=date(2023, 6, 15)))

    accrued = decide(book, replace(JUNE, waivers=WAIVED), BY_ANNA)

    assert kinds(accrued) == [ContributionsAccrued, PeriodClosed, AccrualReversed]
    assert postings(accrued[0]) == [(1780, -3_000_00), (3985, 3_000_00)]


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


# ------------------------------------------------------------------------------- the checklist: what else it can find


def test_finds_a_statement_that_agrees_no_more() -> None:
    book = given(BANK, a_statement(statement_date=date(2023, 6, 30)), a_bank_transaction(booked_on=date(2023, 6, 15)))

    assert refused(book, JUNE, PeriodNotReady)["points"] == ("bank_reconciled",)
    earlier = after(book, a_statement(statement_date=date(2023, 1, 1), balance_ore=0))
    assert refused(earlier, JUNE, PeriodNotReady)["points"] == ("bank_reconciled",)
    mended = after(book, a_statement(statement_date=date(2023, 6, 30), balance_ore=100_00))
    assert accepts(mended, JUNE)


def test_asks_for_no_statement_of_an_account_that_is_closed_and_empty() -> None:
    spent = a_voucher(lines=lines((6570, 50_00), (1910, -50_00)))
    book = given(a_bank_transaction(account=1910), CloseAccount(number=1910))

    assert refused(book, JUNE, PeriodNotReady)["bank_reconciled_accounts"] == "1910"
    assert accepts(given(a_bank_transaction(account=1910), spent, CloseAccount(number=1910)), JUNE)


def test_sums_the_sub_ledgers_that_share_a_control_account() -> None:
    shared = AssignAccount(role="other_receivable", number=1510)
    owed = (a_contribution(recognition="as-invoiced"), a_contribution_invoice(), a_customer_invoice())

    assert accepts(given(shared, *owed), JUNE)


def test_names_every_point_that_blocks_in_one_refusal() -> None:
    book = given(BANK, ODD, UNPAID, an_accrual(period_end=date(2023, 3, 31)))

    assert refused(book, JUNE, PeriodNotReady) == {
        "through": "2023-06-30",
        "points": ("bank_reconciled", "subledgers_agree", "invoices_attested", "accruals_reversed"),
        "bank_reconciled_accounts": "1930",
        "subledgers_agree_1510_difference_ore": 7,
        "subledgers_agree_2440_difference_ore": -7,
        "invoices_attested_invoices": 1,
        "accruals_reversed_accruals": "el-juni",
    }


def test_keeps_each_reason_beside_what_was_found() -> None:
    book = given(BANK, ODD, UNPAID, an_accrual(period_end=date(2023, 3, 31)))
    reasons = {point: f"Skäl {number}" for number, point in enumerate(POINTS)}
    waivers = tuple(Waiver(point=point, reason=reason) for point, reason in reasons.items())

    event = closing(book, replace(JUNE, waivers=waivers))

    assert event.waivers == waivers
    assert [(point.point, point.outcome, point.reason) for point in event.points] == [
        ("bank_reconciled", "waived", "Skäl 0"),
        ("subledgers_agree", "waived", "Skäl 1"),
        ("invoices_attested", "waived", "Skäl 2"),
        ("accruals_reversed", "waived", "Skäl 3"),
        ("numbers_gapless", "passed", ""),
        ("late_bookings", "passed", ""),
    ]
    assert event.points[4].facts == {"vouchers": 4}


def test_records_nothing_of_a_closing_that_is_refused() -> None:
    book = given(BANK, RENT, a_contribution())

    refused(book, JUNE, PeriodNotReady)
    refused(book, CloseYear(year=2023), PeriodNotReady)

    assert book == given(BANK, RENT, a_contribution())


# ------------------------------------------------------------------------------------------- reopening and correcting


def test_refuses_to_reopen_without_another_signer() -> None:
    alone = replace(REOPENED, second_signer="Anna")

    assert refused(given(JUNE), alone, SecondSignerMissing) == {"actor": "Anna"}


def test_corrects_a_voucher_of_a_closed_period_on_the_first_open_day() -> None:
    wrong = a_voucher(accounting_date=date(2023, 2, 3), lines=lines((6570, 5), (5010, -5)))
    book = given(wrong)
    original = vouched(decided(given(), wrong))
    correction = a_correction(corrected_on=None)

    assert vouched(decided(book, correction, original=original)).accounting_date == date(2023, 2, 3)
    assert vouched(decided(after(book, JUNE), correction, original=original)).accounting_date == date(2023, 7, 1)
    assert refused(after(book, DECEMBER), correction, DateInClosedPeriod, original=original)
    opened = after(book, DECEMBER, a_year(year=2024))
    assert str(vouched(decided(opened, correction, original=original)).id) == "R1/2024"


def test_corrects_a_voucher_whose_account_has_been_closed_since() -> None:
    original = vouched(decided(given(), a_voucher()))
    book = given(a_voucher(), CloseAccount(number=6570))

    assert postings(decided(book, a_correction(), original=original)) == [(6570, -100_00), (1930, 100_00)]


@pytest.mark.parametrize("accrual", [an_accrual(), AccrueContributions(accrual="insatser", period_end=TODAY)])
def test_does_not_reverse_an_accrual_that_was_corrected(accrual: Command) -> None:
    book = given(a_contribution(recognition="as-invoiced"), a_contribution(party="regionen"))
    original = vouched(decided(book, accrual))
    correction = a_correction(series="P")
    corrected = decided(after(book, accrual), correction, original=original)
    assert isinstance(corrected, VoucherCorrected)

    days = moved(told(evolve(after(book, accrual), corrected), JUNE), 1780, 2990)

    assert days == {TODAY: {1780: 6_000_00}, date(2023, 7, 1): {1780: -6_000_00}}
    assert [warning.code for warning in corrected.recorded.warnings] == ["correction_touches_accrual"]


def test_accrues_by_the_rule_again_when_its_accrual_was_corrected() -> None:
    by_hand = an_accrual(accrual="hyra.2023-06")
    book = given(RENT, by_hand)
    corrected = decided(book, a_correction(series="P"), original=vouched(decided(given(RENT), by_hand)))

    assert moved(decide(evolve(book, corrected), JUNE, BY_ANNA), 5010)[TODAY] == {5010: 60_00}


# ------------------------------------------------------------------------------------------------------ the year's end


def test_closes_the_second_year_on_the_result_of_that_year_alone() -> None:
    first = a_voucher(lines=lines((5010, 100), (2081, -100)))
    second = a_voucher(accounting_date=date(2024, 6, 30), lines=lines((5010, 30), (2081, -30)))
    book = given(RENT, first, CloseYear(year=2023), a_year(year=2024), second)

    events = decide(book, CloseYear(year=2024), BY_ANNA)

    ended = events[-1]
    assert isinstance(ended, YearClosed)
    assert ended.result_ore == 120_00 - 120_00 - 30  # the reversal of last year, the accrual of this one


def test_refuses_to_close_the_second_year_first_and_records_nothing() -> None:
    book = given(RENT, a_year(year=2024))

    assert refused(book, CloseYear(year=2024), YearBeforeIsOpen) == {"year": 2024, "before": 2023}


def test_passes_the_waivers_of_a_year_on_to_its_last_period() -> None:
    events = decide(given(BANK), CloseYear(year=2023, waivers=WAIVED), BY_ANNA)

    assert kinds(events) == [PeriodClosed, YearClosed]
    assert isinstance(events[0], PeriodClosed)
    assert events[0].points[0].outcome == "waived"


def test_counts_late_cash_in_the_next_closing_after_a_reopening() -> None:
    june = replace(JUNE, waivers=WAIVED)
    book = given(BANK, june, REOPENED, a_bank_transaction(booked_on=date(2023, 6, 1)))

    assert closing(book, june).points[5].facts == {"vouchers": 1}
