"""What a closing accrues by rule and by agreement, and its reversals: exact, once, on the first day after."""

from datetime import date

import pytest
from msgspec.structs import replace

from domain.books.accrual import (
    AccrualKind,
    AccrualReversed,
    ItemAccrued,
    RecurringAccrualWrong,
    ReverseAccrual,
)
from domain.books.chart import CloseAccount
from domain.books.fiscal_year import (
    ClosePeriod,
    DateInClosedPeriod,
    FiscalYearOpened,
    PeriodClosed,
    ReopenPeriod,
)
from domain.books.register import CloseProject
from domain.catalogue import voucher_of
from domain.decisions import decide
from domain.kernel.event import Command
from domain.membership.facts import AccrueContributions, ContributionsAccrued, LeaveMember, MemberDifference
from tests.builders import (
    BY_ANNA,
    TODAY,
    a_contribution,
    a_contribution_invoice,
    a_year,
    accepts,
    after,
    an_accrual,
    given,
    postings,
    refused,
    vouched,
)
from tests.domain.closings import DECEMBER, JUNE, RENT, REOPENED, kinds, moved, told

# ------------------------------------------------------------------------------------------------ recurring accruals


@pytest.mark.parametrize(
    ("changes", "through", "kronor"),
    [
        ({}, date(2023, 1, 31), 10),
        ({}, date(2023, 12, 31), 120),
        ({"first_month": date(2022, 7, 1)}, date(2023, 6, 30), 60),  # from the start of the year
        ({"first_month": date(2023, 6, 15)}, date(2023, 6, 30), 10),
        ({"first_month": date(2023, 7, 1)}, date(2023, 6, 30), 0),
        ({"last_month": date(2023, 6, 1)}, date(2023, 6, 30), 60),
        ({"last_month": date(2023, 5, 31)}, date(2023, 6, 30), 0),
        ({"kind": "prepaid-cost", "last_month": date(2023, 12, 1)}, date(2023, 1, 31), 110),
        ({"kind": "prepaid-cost", "last_month": date(2023, 12, 1)}, date(2023, 11, 30), 10),
        ({"kind": "prepaid-cost", "last_month": date(2023, 12, 1)}, date(2023, 12, 31), 0),
        ({"kind": "prepaid-cost", "last_month": date(2024, 3, 1)}, date(2023, 12, 31), 30),
        ({"kind": "prepaid-cost", "first_month": date(2023, 7, 1), "last_month": date(2023, 12, 1)}, TODAY, 0),
        ({"kind": "prepaid-income", "account": 3990, "last_month": date(2023, 12, 1)}, date(2023, 10, 31), 20),
    ],
)
def test_accrues_the_months_of_a_rule(changes: dict[str, object], through: date, kronor: int) -> None:
    events = decide(given(replace(RENT, **changes)), ClosePeriod(year=2023, through=through), BY_ANNA)

    assert [event.amount_ore for event in events if isinstance(event, ItemAccrued)] == [kronor * 100] * bool(kronor)


@pytest.mark.parametrize(
    ("kind", "account", "balance"),
    [("accrued-cost", 5010, 2990), ("prepaid-cost", 5010, 1710), ("accrued-income", 3990, 1790)],
)
def test_nets_an_accrual_to_zero_over_two_periods(kind: AccrualKind, account: int, balance: int) -> None:
    rule = replace(RENT, kind=kind, account=account, last_month=date(2023, 12, 1))

    days = moved(decide(given(rule), JUNE, BY_ANNA), account, balance)

    assert list(days) == [TODAY, date(2023, 7, 1)]
    assert days[TODAY] == {number: -ore for number, ore in days[date(2023, 7, 1)].items()}


@pytest.mark.parametrize("last_month", [None, date(2022, 12, 1)])
def test_refuses_a_prepaid_rule_without_a_last_month(last_month: date | None) -> None:
    rule = replace(RENT, kind="prepaid-cost", last_month=last_month)

    assert refused(given(), rule, RecurringAccrualWrong) == {"accrual": "hyra"}


def test_accrues_at_the_last_of_several_months_that_are_closed_together() -> None:
    events = decide(given(RENT, a_contribution()), JUNE, BY_ANNA)

    assert {vouched(event).accounting_date for event in events if voucher_of(event)} == {TODAY, date(2023, 7, 1)}


