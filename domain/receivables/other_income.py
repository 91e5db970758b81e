"""Other income (övriga intäkter): invoiced to a customer, or received without an invoice.

Contributions come from members and have their own ledger; this one is for sold places, interest and compensation for
VAT (LEMK 2005:807).
"""

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from domain.books import series
from domain.books.journal import Journal, draft_voucher
from domain.books.manual import Lines
from domain.books.register import known_party
from domain.books.voucher import Posting, Voucher
from domain.kernel.event import Command, Recorded, Value, accept
from domain.kernel.identity import Reference, Slug, Text
from domain.kernel.money import PositiveOre
from domain.kernel.refusal import Refusal
from domain.kernel.table import Table

if TYPE_CHECKING:
    from domain.books.voucher import Row


class CustomerInvoice(Value, frozen=True, kw_only=True):
    """An invoice to a customer, and what is still to be paid in öre."""

    customer: str
    owed_ore: int


Receivables = Table[str, CustomerInvoice]


class InvoiceOtherIncome(Command, frozen=True, kw_only=True):
    """Invoice a customer; the lines are the credits (income and VAT, negative öre) that the claim balances."""

    customer: Slug
    invoice: Reference
    invoice_date: date
    due_date: date
    lines: Lines
    text: Text


class OtherIncomeInvoiced(
    InvoiceOtherIncome, frozen=True, kw_only=True, tag_field="event", tag="other_income.invoiced"
):
    """The customer owes the amount (kundfaktura)."""

    recorded: Recorded
    voucher: Voucher


class ReceiveOtherIncome(Command, frozen=True, kw_only=True):
    """Record money received: for an invoice, or without one with the lines it is credited to (negative öre)."""

    received_on: date
    amount_ore: PositiveOre
    text: Text
    invoice: Reference | None = None
    lines: Lines = ()
    counterparty: str = ""
    reference: str = ""


class OtherIncomeReceived(
    ReceiveOtherIncome, frozen=True, kw_only=True, tag_field="event", tag="other_income.received"
):
    """Money has come in."""

    recorded: Recorded
    voucher: Voucher


class CustomerInvoiceExists(Refusal):
    """A customer invoice number is used once."""

    code = "customer_invoice_exists"
    sv = "Kundfaktura {invoice} finns redan."
    en = "Customer invoice {invoice} already exists."


class CustomerInvoiceUnknown(Refusal):
    """A payment names an invoice that was sent."""

    code = "customer_invoice_unknown"
    sv = "Kundfaktura {invoice} finns inte."
    en = "Customer invoice {invoice} does not exist."


class CustomerInvoiceNotPositive(Refusal):
    """What a customer owes is above zero."""

    code = "customer_invoice_not_positive"
    sv = "Kundfakturans summa ska vara över 0 kr men är {amount_ore} kr."
    en = "The customer invoice must be above 0 kr but is {amount_ore} kr."


class CustomerOverpaid(Refusal):
    """A payment is at most what is owed."""

    code = "customer_overpaid"
    sv = "{amount_ore} kr är mer än vad som återstår på kundfaktura {invoice}: {owed_ore} kr."
    en = "{amount_ore} kr is more than what is owed on customer invoice {invoice}: {owed_ore} kr."


class InvoiceOrLines(Refusal):
    """Money received is for an invoice or for the lines that are stated, one of the two."""

    code = "invoice_or_lines"
    sv = "Ange antingen den faktura som betalas eller de konton som ska krediteras, inte båda."
    en = "State either the invoice that is paid or the accounts to credit, not both."


def invoice_other_income(
    journal: Journal, receivables: Receivables, command: InvoiceOtherIncome, recorded: Recorded
) -> OtherIncomeInvoiced:
    """Invoice a customer that is known, under a new invoice number."""
    customer = known_party(journal.register, command.customer)
    if command.invoice in receivables:
        raise CustomerInvoiceExists(invoice=command.invoice)
    amount_ore = -sum(line.amount_ore for line in command.lines)
    if amount_ore <= 0:
        raise CustomerInvoiceNotPositive(amount_ore=amount_ore)
    claim = Posting(journal.chart.roles["other_receivable"], amount_ore, party=command.customer)
    voucher = draft_voucher(
        journal,
        series=series.OTHER_INCOME,
        accounting_date=command.invoice_date,
        text=command.text,
        counterparty=customer.name,
        reference=command.invoice,
        postings=(claim, *command.lines),
    )
    return accept(OtherIncomeInvoiced, command, recorded=recorded, voucher=voucher)


def receive_other_income(
    journal: Journal, receivables: Receivables, command: ReceiveOtherIncome, recorded: Recorded
) -> OtherIncomeReceived:
    """Record money received, at most what is owed where it pays an invoice."""
    if (command.invoice is None) == (not command.lines):
        raise InvoiceOrLines
    roles = journal.chart.roles
    counterparty = command.counterparty
    credits_: tuple[Row, ...] = command.lines
    if command.invoice is not None:
        row = _owed(receivables, command.invoice, command.amount_ore)
        counterparty = journal.register.parties[row.customer].name
        credits_ = (Posting(roles["other_receivable"], -command.amount_ore, party=row.customer),)
    voucher = draft_voucher(
        journal,
        series=series.RECEIPTS,
        accounting_date=command.received_on,
        text=command.text,
        counterparty=counterparty,
        reference=command.reference or command.invoice or "",
        postings=(Posting(roles["bank"], command.amount_ore), *credits_),
    )
    return accept(OtherIncomeReceived, command, recorded=recorded, voucher=voucher)


def evolve(receivables: Receivables, event: OtherIncomeInvoiced | OtherIncomeReceived) -> Receivables:
    """Return the customers' ledger after the event."""
    if isinstance(event, OtherIncomeInvoiced):
        owed_ore = -sum(line.amount_ore for line in event.lines)
        return receivables.put(event.invoice, CustomerInvoice(customer=event.customer, owed_ore=owed_ore))
    if event.invoice is None:
        return receivables
    row = receivables[event.invoice]
    return receivables.put(event.invoice, msgspec.structs.replace(row, owed_ore=row.owed_ore - event.amount_ore))


def _owed(receivables: Receivables, name: str, amount_ore: int) -> CustomerInvoice:
    row = receivables.get(name)
    if row is None:
        raise CustomerInvoiceUnknown(invoice=name)
    if amount_ore > row.owed_ore:
        raise CustomerOverpaid(invoice=name, amount_ore=amount_ore, owed_ore=row.owed_ore)
    return row
