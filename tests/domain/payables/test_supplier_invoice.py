"""Suppliers' invoices: recorded once, attested by another within the delegation, paid after that and never above."""

from datetime import date

import pytest

from domain.books.chart import AccountUnknown
from domain.books.fiscal_year import DateOutsideYear
from domain.books.journal import VoucherEmpty
from domain.books.register import PartyUnknown, ProjectUnknown
from domain.books.voucher import Voucher
from domain.kernel.event import Command
from domain.kernel.period import ONE_DAY
from domain.payables.facts import (
    AttestationRuleSet,
    CostLine,
    DisputeSupplierInvoice,
    SupplierInvoiceAttested,
    SupplierInvoiceCredited,
    SupplierInvoiceDisputed,
    SupplierInvoicePaid,
    SupplierInvoiceReceived,
)
from domain.payables.supplier_invoice import (
    AmountOverDelegation,
    AttesterIsRecorder,
    AttesterUnknown,
    CostAccountWrong,
    InvoiceIsSettled,
    InvoiceNotAttested,
    InvoiceNotPositive,
    PaidBeforeAttestation,
    PaymentAboveOwed,
    SupplierInvoiceExists,
    SupplierInvoiceUnknown,
)
from tests.builders import (
    a_claim,
    a_delegation,
    a_grant,
    a_payment,
    a_supplier_credit,
    a_supplier_invoice,
    accepts,
    after,
    an_attestation,
    decided,
    event_of,
    given,
    postings,
    refused,
    vouched,
)

DISPUTE = DisputeSupplierInvoice(
    supplier="leverantoren", invoice="F1", disputed_on=date(2023, 3, 5), reason="Fel antal timmar"
)
NAMED = {"supplier": "leverantoren", "invoice": "F1"}
ATTESTED: tuple[Command, ...] = (a_delegation(), a_supplier_invoice(), an_attestation())


# ------------------------------------------------------------------------------------------------------- received


def test_records_an_invoice_with_its_vat_as_a_claim_on_the_state() -> None:
    voucher = Voucher(
        series="L",
        number=1,
        year=2023,
        accounting_date=date(2023, 3, 1),
        text="Utvärdering",
        counterparty="Leverantören AB",
        reference="F1",
        accounts=(6550, 1650, 2440),
        amounts_ore=(800_00, 200_00, -1_000_00),
        parties=("", "", "leverantoren"),
    )

    event = decided(given(), a_supplier_invoice())

    assert event == event_of(SupplierInvoiceReceived, a_supplier_invoice(), voucher=voucher)


def test_records_an_invoice_without_vat() -> None:
    assert postings(decided(given(), a_supplier_invoice(vat_ore=0))) == [(6550, 800_00), (2440, -800_00)]


def test_dates_an_invoice_as_it_is_told() -> None:
    command = a_supplier_invoice(invoice_date=date(2022, 12, 30), accounting_date=date(2023, 1, 2))

    assert vouched(decided(given(), command)).accounting_date == date(2023, 1, 2)


def test_refuses_an_invoice_dated_outside_an_open_year() -> None:
    command = a_supplier_invoice(invoice_date=date(2022, 12, 30))

    assert refused(given(), command, DateOutsideYear) == {"accounting_date": "2022-12-30"}


def test_refuses_an_invoice_from_somebody_nobody_registered() -> None:
    assert refused(given(), a_supplier_invoice(supplier="okand"), PartyUnknown) == {"party": "okand"}


def test_refuses_an_invoice_twice() -> None:
    assert refused(given(a_supplier_invoice()), a_supplier_invoice(), SupplierInvoiceExists) == NAMED


def test_takes_the_same_number_from_another_supplier() -> None:
    assert accepts(given(a_supplier_invoice()), a_supplier_invoice(supplier="utforaren"))


@pytest.mark.parametrize(("amount_ore", "vat_ore", "total_ore"), [(0, 0, 0), (-100_00, 0, -100_00), (-100, 100, 0)])
def test_refuses_an_invoice_of_nothing_or_less(amount_ore: int, vat_ore: int, total_ore: int) -> None:
    rows = (CostLine(account=6550, amount_ore=amount_ore),)

    facts = refused(given(), a_supplier_invoice(lines=rows, vat_ore=vat_ore), InvoiceNotPositive)

    assert facts == {"amount_ore": total_ore}


def test_takes_a_deduction_on_an_invoice() -> None:
    rows = (CostLine(account=6550, amount_ore=900_00), CostLine(account=3740, amount_ore=-100_00))

    event = decided(given(), a_supplier_invoice(lines=rows))

    assert postings(event) == [(6550, 900_00), (3740, -100_00), (1650, 200_00), (2440, -1_000_00)]