def test_begins_again_with_the_year_and_reverses_over_its_end() -> None:
    january = ClosePeriod(year=2024, through=date(2024, 1, 31))

    days = moved(told(given(RENT, DECEMBER), a_year(year=2024), january), 5010)

    assert days == {
        date(2024, 1, 1): {5010: -120_00},
        date(2024, 1, 31): {5010: 10_00},
        date(2024, 2, 1): {5010: -10_00},
    }


def test_brings_a_month_that_is_closed_again_to_the_rule_as_it_is_now() -> None:
    book = given(RENT, JUNE, REOPENED, replace(RENT, monthly_ore=12_00))

    events = decide(book, JUNE, BY_ANNA)

    assert kinds(events) == [ItemAccrued, ItemAccrued, PeriodClosed, AccrualReversed, AccrualReversed]
    assert moved(events, 2990, 5010) == {
        TODAY: {2990: -12_00, 5010: 12_00},
        date(2023, 7, 1): {2990: 12_00, 5010: -12_00},
    }
    assert kinds(decide(after(book, JUNE, REOPENED), JUNE, BY_ANNA)) == [PeriodClosed]


def test_undoes_a_rule_that_has_ended_once() -> None:
    ended = replace(RENT, last_month=date(2023, 1, 31))
    book = given(RENT, JUNE, REOPENED, ended)

    assert moved(decide(book, JUNE, BY_ANNA), 5010) == {TODAY: {5010: -60_00}, date(2023, 7, 1): {5010: 60_00}}
    assert kinds(decide(after(book, JUNE, REOPENED), JUNE, BY_ANNA)) == [PeriodClosed]


def test_takes_an_accrual_by_hand_under_the_name_of_the_rule_for_its_own() -> None:
    by_hand = an_accrual(accrual="hyra.2023-06", amount_ore=60_00, text="Hyra")

    assert kinds(decide(given(RENT, by_hand), JUNE, BY_ANNA)) == [PeriodClosed, AccrualReversed]


def test_keeps_a_rule_called_contributions_apart_from_the_contributions() -> None:
    rule = replace(RENT, accrual="contributions")

    events = decide(given(rule, a_contribution()), JUNE, BY_ANNA)

    assert [type(event) for event in events[:2]] == [ContributionsAccrued, ItemAccrued]
    assert kinds(decide(after(given(rule, a_contribution()), JUNE, REOPENED), JUNE, BY_ANNA)) == [PeriodClosed]


# ----------------------------------------------------------------------------------------------------- contributions


def test_prepays_what_was_invoiced_for_a_year_to_come() -> None:
    early = a_contribution_invoice(year=2024, invoice_date=date(2023, 12, 15))
    book = given(a_contribution(year=2024), early)

    events = told(book, DECEMBER, a_year(year=2024))

    accrued = events[0]
    assert isinstance(accrued, ContributionsAccrued)
    assert accrued.differences == (MemberDifference(party="staten", amount_ore=-3_000_00, year=2024),)
    assert moved(events, 2970, 3985) == {
        date(2023, 12, 31): {2970: -3_000_00, 3985: 3_000_00},
        date(2024, 1, 1): {2970: 3_000_00, 3985: -3_000_00},
    }


def test_goes_on_accruing_what_of_the_year_before_is_to_be_invoiced() -> None:
    book = given(a_contribution(), DECEMBER, a_year(year=2024))

    events = decide(book, ClosePeriod(year=2024, through=date(2024, 1, 31)), BY_ANNA)

    assert moved(events, 1780) == {date(2024, 1, 31): {1780: 12_000_00}, date(2024, 2, 1): {1780: -12_000_00}}


def test_follows_a_contribution_that_is_agreed_anew() -> None:
    book = given(a_contribution(), JUNE)
    september = ClosePeriod(year=2023, through=date(2023, 9, 30))

    assert moved(decide(after(book, a_contribution(amount_ore=16_000_00)), september, BY_ANNA), 1780) == {
        date(2023, 9, 30): {1780: 12_000_00},
        date(2023, 10, 1): {1780: -12_000_00},
    }


