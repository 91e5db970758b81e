"""Sub-ledgers: each invoice with what is owed, reconciled with its control account on any day, as known at any time."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from domain.book import Book, evolve
from domain.catalogue import AnyEvent
from domain.decisions import decide
from domain.kernel.event import Command
from projections.history import history_of
from projections.report import SUB_LEDGERS
from projections.sub_ledgers import SubLedger, sub_ledger
from projections.table import ReportTable
from tests.builders import (
    BY_ANNA,
    FOUNDING,
    a_claim,
    a_contribution,
    a_contribution_credit,
    a_contribution_invoice,
    a_contribution_payment,
    a_customer_invoice,
    a_delegation,
    a_grant,
    a_payment,
    a_receipt,
    a_supplier_credit,
    a_supplier_invoice,
    a_voucher,
    an_attestation,
    lines,
)

END = date(2023, 12, 31)


def told(*commands: Command) -> tuple[AnyEvent, ...]:
    """Return the events of a founded book after commands that are all accepted."""
    book, events = Book(), list[AnyEvent]()
    for command in (*FOUNDING, *commands):
        for event in decide(book, command, BY_ANNA):
            book = evolve(book, event)
            events.append(event)
    return tuple(events)


YEAR = (
    a_delegation(),
    a_contribution(),
    a_contribution_invoice(),
    a_contribution_credit(),
    a_contribution_payment(amount_ore=1_500_00),
    a_supplier_invoice(),
    a_supplier_credit(),
    an_attestation(),
    a_payment(amount_ore=500_00),
    a_grant(),
    a_claim(),
    a_customer_invoice(),
    a_receipt(amount_ore=150_00),
)


def made(name: SubLedger, events: tuple[AnyEvent, ...], as_of: date = END) -> ReportTable:
    return sub_ledger(name, history_of(events), events, as_of, "sv")


def amounts(table: ReportTable) -> dict[str, tuple[int, ...]]:
    """Return invoiced, credited, paid and owed in kronor, by line."""
    return {line.id: tuple(int(cell.amount_ore / 100) for cell in line.cells) for line in table.lines}


def test_lists_a_sum_for_each_party_and_the_invoices_that_are_owed() -> None:
    events = told(*YEAR)

    assert amounts(made("supplier-ledger", events)) == {
        "leverantoren": (1_000, 100, 500, 400), "leverantoren.F1": (1_000, 100, 500, 400),
        "utforaren": (500, 0, 0, 500), "utforaren.R1": (500, 0, 0, 500), "total": (1_500, 100, 500, 900),
    }  # fmt: skip
    assert amounts(made("member-ledger", events))["total"] == (3_000, 1_000, 1_500, 500)
    assert amounts(made("customer-ledger", events))["total"] == (400, 0, 150, 250)


def test_an_invoice_that_is_settled_is_in_the_sum_only() -> None:
    events = told(*YEAR[:4], a_contribution_payment(amount_ore=2_000_00))

    assert amounts(made("member-ledger", events)) == {
        "staten": (3_000, 1_000, 2_000, 0),
        "total": (3_000, 1_000, 2_000, 0),
    }


def test_a_day_before_the_invoice_has_none() -> None:
    assert amounts(made("supplier-ledger", told(*YEAR), date(2023, 2, 28))) == {"total": (0, 0, 0, 0)}


@pytest.mark.parametrize("name", SUB_LEDGERS)
def test_agrees_with_the_control_account_on_any_day_as_known_at_any_time(name: SubLedger) -> None:
    events = told(*YEAR)
    for known in range(len(FOUNDING), len(events) + 1):
        day = date(2023, 1, 1)
        while day < date(2023, 6, 1):
            table = made(name, events[:known], day)
            assert table.remarks == ()
            day += timedelta(days=6)


def test_a_payment_may_be_dated_before_the_invoice_it_pays() -> None:
    events = told(
        a_delegation(),
        a_contribution(),
        a_contribution_invoice(invoice_date=date(2023, 4, 1), due_date=date(2023, 5, 1)),
        a_contribution_payment(received_on=date(2023, 2, 1)),
    )

    between = made("member-ledger", events, date(2023, 3, 1))

    assert amounts(between)["total"] == (0, 0, 3_000, -3_000)
    assert between.remarks == ()
    assert amounts(made("member-ledger", events))["total"] == (3_000, 0, 3_000, 0)


def test_a_remark_names_the_difference_to_the_control_account() -> None:
    account = history_of(told()).roles["payable"]
    events = told(*YEAR, a_voucher(lines=lines((account, -70_00), (1930, 70_00))))

    (remark,) = made("supplier-ledger", events).remarks

    assert (remark.code, remark.facts) == (
        "subledger_differs", {"account": account, "booked_ore": 970_00, "owed_ore": 900_00},
    )  # fmt: skip
    assert remark.sentence("sv") == f"Reskontran visar 900,00 kr men konto {account} 970,00 kr."
    assert made("customer-ledger", events).remarks == ()


def test_sums_are_sums() -> None:
    for name in SUB_LEDGERS:
        table = made(name, told(*YEAR))
        parties = [line for line in table.lines if "." not in line.id and line.id != "total"]
        for column in range(4):
            summed = sum((line.cells[column].amount_ore for line in parties), Fraction(0))
            assert summed == table.line("total").cells[column].amount_ore
