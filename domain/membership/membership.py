"""The state of membership: who is a member, what was agreed for each year, what is still owed."""

from datetime import date

import msgspec

from domain.books.register import PartyKind, Recognition
from domain.books.voucher import VoucherId
from domain.kernel.event import Value
from domain.kernel.table import Table
from domain.membership.facts import (
    ContributionAgreed,
    ContributionCredited,
    ContributionInvoiced,
    ContributionReceived,
    ContributionsAccrued,
    MemberJoined,
    MemberLeft,
    MembershipEvent,
)


class Agreement(Value, frozen=True, kw_only=True):
    """What a member agreed to pay for a year, how it becomes income, and the invoices so far (date, öre)."""

    amount_ore: int
    recognition: Recognition
    invoiced: tuple[tuple[date, int], ...] = ()
    accrued: tuple[tuple[date, int, VoucherId], ...] = ()

    def invoiced_ore(self, through: date | None = None) -> int:
        """Return what was invoiced, less credits, in öre; through a day or altogether."""
        return sum(amount for day, amount in self.invoiced if through is None or day <= through)

    def accrued_ore(self, period_end: date) -> int:
        """Return what was accrued (positive) or prepaid (negative) at a period end, in öre."""
        return sum(amount for day, amount, _ in self.accrued if day == period_end)


class ContributionInvoice(Value, frozen=True, kw_only=True):
    """An invoice for a contribution, and what is still to be paid in öre."""

    party: str
    year: int
    owed_ore: int


class Membership(Value, frozen=True, kw_only=True):
    """The members, what they agreed to, and their invoices."""

    members: Table[str, PartyKind] = Table()
    agreements: Table[tuple[int, str], Agreement] = Table()
    invoices: Table[str, ContributionInvoice] = Table()


def evolve(membership: Membership, event: MembershipEvent) -> Membership:
    """Return the membership after the event."""
    change = msgspec.structs.replace
    match event:
        case MemberJoined():
            return change(membership, members=membership.members.put(event.party, event.kind))
        case MemberLeft():
            return change(membership, members=membership.members.drop(event.party))
        case ContributionAgreed():
            return change(membership, agreements=_agreed(membership, event))
        case ContributionInvoiced():
            row = ContributionInvoice(party=event.party, year=event.year, owed_ore=event.amount_ore)
            invoices = membership.invoices.put(event.invoice, row)
            agreements = _invoiced(membership, row, event.invoice_date, event.amount_ore)
            return change(membership, invoices=invoices, agreements=agreements)
        case ContributionsAccrued():
            return change(membership, agreements=_accrued(membership, event))
        case ContributionReceived():
            return change(membership, invoices=_paid(membership, event.invoice, event.amount_ore))
        case ContributionCredited():
            row = membership.invoices[event.invoice]
            invoices = _paid(membership, event.invoice, event.amount_ore)
            agreements = _invoiced(membership, row, event.credited_on, -event.amount_ore)
            return change(membership, invoices=invoices, agreements=agreements)


def _accrued(membership: Membership, event: ContributionsAccrued) -> Table[tuple[int, str], Agreement]:
    agreements = membership.agreements
    for difference in event.differences:
        key = (difference.year or event.voucher.year, difference.party)
        row = agreements[key]
        accrued = (*row.accrued, (event.period_end, difference.amount_ore, event.voucher.id))
        agreements = agreements.put(key, msgspec.structs.replace(row, accrued=accrued))
    return agreements


def without_accrual(membership: Membership, named: VoucherId) -> Membership:
    """Return the membership after the voucher of an accrual was corrected: its differences are to be accrued again."""
    agreements = membership.agreements
    for key, row in agreements.items():
        kept = tuple(entry for entry in row.accrued if entry[2] != named)
        if kept != row.accrued:
            agreements = agreements.put(key, msgspec.structs.replace(row, accrued=kept))
    return msgspec.structs.replace(membership, agreements=agreements)


def _agreed(membership: Membership, event: ContributionAgreed) -> Table[tuple[int, str], Agreement]:
    key = (event.year, event.party)
    known = membership.agreements.get(key)
    row = Agreement(
        amount_ore=event.amount_ore,
        recognition=event.recognition or "linear",
        invoiced=known.invoiced if known else (),
        accrued=known.accrued if known else (),
    )
    return membership.agreements.put(key, row)


def _invoiced(
    membership: Membership, invoice: ContributionInvoice, day: date, amount_ore: int
) -> Table[tuple[int, str], Agreement]:
    key = (invoice.year, invoice.party)
    row = membership.agreements[key]
    row = msgspec.structs.replace(row, invoiced=(*row.invoiced, (day, amount_ore)))
    return membership.agreements.put(key, row)


def _paid(membership: Membership, invoice: str, amount_ore: int) -> Table[str, ContributionInvoice]:
    row = membership.invoices[invoice]
    return membership.invoices.put(invoice, msgspec.structs.replace(row, owed_ore=row.owed_ore - amount_ore))
