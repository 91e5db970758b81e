"""Decisions about suppliers' invoices: no payment before attestation, no attestation by the one who recorded it."""

from collections.abc import Iterable

from domain.books import series
from domain.books.chart import control_accounts, usable_account
from domain.books.journal import Journal, draft_voucher
from domain.books.register import known_party
from domain.kernel.event import Recorded, accept
from domain.kernel.identity import is_same_person
from domain.kernel.refusal import Refusal
from domain.payables.facts import (
    AttestationRuleSet,
    AttestSupplierInvoice,
    CostLines,
    CreditSupplierInvoice,
    DisputeSupplierInvoice,
    PaySupplierInvoice,
    ReceiveSupplierInvoice,
    SetAttestationRule,
    SupplierInvoiceAttested,
    SupplierInvoiceCredited,
    SupplierInvoiceDisputed,
    SupplierInvoicePaid,
    SupplierInvoiceReceived,
)
from domain.payables.ledger import Payable, Payables
from domain.posting_rules import payables as rules


class SupplierInvoiceExists(Refusal):
    """A supplier's invoice number is recorded once."""

    code = "supplier_invoice_exists"
    sv = "Faktura {invoice} från {supplier} är redan registrerad."
    en = "Invoice {invoice} from {supplier} has already been recorded."


class SupplierInvoiceUnknown(Refusal):
    """Attestations, credits and payments name an invoice in the ledger."""

    code = "supplier_invoice_unknown"
    sv = "Faktura {invoice} från {supplier} finns inte."
    en = "Invoice {invoice} from {supplier} does not exist."


class InvoiceNotPositive(Refusal):
    """An invoice is above zero."""

    code = "invoice_not_positive"
    sv = "Fakturans summa ska vara över 0 kr men är {amount_ore} kr."
    en = "The invoice must be above 0 kr but is {amount_ore} kr."


class AttesterUnknown(Refusal):
    """Only persons with a delegation attest, while it is valid."""

    code = "attester_unknown"
    sv = "{attester} har ingen attesträtt {attested_on}."
    en = "{attester} has no right to attest on {attested_on}."


class AttesterIsRecorder(Refusal):
    """Nobody attests what they recorded themselves."""

    code = "attester_is_recorder"
    sv = "{attester} har själv registrerat fakturan och kan inte attestera den."
    en = "{attester} recorded the invoice and cannot attest it."


class AmountOverDelegation(Refusal):
    """An attester stays within the delegation."""

    code = "amount_over_delegation"
    sv = "{amount_ore} kr är mer än {attester} får attestera: {limit_ore} kr."
    en = "{amount_ore} kr is more than {attester} may attest: {limit_ore} kr."


class InvoiceNotAttested(Refusal):
    """Nothing is paid before it is attested."""

    code = "invoice_not_attested"
    sv = "Faktura {invoice} från {supplier} är inte attesterad och kan inte betalas."
    en = "Invoice {invoice} from {supplier} has not been attested and cannot be paid."


class PaidBeforeAttestation(Refusal):
    """A payment is not dated before its attestation."""

    code = "paid_before_attestation"
    sv = "Faktura {invoice} från {supplier} attesterades {attested_on} men anges som betald {paid_on}."
    en = "Invoice {invoice} from {supplier} was attested on {attested_on} but is stated as paid on {paid_on}."


class CostAccountWrong(Refusal):
    """Costs are not booked on cash, nor on an account that stands for a sub-ledger."""

    code = "cost_account_wrong"
    sv = "Konto {account} ({name}) kan inte bära en kostnad: det är likvida medel eller en reskontras konto."
    en = "Account {account} ({name}) cannot bear a cost: it is cash, or the account of a sub-ledger."


class InvoiceIsSettled(Refusal):
    """A settled invoice is neither attested nor disputed."""

    code = "invoice_settled"
    sv = "Faktura {invoice} från {supplier} är redan reglerad."
    en = "Invoice {invoice} from {supplier} has already been settled."


class PaymentAboveOwed(Refusal):
    """A payment or credit is at most what is owed."""

    code = "payment_above_owed"
    sv = "{amount_ore} kr är mer än vad som återstår på faktura {invoice} från {supplier}: {owed_ore} kr."
    en = "{amount_ore} kr is more than what is owed on invoice {invoice} from {supplier}: {owed_ore} kr."


def set_attestation_rule(command: SetAttestationRule, recorded: Recorded) -> AttestationRuleSet:
    """Set what a person may attest; a later rule for the same person replaces it."""
    return accept(AttestationRuleSet, command, recorded=recorded)


def receive_supplier_invoice(
    journal: Journal, payables: Payables, command: ReceiveSupplierInvoice, recorded: Recorded
) -> SupplierInvoiceReceived:
    """Record a new invoice; the input VAT becomes a claim on the state (LEMK 2005:807)."""
    supplier = known_party(journal.register, command.supplier)
    key = (command.supplier, command.invoice)
    if key in payables.invoices or key in payables.credits:
        raise SupplierInvoiceExists(supplier=command.supplier, invoice=command.invoice)
    refuse_cost_accounts(journal, (line.account for line in command.lines))
    total_ore = _total(command.lines, command.vat_ore)
    voucher = draft_voucher(
        journal,
        series=series.SUPPLIERS,
        accounting_date=command.accounting_date or command.invoice_date,
        text=command.text,
        counterparty=supplier.name,
        reference=command.invoice,
        postings=rules.received(journal.chart, command.supplier, command.lines, command.vat_ore, total_ore),
    )
    return accept(SupplierInvoiceReceived, command, recorded=recorded, voucher=voucher)


