"""The processing history of a voucher: every step of its document, its corrections, and periods closed over it."""

from datetime import date

from domain.book import Book, evolve
from domain.books.fiscal_year import ClosePeriod, Point, ReopenPeriod, Waiver
from domain.books.manual import CorrectVoucher
from domain.books.voucher import Voucher, VoucherId
from domain.books.year_end import CloseYear
from domain.catalogue import AnyEvent, voucher_of
from domain.decisions import decide
from domain.funding.facts import GrantClaimed
from domain.kernel.event import Command
from domain.payables.facts import DisputeSupplierInvoice
from projections.processing import document_of, processing
from tests.builders import (
    BY_ANNA,
    FOUNDING,
    a_claim,
    a_contribution,
    a_contribution_credit,
    a_contribution_invoice,
    a_contribution_payment,
    a_correction,
    a_customer_invoice,
    a_delegation,
    a_grant,
    a_payment,
    a_receipt,
    a_supplier_credit,
    a_supplier_invoice,
    a_voucher,
    an_accrual,
    an_attestation,
    lines,
)

POINTS: tuple[Point, ...] = ("bank_reconciled", "subledgers_agree", "invoices_attested", "accruals_reversed")
WAIVED = tuple(Waiver(point=point, reason="Prov") for point in POINTS)


def told(*commands: Command) -> tuple[AnyEvent, ...]:
    """Return the events of a founded book after commands that are all accepted."""
    book, events = Book(), list[AnyEvent]()
    vouchers = dict[VoucherId, Voucher]()
    for command in (*FOUNDING, *commands):
        original = None
        if isinstance(command, CorrectVoucher):
            original = vouchers.get(VoucherId(command.year, command.series, command.number))
        for event in decide(book, command, BY_ANNA, original):
            book = evolve(book, event)
            events.append(event)
            if (voucher := voucher_of(event)) is not None:
                vouchers[voucher.id] = voucher
    return tuple(events)


def steps(events: tuple[AnyEvent, ...], series: str, number: int = 1) -> list[str]:
    """Return the steps of a voucher, its own marked with a star."""
    found = processing(events, VoucherId(2023, series, number))
    assert [step.position for step in found] == sorted({step.position for step in found})
    return [f"{step.kind}*" if step.own else step.kind for step in found]


INVOICE = (a_delegation(), a_supplier_invoice(), an_attestation())
DISPUTE = DisputeSupplierInvoice(
    supplier="leverantoren", invoice="F1", disputed_on=date(2023, 3, 12), reason="Fel timmar"
)


def test_an_invoice_is_registered_attested_disputed_credited_and_paid() -> None:
    events = told(
        *INVOICE, DISPUTE, a_supplier_credit(), an_attestation(attested_on=date(2023, 3, 25)),
        a_payment(amount_ore=900_00), a_supplier_invoice(invoice="F2"),
    )  # fmt: skip

    assert steps(events, "L") == ["registered*", "attested", "disputed", "credited", "attested", "paid"]
    assert steps(events, "U") == ["registered", "attested", "disputed", "credited", "attested", "paid*"]
    found = processing(events, VoucherId(2023, "L", 1))
    assert found[2].facts == {"document": "leverantoren F1", "reason": "Fel timmar", "on": "2023-03-12"}


def test_a_members_and_a_customers_invoice() -> None:
    events = told(
        a_contribution(), a_contribution_invoice(), a_contribution_credit(), a_contribution_payment(amount_ore=100),
        a_customer_invoice(), a_receipt(), a_receipt(invoice=None, lines=lines((8300, -400_00))),
    )  # fmt: skip

    assert steps(events, "M") == ["registered*", "credited", "paid"]
    assert steps(events, "K") == ["registered*", "paid"]
    assert steps(events, "B", 3) == ["registered*"]


def test_a_claim_is_an_invoice_of_the_project_owner() -> None:
    events = told(a_grant(), a_claim())

    assert steps(events, "G") == ["registered*"]
    assert next(document_of(event) for event in events if isinstance(event, GrantClaimed)) == (
        "supplier", "utforaren", "R1",
    )  # fmt: skip


def test_a_correction_is_shown_from_both_sides_and_so_is_its_own() -> None:
    right = lines((6550, 100_00), (1930, -100_00))
    events = told(a_voucher(), a_voucher(), a_correction(lines=right), a_correction(series="R"))

    assert steps(events, "A") == ["registered*", "corrected", "replaced", "corrected"]
    assert steps(events, "R", 2) == ["registered", "corrected", "replaced*", "corrected"]
    assert steps(events, "R", 3) == ["registered", "corrected", "replaced", "corrected*"]
    assert steps(events, "A", 2) == ["registered*"]
    facts = [step.facts for step in processing(events, VoucherId(2023, "A", 1))]
    assert facts[1] == {"corrects": "A1/2023", "reason": "Fel konto"}
    assert facts[2] == {"replaces": "A1/2023", "correction": "R1/2023"}


def test_an_accrual_is_reversed_and_periods_close_over_it() -> None:
    close = ClosePeriod(year=2023, through=date(2023, 6, 30), waivers=WAIVED)
    july = ClosePeriod(year=2023, through=date(2023, 7, 31), waivers=WAIVED)
    reopen = ReopenPeriod(year=2023, opened_from=date(2023, 6, 1), reason="Glömt", second_signer="Bo")

    events = told(an_accrual(), close, july, reopen, july, CloseYear(year=2023, waivers=WAIVED))

    assert steps(events, "P") == [
        "accrued*", "period_closed", "reversed", "period_reopened", "period_closed", "year_closed",
    ]  # fmt: skip
    assert steps(events, "P", 2) == [
        "accrued", "reversed*", "period_closed", "period_reopened", "period_closed", "year_closed",
    ]  # fmt: skip
    reopened = processing(events, VoucherId(2023, "P", 1))[3]
    assert reopened.facts == {"from": "2023-06-01", "reason": "Glömt", "by": "Bo"}


def test_a_reopening_after_the_day_is_no_step_of_it() -> None:
    close = ClosePeriod(year=2023, through=date(2023, 8, 31), waivers=WAIVED)
    reopen = ReopenPeriod(year=2023, opened_from=date(2023, 8, 1), reason="Glömt", second_signer="Bo")

    assert steps(told(a_voucher(), close, reopen, close), "A") == ["registered*", "period_closed"]


def test_a_voucher_that_is_not_there_has_no_steps() -> None:
    assert steps(told(), "A") == []