def test_refuses_a_cost_of_nothing_on_an_invoice() -> None:
    rows = (CostLine(account=6550, amount_ore=800_00), CostLine(account=3740, amount_ore=0))

    assert refused(given(), a_supplier_invoice(lines=rows), VoucherEmpty) == {"postings": 4, "zeros": 1}


def test_refuses_a_cost_on_an_unknown_account() -> None:
    rows = (CostLine(account=6551, amount_ore=800_00),)

    assert refused(given(), a_supplier_invoice(lines=rows), AccountUnknown) == {"account": 6551}


def test_refuses_a_cost_of_an_unknown_project() -> None:
    rows = (CostLine(account=6550, amount_ore=800_00, project="okand"),)

    assert refused(given(), a_supplier_invoice(lines=rows), ProjectUnknown) == {"project": "okand"}


# ------------------------------------------------------------------------------------------------------- attested


def test_sets_what_a_person_may_attest() -> None:
    command = a_delegation(valid_to=date(2023, 12, 31), decision="§ 7")

    assert decided(given(), command) == event_of(AttestationRuleSet, command)


def test_attests_an_invoice() -> None:
    book = given(a_delegation(), a_supplier_invoice())

    assert decided(book, an_attestation()) == event_of(SupplierInvoiceAttested, an_attestation())


def test_refuses_to_attest_an_invoice_it_does_not_have() -> None:
    assert refused(given(a_delegation()), an_attestation(), SupplierInvoiceUnknown) == NAMED


@pytest.mark.parametrize("day", [date(2023, 3, 1), date(2023, 3, 31)])
def test_attests_on_the_first_and_the_last_day_of_a_delegation(day: date) -> None:
    march = a_delegation(valid_from=date(2023, 3, 1), valid_to=date(2023, 3, 31))

    assert accepts(given(march, a_supplier_invoice()), an_attestation(attested_on=day))


@pytest.mark.parametrize("day", [date(2023, 2, 28), date(2023, 4, 1)])
def test_refuses_an_attestation_outside_a_delegation(day: date) -> None:
    march = a_delegation(valid_from=date(2023, 3, 1), valid_to=date(2023, 3, 31))

    facts = refused(given(march, a_supplier_invoice()), an_attestation(attested_on=day), AttesterUnknown)

    assert facts == {"attester": "Bo", "attested_on": str(day)}


def test_refuses_an_attestation_by_somebody_without_a_delegation() -> None:
    facts = refused(given(a_supplier_invoice()), an_attestation(), AttesterUnknown)

    assert facts == {"attester": "Bo", "attested_on": "2023-03-10"}


@pytest.mark.parametrize(
    ("first", "attestation"),
    [
        (a_supplier_invoice(), an_attestation(attester="Anna")),
        (a_claim(), an_attestation(attester="Anna", supplier="utforaren", invoice="R1")),
    ],
)
def test_refuses_an_attestation_by_the_one_who_recorded_it(first: Command, attestation: Command) -> None:
    book = given(a_delegation(attester="Anna"), a_grant(), first)

    assert refused(book, attestation, AttesterIsRecorder) == {"attester": "Anna"}


def test_refuses_an_attestation_above_the_delegation() -> None:
    book = given(a_delegation(limit_ore=999_99), a_supplier_invoice())

    facts = refused(book, an_attestation(), AmountOverDelegation)

    assert facts == {"attester": "Bo", "amount_ore": 1_000_00, "limit_ore": 999_99}


def test_attests_up_to_the_delegation() -> None:
    assert accepts(given(a_delegation(limit_ore=1_000_00), a_supplier_invoice()), an_attestation())


def test_lets_a_later_delegation_replace_an_earlier() -> None:
    book = given(*ATTESTED[:2], a_delegation(limit_ore=1))

    assert refused(book, an_attestation(), AmountOverDelegation)["limit_ore"] == 1


# ------------------------------------------------------------------------------------------------------- disputed


def test_disputes_an_invoice() -> None:
    assert decided(given(a_supplier_invoice()), DISPUTE) == event_of(SupplierInvoiceDisputed, DISPUTE)


def test_refuses_to_dispute_an_invoice_it_does_not_have() -> None:
    assert refused(given(), DISPUTE, SupplierInvoiceUnknown) == NAMED


def test_refuses_to_pay_a_disputed_invoice() -> None:
    assert refused(given(*ATTESTED, DISPUTE), a_payment(), InvoiceNotAttested) == NAMED


def test_pays_a_disputed_invoice_that_was_attested_again() -> None:
    book = given(*ATTESTED, DISPUTE, an_attestation(attested_on=date(2023, 3, 20)))

    assert accepts(book, a_payment())
    assert not book.payables.invoices["leverantoren", "F1"].disputed


@pytest.mark.parametrize("command", [DISPUTE, an_attestation()])
def test_refuses_to_dispute_or_attest_what_is_settled(command: Command) -> None:
    assert refused(given(*ATTESTED, a_payment()), command, InvoiceIsSettled) == NAMED