def attest_supplier_invoice(
    payables: Payables, command: AttestSupplierInvoice, recorded: Recorded
) -> SupplierInvoiceAttested:
    """Attest an invoice: by somebody else than its recorder, within the delegation of the day."""
    payable = _open(payables, command.supplier, command.invoice)
    rule = payables.rules.get(command.attester)
    day = command.attested_on
    if rule is None or day < rule.valid_from or (rule.valid_to is not None and day > rule.valid_to):
        raise AttesterUnknown(attester=command.attester, attested_on=str(day))
    if is_same_person(payable.recorded_by, command.attester):
        raise AttesterIsRecorder(attester=command.attester)
    if payable.owed_ore > rule.limit_ore:
        raise AmountOverDelegation(attester=command.attester, amount_ore=payable.owed_ore, limit_ore=rule.limit_ore)
    return accept(SupplierInvoiceAttested, command, recorded=recorded)


def dispute_supplier_invoice(
    payables: Payables, command: DisputeSupplierInvoice, recorded: Recorded
) -> SupplierInvoiceDisputed:
    """Dispute an invoice that is not settled."""
    _open(payables, command.supplier, command.invoice)
    return accept(SupplierInvoiceDisputed, command, recorded=recorded)


def credit_supplier_invoice(
    journal: Journal, payables: Payables, command: CreditSupplierInvoice, recorded: Recorded
) -> SupplierInvoiceCredited:
    """Credit at most what is owed."""
    if (command.supplier, command.credit_invoice) in payables.credits or (
        command.supplier,
        command.credit_invoice,
    ) in payables.invoices:
        raise SupplierInvoiceExists(supplier=command.supplier, invoice=command.credit_invoice)
    refuse_cost_accounts(journal, (line.account for line in command.lines))
    total_ore = _total(command.lines, command.vat_ore)
    _owed(payables, command.supplier, command.invoice, total_ore)
    voucher = draft_voucher(
        journal,
        series=series.SUPPLIERS,
        accounting_date=command.credited_on,
        text=command.text,
        counterparty=journal.register.parties[command.supplier].name,
        reference=command.credit_invoice,
        postings=rules.credited(journal.chart, command.supplier, command.lines, command.vat_ore, total_ore),
    )
    return accept(SupplierInvoiceCredited, command, recorded=recorded, voucher=voucher)


def pay_supplier_invoice(
    journal: Journal, payables: Payables, command: PaySupplierInvoice, recorded: Recorded
) -> SupplierInvoicePaid:
    """Pay at most what is owed on an invoice that is attested and not disputed."""
    payable = _owed(payables, command.supplier, command.invoice, command.amount_ore)
    if not payable.attested_by:
        raise InvoiceNotAttested(supplier=command.supplier, invoice=command.invoice)
    if payable.attested_on is not None and command.paid_on < payable.attested_on:
        raise PaidBeforeAttestation(
            supplier=command.supplier,
            invoice=command.invoice,
            attested_on=str(payable.attested_on),
            paid_on=str(command.paid_on),
        )
    voucher = draft_voucher(
        journal,
        series=series.PAYMENTS,
        accounting_date=command.paid_on,
        text=f"Betalning faktura {command.invoice}",
        counterparty=journal.register.parties[command.supplier].name,
        reference=command.reference or command.invoice,
        postings=rules.paid(journal.chart, command.supplier, command.amount_ore),
    )
    return accept(SupplierInvoicePaid, command, recorded=recorded, voucher=voucher)


def refuse_cost_accounts(journal: Journal, accounts: Iterable[int]) -> None:
    """Refuse accounts of cash and of sub-ledgers where a cost is booked."""
    for number in accounts:
        account = usable_account(journal.chart, number)
        if account.kind == "cash" or number in control_accounts(journal.chart):
            raise CostAccountWrong(account=number, name=account.name)


def _total(lines: CostLines, vat_ore: int) -> int:
    total_ore = sum(line.amount_ore for line in lines) + vat_ore
    if total_ore <= 0:
        raise InvoiceNotPositive(amount_ore=total_ore)
    return total_ore


def _known(payables: Payables, supplier: str, invoice: str) -> Payable:
    payable = payables.invoices.get((supplier, invoice))
    if payable is None:
        raise SupplierInvoiceUnknown(supplier=supplier, invoice=invoice)
    return payable


def _open(payables: Payables, supplier: str, invoice: str) -> Payable:
    payable = _known(payables, supplier, invoice)
    if payable.owed_ore == 0:
        raise InvoiceIsSettled(supplier=supplier, invoice=invoice)
    return payable


def _owed(payables: Payables, supplier: str, invoice: str, amount_ore: int) -> Payable:
    payable = _known(payables, supplier, invoice)
    if amount_ore > payable.owed_ore:
        raise PaymentAboveOwed(supplier=supplier, invoice=invoice, amount_ore=amount_ore, owed_ore=payable.owed_ore)
    return payable
