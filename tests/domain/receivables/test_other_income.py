"""Other income: invoiced to a customer or received without an invoice, never above what is owed."""

from datetime import date

import pytest

from domain.books.fiscal_year import DateOutsideYear
from domain.books.journal import VoucherNotBalanced
from domain.books.manual import Line
from domain.books.register import PartyUnknown
from domain.books.voucher import Voucher
from domain.receivables.other_income import (
    CustomerInvoiceExists,
    CustomerInvoiceNotPositive,
    CustomerInvoiceUnknown,
    CustomerOverpaid,
    InvoiceOrLines,
    OtherIncomeInvoiced,
    OtherIncomeReceived,
)
from tests.builders import a_customer_invoice, a_receipt, decided, event_of, given, lines, refused, vouched

INTEREST = a_receipt(invoice=None, amount_ore=50_00, lines=lines((8300, -50_00)), counterparty="Banken", text="Ränta")


def test_invoices_a_customer() -> None:
    command = a_customer_invoice(lines=lines((3010, -400_00), (2650, -100_00)))
    voucher = Voucher(
        series="K",
        number=1,
        year=2023,
        accounting_date=date(2023, 4, 1),
        text="Såld plats",
        counterparty="Kunden",
        reference="K1",
        accounts=(1519, 3010, 2650),
        amounts_ore=(500_00, -400_00, -100_00),
        parties=("kunden", "", ""),
    )

    assert decided(given(), command) == event_of(OtherIncomeInvoiced, command, voucher=voucher)


def test_refuses_an_invoice_to_somebody_nobody_registered() -> None:
    assert refused(given(), a_customer_invoice(customer="okand"), PartyUnknown) == {"party": "okand"}


def test_refuses_a_customer_invoice_number_twice() -> None:
    assert refused(given(a_customer_invoice()), a_customer_invoice(), CustomerInvoiceExists) == {"invoice": "K1"}


@pytest.mark.parametrize(("rows", "amount_ore"), [((), 0), (((3010, 400_00),), -400_00)])
def test_refuses_a_customer_invoice_of_nothing_or_less(rows: tuple[tuple[int, int], ...], amount_ore: int) -> None:
    facts = refused(given(), a_customer_invoice(lines=lines(*rows)), CustomerInvoiceNotPositive)

    assert facts == {"amount_ore": amount_ore}


def test_refuses_a_customer_invoice_dated_outside_an_open_year() -> None:
    assert refused(given(), a_customer_invoice(invoice_date=date(2022, 4, 1)), DateOutsideYear)


def test_receives_the_payment_of_a_customer() -> None:
    voucher = Voucher(
        series="B",
        number=1,
        year=2023,
        accounting_date=date(2023, 4, 28),
        text="Betalning K1",
        counterparty="Kunden",
        reference="K1",
        accounts=(1930, 1519),
        amounts_ore=(400_00, -400_00),
        parties=("", "kunden"),
    )

    event = decided(given(a_customer_invoice()), a_receipt())

    assert event == event_of(OtherIncomeReceived, a_receipt(), voucher=voucher)


def test_receives_money_without_an_invoice() -> None:
    voucher = Voucher(
        series="B",
        number=1,
        year=2023,
        accounting_date=date(2023, 4, 28),
        text="Ränta",
        counterparty="Banken",
        accounts=(1930, 8300),
        amounts_ore=(50_00, -50_00),
    )

    event = decided(given(), INTEREST)

    assert event == event_of(OtherIncomeReceived, INTEREST, voucher=voucher)


def test_leaves_what_customers_owe_alone_when_money_comes_without_an_invoice() -> None:
    book = given(a_customer_invoice(), INTEREST)

    assert refused(book, a_receipt(amount_ore=400_01), CustomerOverpaid)["owed_ore"] == 400_00


def test_keeps_the_reference_of_a_receipt() -> None:
    event = decided(given(a_customer_invoice()), a_receipt(reference="BG 9"))

    assert vouched(event).reference == "BG 9"


def test_refuses_the_payment_of_an_invoice_nobody_sent() -> None:
    assert refused(given(), a_receipt(), CustomerInvoiceUnknown) == {"invoice": "K1"}


def test_refuses_a_payment_above_what_the_customer_owes() -> None:
    book = given(a_customer_invoice(), a_receipt(amount_ore=100_00))

    facts = refused(book, a_receipt(amount_ore=300_01), CustomerOverpaid)

    assert facts == {"invoice": "K1", "amount_ore": 300_01, "owed_ore": 300_00}


@pytest.mark.parametrize(("invoice", "rows"), [(None, ()), ("K1", lines((8300, -400_00)))])
def test_refuses_money_for_an_invoice_and_for_lines_or_for_neither(invoice: str | None, rows: tuple[Line, ...]) -> None:
    command = a_receipt(invoice=invoice, lines=rows)

    assert refused(given(a_customer_invoice()), command, InvoiceOrLines) == {}


def test_refuses_lines_that_do_not_explain_the_money() -> None:
    command = a_receipt(invoice=None, amount_ore=50_00, lines=lines((8300, -49_99)))

    assert refused(given(), command, VoucherNotBalanced) == {"difference_ore": 1}