def test_undoes_an_accrual_when_a_contribution_becomes_recognised_as_invoiced() -> None:
    book = given(a_contribution(), JUNE, REOPENED, a_contribution(recognition="as-invoiced"))

    assert postings(decide(book, JUNE, BY_ANNA)[0]) == [(1780, -6_000_00), (3985, 6_000_00)]


def test_turns_what_was_accrued_into_what_is_prepaid() -> None:
    book = given(a_contribution(), JUNE, REOPENED, a_contribution_invoice(invoice_date=TODAY, amount_ore=7_000_00))

    assert postings(decide(book, JUNE, BY_ANNA)[0]) == [(1780, -6_000_00), (2970, -1_000_00), (3985, 7_000_00)]


def test_earns_what_was_agreed_with_a_member_that_has_left() -> None:
    book = given(a_contribution(), LeaveMember(party="staten", left_on=date(2023, 3, 31)))

    assert postings(decide(book, JUNE, BY_ANNA)[0]) == [(1780, 6_000_00), (3985, -6_000_00)]


def test_posts_nothing_more_when_contributions_were_accrued_by_hand() -> None:
    by_hand = AccrueContributions(accrual="insatser", period_end=TODAY)

    assert kinds(decide(given(a_contribution(), by_hand), JUNE, BY_ANNA)) == [PeriodClosed, AccrualReversed]


def test_finds_another_name_where_somebody_has_taken_that_of_the_contributions() -> None:
    taken = an_accrual(accrual="contributions.2023-06")

    accrued = decide(given(a_contribution(), taken), JUNE, BY_ANNA)[0]

    assert isinstance(accrued, ContributionsAccrued)
    assert accrued.accrual == "contributions.2023-06.2"


# --------------------------------------------------------------------------------------------------------- reversals


def test_reverses_once_whatever_comes_after() -> None:
    events = told(given(RENT), JUNE, REOPENED, JUNE, DECEMBER, a_year(year=2024))

    days = [vouched(event).accounting_date for event in events if isinstance(event, AccrualReversed)]
    assert days == [date(2023, 7, 1), date(2024, 1, 1)]


def test_does_not_reverse_what_was_reversed_by_hand() -> None:
    book = given(an_accrual(), ReverseAccrual(accrual="el-juni"))

    assert kinds(decide(book, JUNE, BY_ANNA)) == [PeriodClosed]


def test_waits_for_the_closing_when_the_next_year_is_opened_first() -> None:
    december = an_accrual(period_end=date(2023, 12, 31))

    events = told(given(december), a_year(year=2024), DECEMBER)

    assert kinds(events) == [FiscalYearOpened, PeriodClosed, AccrualReversed]


def test_reverses_what_was_accrued_at_both_closings_when_the_next_year_opens() -> None:
    again = ReopenPeriod(year=2023, opened_from=date(2023, 12, 1), reason="Glömd", second_signer="Bo")
    late = an_accrual(period_end=date(2023, 12, 31))

    events = told(given(RENT, DECEMBER, again, late, DECEMBER), a_year(year=2024))

    assert moved(events, 5010) == {date(2024, 1, 1): {5010: -420_00}}


def test_refuses_to_close_december_again_when_the_reversal_would_fall_into_a_closed_january() -> None:
    january = ClosePeriod(year=2024, through=date(2024, 1, 31))
    again = ReopenPeriod(year=2023, opened_from=date(2023, 12, 1), reason="Glömd", second_signer="Bo")
    late = an_accrual(period_end=date(2023, 12, 31))
    book = given(DECEMBER, a_year(year=2024), january, again, late)

    facts = refused(book, DECEMBER, DateInClosedPeriod)

    assert facts == {"accounting_date": "2024-01-01", "closed_through": "2024-01-31"}
    opened = ReopenPeriod(year=2024, opened_from=date(2024, 1, 1), reason="Återföring", second_signer="Bo")
    assert accepts(after(book, opened), DECEMBER)


@pytest.mark.parametrize("shut", [CloseAccount(number=5010), CloseProject(project="insatsen")])
def test_reverses_on_accounts_and_projects_that_have_been_closed_since(shut: Command) -> None:
    december = an_accrual(period_end=date(2023, 12, 31), project="insatsen")

    opened = told(given(december, DECEMBER, shut), a_year(year=2024))

    assert moved(opened, 5010) == {date(2024, 1, 1): {5010: -300_00}}
