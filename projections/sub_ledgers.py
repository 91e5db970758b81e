"""Sub-ledgers (reskontror, LKBR 3:6): each invoice with what is paid and owed, reconciled with its control account."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from domain.books.chart import Role
from domain.catalogue import AnyEvent, voucher_of
from domain.funding.facts import GrantClaimed
from domain.kernel.refusal import Language
from domain.membership.facts import ContributionCredited, ContributionInvoiced, ContributionReceived
from domain.payables.facts import SupplierInvoiceCredited, SupplierInvoicePaid, SupplierInvoiceReceived
from domain.receivables.other_income import OtherIncomeInvoiced, OtherIncomeReceived
from projections.history import History
from projections.selection import Selection
from projections.table import Cell, Line, Remark, ReportTable

SubLedger = Literal["member-ledger", "customer-ledger", "supplier-ledger"]

CONTROL: dict[SubLedger, tuple[Role, int]] = {
    "member-ledger": ("member_receivable", 1),
    "customer-ledger": ("other_receivable", 1),
    "supplier-ledger": ("payable", -1),
}
"""The role of the control account, and the sign with which it shows what the sub-ledger calls owed."""

TITLES: dict[SubLedger, dict[Language, str]] = {
    "member-ledger": {"sv": "Medlemsreskontra", "en": "Member ledger"},
    "customer-ledger": {"sv": "Kundreskontra", "en": "Customer ledger"},
    "supplier-ledger": {"sv": "Leverantörsreskontra", "en": "Supplier ledger"},
}
COLUMNS: dict[Language, tuple[str, ...]] = {
    "sv": ("Fakturerat", "Krediterat", "Betalt", "Återstår"),
    "en": ("Invoiced", "Credited", "Paid", "Owed"),
}


class Item(msgspec.Struct):
    """An invoice in a sub-ledger, amounts in öre."""

    party: str
    invoice: str
    invoiced_ore: int = 0
    credited_ore: int = 0
    paid_ore: int = 0

    @property
    def owed_ore(self) -> int:
        """Return what is left to pay, in öre."""
        return self.invoiced_ore - self.credited_ore - self.paid_ore


Items = dict[tuple[SubLedger, str], Item]


def items_of(events: Iterable[AnyEvent], as_of: date) -> Items:
    """Return every invoice of every sub-ledger as of a day, by ledger and a key of its own."""
    items: Items = {}
    for event in events:
        voucher = voucher_of(event)
        if voucher is not None:
            _take(items, event, int(voucher.accounting_date <= as_of))
    return {key: item for key, item in items.items() if item.invoiced_ore or item.credited_ore or item.paid_ore}


def _take(items: Items, event: AnyEvent, counts: int) -> None:
    """Take in an event, `counts` times (once or not at all): a payment may be dated before the invoice it pays."""
    match event:
        case ContributionInvoiced():
            items["member-ledger", event.invoice] = Item(event.party, event.invoice, counts * event.amount_ore)
        case ContributionReceived():
            items["member-ledger", event.invoice].paid_ore += counts * event.amount_ore
        case ContributionCredited():
            items["member-ledger", event.invoice].credited_ore += counts * event.amount_ore
        case OtherIncomeInvoiced():
            amount = -sum(line.amount_ore for line in event.lines)
            items["customer-ledger", event.invoice] = Item(event.customer, event.invoice, counts * amount)
        case OtherIncomeReceived() if event.invoice is not None:
            items["customer-ledger", event.invoice].paid_ore += counts * event.amount_ore
        case GrantClaimed():
            items["supplier-ledger", f"{event.owner} {event.invoice}"] = Item(
                event.owner, event.invoice, counts * event.amount_ore
            )
        case _:
            _take_supplier(items, event, counts)


def _take_supplier(items: Items, event: AnyEvent, counts: int) -> None:
    match event:
        case SupplierInvoiceReceived():
            amount = counts * (sum(line.amount_ore for line in event.lines) + event.vat_ore)
            items["supplier-ledger", f"{event.supplier} {event.invoice}"] = Item(event.supplier, event.invoice, amount)
        case SupplierInvoiceCredited():
            amount = sum(line.amount_ore for line in event.lines) + event.vat_ore
            items["supplier-ledger", f"{event.supplier} {event.invoice}"].credited_ore += counts * amount
        case SupplierInvoicePaid():
            items["supplier-ledger", f"{event.supplier} {event.invoice}"].paid_ore += counts * event.amount_ore
        case _:
            pass


def sub_ledger(
    name: SubLedger, history: History, events: Iterable[AnyEvent], as_of: date, language: Language
) -> ReportTable:
    """Return a sub-ledger: a sum for each party, its invoices that are not settled, and the total owed.

    A remark names the difference where the total is not what stands on the control account.
    """
    items = [item for (ledger, _), item in items_of(events, as_of).items() if ledger == name]
    lines: list[Line] = []
    for party in sorted({item.party for item in items}):
        own = [item for item in items if item.party == party]
        label = history.parties[party].name if party in history.parties else party
        lines.append(_line(party, label, own))
        lines += [_line(f"{party}.{item.invoice}", f"    {item.invoice}", [item]) for item in own if item.owed_ore]
    lines.append(_line("total", "Summa" if language == "sv" else "Total", items, kind="result"))
    role, sign = CONTROL[name]
    account = history.roles[role]
    booked = sign * history.ledger.balance(Selection(((account, account),)), as_of)
    owed = sum(item.owed_ore for item in items)
    facts: dict[str, str | int] = {"account": account, "booked_ore": booked, "owed_ore": owed}
    return ReportTable(
        id=name,
        title=f"{TITLES[name][language]} {as_of}",
        unit="kr",
        decimals=2,
        columns=COLUMNS[language],
        lines=tuple(lines),
        remarks=(Remark("subledger_differs", facts),) if booked != owed else (),
    )


def _line(name: str, label: str, items: list[Item], kind: Literal["item", "result"] = "item") -> Line:
    amounts = (
        sum(item.invoiced_ore for item in items),
        sum(item.credited_ore for item in items),
        sum(item.paid_ore for item in items),
        sum(item.owed_ore for item in items),
    )
    return Line(id=name, label=label, kind=kind, cells=tuple(Cell(amount) for amount in amounts))
