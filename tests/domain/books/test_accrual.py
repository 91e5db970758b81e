"""Accruals and prepayments: posted at a month end by kind, reversed once on the first day after it."""

from datetime import date

import pytest
from msgspec.structs import replace

from domain.books.accrual import (
    AccrualExists,
    AccrualIsReversed,
    AccrualKind,
    AccrualReversed,
    AccrualUnknown,
    ItemAccrued,
    RecurringAccrualSet,
    RecurringAccrualWrong,
    ReverseAccrual,
    SetRecurringAccrual,
    recurring_amount,
)
from domain.books.chart import AccountUnknown
from domain.books.fiscal_year import ClosePeriod, DateInClosedPeriod, DateOutsideYear, NotAMonthEnd
from domain.books.register import ProjectUnknown
from domain.books.voucher import Voucher
from tests.builders import TODAY, a_year, after, an_accrual, decided, event_of, given, postings, refused, vouched

REVERSAL = ReverseAccrual(accrual="el-juni")


def test_accrues_a_cost_at_a_month_end() -> None:
    voucher = Voucher(
        series="P",
        number=1,
        year=2023,
        accounting_date=TODAY,
        text="El juni",
        accounts=(2990, 5010),
        amounts_ore=(-300_00, 300_00),
    )

    event = decided(given(), an_accrual())

    assert event == event_of(ItemAccrued, an_accrual(), voucher=voucher, reverse_on=date(2023, 7, 1))


@pytest.mark.parametrize(
    ("kind", "account", "rows"),
    [
        ("accrued-cost", 5010, [(2990, -300_00), (5010, 300_00)]),
        ("prepaid-cost", 5010, [(1710, 300_00), (5010, -300_00)]),
        ("accrued-income", 3990, [(1790, 300_00), (3990, -300_00)]),
        ("prepaid-income", 3990, [(2979, -300_00), (3990, 300_00)]),
    ],
)
def test_takes_the_sides_from_the_kind(kind: AccrualKind, account: int, rows: list[tuple[int, int]]) -> None:
    assert postings(decided(given(), an_accrual(kind=kind, account=account))) == rows


def test_posts_against_the_balance_account_that_is_named() -> None:
    assert postings(decided(given(), an_accrual(balance_account=2890)))[0] == (2890, -300_00)


@pytest.mark.parametrize("account", [0, 2891])
def test_refuses_a_balance_account_it_does_not_have(account: int) -> None:
    assert refused(given(), an_accrual(balance_account=account), AccountUnknown) == {"account": account}


def test_gives_both_sides_the_project_and_the_party() -> None:
    voucher = vouched(decided(given(), an_accrual(project="insatsen", party="leverantoren")))

    assert (voucher.projects, voucher.parties) == (("insatsen",) * 2, ("leverantoren",) * 2)


def test_refuses_a_name_that_an_accrual_has() -> None:
    assert refused(given(an_accrual()), an_accrual(), AccrualExists) == {"accrual": "el-juni"}


def test_refuses_a_name_that_a_reversed_accrual_had() -> None:
    assert refused(given(an_accrual(), REVERSAL), an_accrual(), AccrualExists) == {"accrual": "el-juni"}


def test_refuses_an_accrual_within_a_month() -> None:
    assert refused(given(), an_accrual(period_end=date(2023, 6, 29)), NotAMonthEnd) == {
        "year": 2023,
        "day": "2023-06-29",
    }


def test_refuses_an_accrual_outside_an_open_year() -> None:
    assert refused(given(), an_accrual(period_end=date(2024, 6, 30)), DateOutsideYear)


def test_refuses_an_accrual_in_a_closed_period() -> None:
    book = given(ClosePeriod(year=2023, through=TODAY))

    assert refused(book, an_accrual(), DateInClosedPeriod)


