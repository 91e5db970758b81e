"""What can happen to a supplier's invoice, and to the rules of attestation: commands and events."""

from datetime import date

from domain.books.voucher import Voucher
from domain.kernel.event import Command, Recorded, Value
from domain.kernel.identity import Reference, Slug, Text
from domain.kernel.money import NaturalOre, Ore, PositiveOre


class CostLine(Value, frozen=True, kw_only=True):
    """A cost on an invoice, net of VAT, in öre; negative for a deduction."""

    account: int
    amount_ore: Ore
    project: str = ""


CostLines = tuple[CostLine, ...]


class SetAttestationRule(Command, frozen=True, kw_only=True):
    """Say who may attest invoices, up to what amount in öre, and from when until when."""

    attester: Text
    limit_ore: PositiveOre
    valid_from: date
    valid_to: date | None = None
    decision: str = ""


class AttestationRuleSet(SetAttestationRule, frozen=True, kw_only=True, tag_field="event", tag="attestation_rule.set"):
    """The attester's delegation (attestordning) is known."""

    recorded: Recorded


class ReceiveSupplierInvoice(Command, frozen=True, kw_only=True):
    """Record an invoice from a supplier: costs net of VAT, and the VAT that can be claimed back."""

    supplier: Slug
    invoice: Reference
    invoice_date: date
    due_date: date
    lines: CostLines
    vat_ore: NaturalOre = 0
    accounting_date: date | None = None
    text: Text


class SupplierInvoiceReceived(
    ReceiveSupplierInvoice, frozen=True, kw_only=True, tag_field="event", tag="supplier_invoice.received"
):
    """The association owes the supplier (leverantörsfaktura)."""

    recorded: Recorded
    voucher: Voucher


class AttestSupplierInvoice(Command, frozen=True, kw_only=True):
    """Attest an invoice or a grant claim: it may be paid."""

    supplier: Slug
    invoice: Reference
    attester: Text
    attested_on: date


class SupplierInvoiceAttested(
    AttestSupplierInvoice, frozen=True, kw_only=True, tag_field="event", tag="supplier_invoice.attested"
):
    """Somebody else than the one who recorded the invoice has approved it (attest)."""

    recorded: Recorded


class DisputeSupplierInvoice(Command, frozen=True, kw_only=True):
    """Dispute an invoice: it is not paid until it is attested again."""

    supplier: Slug
    invoice: Reference
    disputed_on: date
    reason: Text


class SupplierInvoiceDisputed(
    DisputeSupplierInvoice, frozen=True, kw_only=True, tag_field="event", tag="supplier_invoice.disputed"
):
    """The association does not agree with the invoice (bestriden faktura)."""

    recorded: Recorded


class CreditSupplierInvoice(Command, frozen=True, kw_only=True):
    """Record a supplier's credit of an invoice: the costs, net and positive in öre, and VAT taken back."""

    supplier: Slug
    invoice: Reference
    credit_invoice: Reference
    credited_on: date
    lines: CostLines
    vat_ore: NaturalOre = 0
    text: Text


class SupplierInvoiceCredited(
    CreditSupplierInvoice, frozen=True, kw_only=True, tag_field="event", tag="supplier_invoice.credited"
):
    """The association owes the supplier less (kreditfaktura)."""

    recorded: Recorded
    voucher: Voucher


class PaySupplierInvoice(Command, frozen=True, kw_only=True):
    """Record the payment of an attested invoice, wholly or in part, from the bank."""

    supplier: Slug
    invoice: Reference
    paid_on: date
    amount_ore: PositiveOre
    reference: str = ""


class SupplierInvoicePaid(
    PaySupplierInvoice, frozen=True, kw_only=True, tag_field="event", tag="supplier_invoice.paid"
):
    """The supplier has been paid."""

    recorded: Recorded
    voucher: Voucher


PayablesEvent = (
    AttestationRuleSet
    | SupplierInvoiceReceived
    | SupplierInvoiceAttested
    | SupplierInvoiceDisputed
    | SupplierInvoiceCredited
    | SupplierInvoicePaid
)