# --------------------------------------------------------------------------------------------------------- credits


def test_credits_an_invoice() -> None:
    voucher = Voucher(
        series="L",
        number=2,
        year=2023,
        accounting_date=date(2023, 3, 20),
        text="Rabatt",
        counterparty="Leverantören AB",
        reference="F1-K",
        accounts=(6550, 1650, 2440),
        amounts_ore=(-80_00, -20_00, 100_00),
        parties=("", "", "leverantoren"),
    )

    event = decided(given(a_supplier_invoice()), a_supplier_credit())

    assert event == event_of(SupplierInvoiceCredited, a_supplier_credit(), voucher=voucher)


def test_refuses_to_credit_an_invoice_it_does_not_have() -> None:
    assert refused(given(), a_supplier_credit(), SupplierInvoiceUnknown) == NAMED


def test_refuses_a_credit_of_nothing() -> None:
    command = a_supplier_credit(lines=(), vat_ore=0)

    assert refused(given(a_supplier_invoice()), command, InvoiceNotPositive) == {"amount_ore": 0}


def test_refuses_a_credit_above_what_is_owed() -> None:
    command = a_supplier_credit(vat_ore=920_01)

    facts = refused(given(a_supplier_invoice()), command, PaymentAboveOwed)

    assert facts == NAMED | {"amount_ore": 1_000_01, "owed_ore": 1_000_00}


# ------------------------------------------------------------------------------------------------------------ paid


def test_pays_an_attested_invoice() -> None:
    voucher = Voucher(
        series="U",
        number=1,
        year=2023,
        accounting_date=date(2023, 3, 31),
        text="Betalning faktura F1",
        counterparty="Leverantören AB",
        reference="BG 4",
        accounts=(2440, 1930),
        amounts_ore=(1_000_00, -1_000_00),
        parties=("leverantoren", ""),
    )
    command = a_payment(reference="BG 4")

    assert decided(given(*ATTESTED), command) == event_of(SupplierInvoicePaid, command, voucher=voucher)


def test_refers_to_the_invoice_where_a_payment_has_no_reference() -> None:
    assert vouched(decided(given(*ATTESTED), a_payment())).reference == "F1"


def test_refuses_to_pay_before_attestation() -> None:
    assert refused(given(a_supplier_invoice()), a_payment(), InvoiceNotAttested) == NAMED


def test_refuses_a_payment_dated_before_its_attestation() -> None:
    attested = an_attestation().attested_on
    book = given(*ATTESTED)

    facts = refused(book, a_payment(paid_on=attested - ONE_DAY), PaidBeforeAttestation)

    assert facts == NAMED | {"attested_on": str(attested), "paid_on": str(attested - ONE_DAY)}
    assert accepts(book, a_payment(paid_on=attested))


@pytest.mark.parametrize("account", [1930, 1510, 1519, 2440])
def test_refuses_costs_on_cash_and_on_control_accounts(account: int) -> None:
    wrong = (CostLine(account=account, amount_ore=100_00),)

    assert refused(given(), a_supplier_invoice(lines=wrong), CostAccountWrong)["account"] == account
    assert refused(given(*ATTESTED), a_supplier_credit(lines=wrong), CostAccountWrong)["account"] == account


def test_refuses_a_credit_note_it_has_and_an_invoice_under_its_number() -> None:
    credit = a_supplier_credit()
    book = given(*ATTESTED, credit)
    facts = {"supplier": credit.supplier, "invoice": credit.credit_invoice}

    assert refused(book, credit, SupplierInvoiceExists) == facts
    assert refused(book, a_supplier_invoice(invoice=credit.credit_invoice), SupplierInvoiceExists) == facts


def test_refuses_attestation_by_the_recorder_however_the_name_is_written() -> None:
    book = given(a_supplier_invoice(), a_delegation(attester=" anna"))

    assert refused(book, an_attestation(attester=" anna"), AttesterIsRecorder)


def test_refuses_to_pay_an_invoice_it_does_not_have() -> None:
    assert refused(given(), a_payment(), SupplierInvoiceUnknown) == NAMED


def test_refuses_to_pay_more_than_is_owed() -> None:
    book = given(*ATTESTED, a_supplier_credit(), a_payment(amount_ore=500_00))

    facts = refused(book, a_payment(amount_ore=400_01), PaymentAboveOwed)

    assert facts == NAMED | {"amount_ore": 400_01, "owed_ore": 400_00}


def test_pays_in_parts_until_nothing_is_owed() -> None:
    book = after(given(*ATTESTED), a_payment(amount_ore=400_00), a_payment(amount_ore=600_00))

    assert book.payables.invoices["leverantoren", "F1"].owed_ore == 0