def test_reverses_an_accrual_on_the_first_day_after_its_period() -> None:
    voucher = Voucher(
        series="P",
        number=2,
        year=2023,
        accounting_date=date(2023, 7, 1),
        text="Återföring: El juni",
        reference="P1/2023",
        accounts=(2990, 5010),
        amounts_ore=(300_00, -300_00),
    )

    assert decided(given(an_accrual()), REVERSAL) == event_of(AccrualReversed, REVERSAL, voucher=voucher)


def test_reverses_a_year_end_accrual_in_the_year_after() -> None:
    december = an_accrual(period_end=date(2023, 12, 31))
    book = given(december)

    refused(book, REVERSAL, DateOutsideYear)
    assert str(vouched(decided(after(book, a_year(year=2024)), REVERSAL)).id) == "P1/2024"


def test_refuses_to_reverse_an_accrual_twice() -> None:
    assert refused(given(an_accrual(), REVERSAL), REVERSAL, AccrualIsReversed) == {"accrual": "el-juni"}


def test_refuses_to_reverse_an_accrual_it_does_not_have() -> None:
    assert refused(given(), REVERSAL, AccrualUnknown) == {"accrual": "el-juni"}


def test_keeps_accruals_apart() -> None:
    other = an_accrual(accrual="el-maj", period_end=date(2023, 5, 31))

    book = given(an_accrual(), other, REVERSAL)

    assert book.accruals["el-juni"] is None
    assert book.accruals["el-maj"] is not None


# ---------------------------------------------------------------------------------------------- recurring accruals

RENT = SetRecurringAccrual(
    accrual="hyra", kind="accrued-cost", account=5010, monthly_ore=10_00, first_month=date(2023, 2, 1), text="Hyra"
)
INSURANCE = SetRecurringAccrual(
    accrual="forsakring",
    kind="prepaid-cost",
    account=6310,
    monthly_ore=5_00,
    first_month=date(2023, 3, 1),
    last_month=date(2023, 8, 31),
    text="Försäkring",
)


@pytest.mark.parametrize("command", [RENT, INSURANCE, replace(RENT, project="insatsen")])
def test_sets_a_recurring_accrual(command: SetRecurringAccrual) -> None:
    assert decided(given(), command) == event_of(RecurringAccrualSet, command)


@pytest.mark.parametrize("command", [replace(INSURANCE, last_month=None), replace(RENT, last_month=date(2023, 1, 31))])
def test_refuses_a_recurring_accrual_without_an_order_of_months(command: SetRecurringAccrual) -> None:
    assert refused(given(), command, RecurringAccrualWrong) == {"accrual": command.accrual}


def test_refuses_a_recurring_accrual_on_an_account_it_does_not_have() -> None:
    assert refused(given(), replace(RENT, account=5011), AccountUnknown) == {"account": 5011}


def test_refuses_a_recurring_accrual_of_an_unknown_project() -> None:
    assert refused(given(), replace(RENT, project="okand"), ProjectUnknown) == {"project": "okand"}


@pytest.mark.parametrize(
    ("rule", "period_end", "amount_ore"),
    [
        (RENT, date(2023, 1, 31), 0),  # before the first month
        (RENT, date(2023, 2, 28), 10_00),
        (RENT, date(2023, 12, 31), 110_00),
        (RENT, date(2024, 2, 29), 20_00),  # a new year begins anew
        (replace(RENT, last_month=date(2023, 3, 1)), date(2023, 3, 31), 20_00),
        (replace(RENT, last_month=date(2023, 3, 1)), date(2023, 4, 30), 0),  # after the last month
        (INSURANCE, date(2023, 2, 28), 0),  # not paid yet
        (INSURANCE, date(2023, 3, 31), 25_00),  # April to August are left
        (INSURANCE, date(2023, 7, 31), 5_00),
        (INSURANCE, date(2023, 8, 31), 0),
        (INSURANCE, date(2023, 9, 30), 0),
    ],
)
def test_counts_the_months_of_a_recurring_accrual(rule: SetRecurringAccrual, period_end: date, amount_ore: int) -> None:
    event = event_of(RecurringAccrualSet, rule)

    assert recurring_amount(event, date(period_end.year, 1, 1), period_end) == amount_ore
