"""The suppliers' ledger (leverantörsreskontra): what is owed to whom, and who has attested it."""

from datetime import date

import msgspec

from domain.kernel.event import Value
from domain.kernel.table import Table
from domain.payables.facts import (
    AttestationRuleSet,
    PayablesEvent,
    SupplierInvoiceAttested,
    SupplierInvoiceCredited,
    SupplierInvoiceDisputed,
    SupplierInvoicePaid,
    SupplierInvoiceReceived,
)

InvoiceKey = tuple[str, str]
"""Supplier and invoice number."""


class Payable(Value, frozen=True, kw_only=True):
    """An invoice or a claim: what is owed in öre, by whom it was recorded, by whom attested, whether disputed."""

    owed_ore: int
    recorded_by: str
    dated: date
    attested_by: str = ""
    attested_on: date | None = None
    disputed: bool = False
    grant: str = ""
    grant_year: int = 0


class AttestationRule(Value, frozen=True, kw_only=True):
    """What one person may attest."""

    limit_ore: int
    valid_from: date
    valid_to: date | None


class Payables(Value, frozen=True, kw_only=True):
    """Every invoice, open or settled, the credit notes by number, and the attestation rules in force."""

    invoices: Table[InvoiceKey, Payable] = Table()
    rules: Table[str, AttestationRule] = Table()
    credits: Table[InvoiceKey, str] = Table()


def evolve(payables: Payables, event: PayablesEvent) -> Payables:
    """Return the ledger after the event."""
    match event:
        case AttestationRuleSet():
            rule = AttestationRule(limit_ore=event.limit_ore, valid_from=event.valid_from, valid_to=event.valid_to)
            return msgspec.structs.replace(payables, rules=payables.rules.put(event.attester, rule))
        case SupplierInvoiceReceived():
            owed_ore = sum(line.amount_ore for line in event.lines) + event.vat_ore
            dated = event.voucher.accounting_date
            payable = Payable(owed_ore=owed_ore, recorded_by=event.recorded.actor, dated=dated)
            return with_payable(payables, (event.supplier, event.invoice), payable)
        case SupplierInvoiceAttested():
            return _changed(payables, event, attested_by=event.attester, attested_on=event.attested_on, disputed=False)
        case SupplierInvoiceDisputed():
            return _changed(payables, event, attested_by="", disputed=True)
        case SupplierInvoiceCredited():
            credited_ore = sum(line.amount_ore for line in event.lines) + event.vat_ore
            noted = payables.credits.put((event.supplier, event.credit_invoice), event.invoice)
            return _less(msgspec.structs.replace(payables, credits=noted), event, credited_ore)
        case SupplierInvoicePaid():
            return _less(payables, event, event.amount_ore)


def with_payable(payables: Payables, key: InvoiceKey, payable: Payable) -> Payables:
    """Return the ledger with the invoice in it."""
    return msgspec.structs.replace(payables, invoices=payables.invoices.put(key, payable))


def _changed(
    payables: Payables, event: SupplierInvoiceAttested | SupplierInvoiceDisputed, **fields: str | bool | date
) -> Payables:
    key = (event.supplier, event.invoice)
    return with_payable(payables, key, msgspec.structs.replace(payables.invoices[key], **fields))


def _less(payables: Payables, event: SupplierInvoiceCredited | SupplierInvoicePaid, amount_ore: int) -> Payables:
    key = (event.supplier, event.invoice)
    payable = payables.invoices[key]
    return with_payable(payables, key, msgspec.structs.replace(payable, owed_ore=payable.owed_ore - amount_ore))
