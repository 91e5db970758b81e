"""Members and contributions (medlemsinsatser): agreed for a year, invoiced, received, credited, accrued.

The state pays half, the region a quarter and the municipalities a quarter (lag 2003:1210, 5 §). Real books round to
whole kronor or thousands, so shares that break the rule are a warning in the receipt, never a refusal.
"""

from datetime import date

import msgspec

from domain.books import series
from domain.books.accrual import Accruals, draft_month_end, refuse_known_accrual
from domain.books.fiscal_year import open_year_of
from domain.books.journal import Journal, draft_voucher
from domain.books.register import PartyKind, refuse_known_party, refuse_wrong_number
from domain.kernel.event import Recorded, accept
from domain.kernel.money import divide
from domain.kernel.period import ONE_DAY, months_between
from domain.kernel.refusal import Refusal, Warned
from domain.membership.facts import (
    AccrueContributions,
    AgreeContribution,
    ContributionAgreed,
    ContributionCredited,
    ContributionInvoiced,
    ContributionReceived,
    ContributionsAccrued,
    CreditContribution,
    InvoiceContribution,
    JoinMember,
    LeaveMember,
    MemberDifference,
    MemberJoined,
    MemberLeft,
    ReceiveContribution,
)
from domain.membership.membership import Agreement, ContributionInvoice, Membership, evolve
from domain.posting_rules import contributions

SHARES: dict[PartyKind, int] = {"state": 2, "region": 1, "municipality": 1}
"""Quarters of the year's contributions (lag 2003:1210, 5 §)."""

ROUNDING_ORE = 100_000
"""Shares may differ by a thousand kronor: that is how far published budgets round."""


class MemberUnknown(Refusal):
    """Contributions come from members."""

    code = "member_unknown"
    sv = "{party} är inte medlem i förbundet."
    en = "{party} is not a member of the association."


class ContributionNotAgreed(Refusal):
    """A contribution is agreed before it is invoiced."""

    code = "contribution_not_agreed"
    sv = "Ingen medlemsinsats för {year} är överenskommen med {party}."
    en = "No contribution for {year} has been agreed with {party}."


class ContributionOverAgreed(Refusal):
    """No more is invoiced than was agreed."""

    code = "contribution_over_agreed"
    sv = "Fakturan på {amount_ore} kr går över det som återstår av {party}s insats för {year}: {left_ore} kr."
    en = "The invoice of {amount_ore} kr exceeds what is left of {party}'s contribution for {year}: {left_ore} kr."


class ContributionBelowInvoiced(Refusal):
    """An agreement is not lowered below what has been invoiced."""

    code = "contribution_below_invoiced"
    sv = "Insatsen {amount_ore} kr är lägre än det som redan fakturerats {party} för {year}: {invoiced_ore} kr."
    en = "The contribution {amount_ore} kr is below what {party} was invoiced for {year}: {invoiced_ore} kr."


class ContributionInvoiceExists(Refusal):
    """An invoice number is used once."""

    code = "contribution_invoice_exists"
    sv = "Insatsfaktura {invoice} finns redan."
    en = "Contribution invoice {invoice} already exists."


class ContributionInvoiceUnknown(Refusal):
    """Payments and credits name an invoice."""

    code = "contribution_invoice_unknown"
    sv = "Insatsfaktura {invoice} finns inte."
    en = "Contribution invoice {invoice} does not exist."


class ContributionOverpaid(Refusal):
    """A payment or credit is at most what is owed."""

    code = "contribution_overpaid"
    sv = "{amount_ore} kr är mer än vad som återstår på insatsfaktura {invoice}: {owed_ore} kr."
    en = "{amount_ore} kr is more than what is owed on contribution invoice {invoice}: {owed_ore} kr."


class NothingToAccrue(Refusal):
    """An accrual moves something."""

    code = "nothing_to_accrue"
    sv = "Det finns inga medlemsinsatser att periodisera per {period_end}."
    en = "There are no contributions to accrue as of {period_end}."


def join_member(journal: Journal, command: JoinMember, recorded: Recorded) -> MemberJoined:
    """Let a party join that the book does not know yet."""
    refuse_known_party(journal.register, command.party)
    refuse_wrong_number(command.organisation_number)
    return accept(MemberJoined, command, recorded=recorded)


def leave_member(membership: Membership, command: LeaveMember, recorded: Recorded) -> MemberLeft:
    """Let a member leave."""
    _member(membership, command.party)
    return accept(MemberLeft, command, recorded=recorded)


def agree_contribution(
    journal: Journal, membership: Membership, command: AgreeContribution, recorded: Recorded
) -> ContributionAgreed:
    """Agree on a contribution; warn when the year's shares are not half, a quarter and a quarter."""
    _member(membership, command.party)
    known = membership.agreements.get((command.year, command.party))
    if known is not None and command.amount_ore < known.invoiced_ore():
        raise ContributionBelowInvoiced(
            party=command.party,
            year=command.year,
            amount_ore=command.amount_ore,
            invoiced_ore=known.invoiced_ore(),
        )
    event = accept(ContributionAgreed, command, recorded=recorded)
    warnings = _share_warnings(evolve(membership, event), command.year)
    recognition = command.recognition or journal.register.recognition
    return msgspec.structs.replace(event, recorded=recorded.warn(*warnings), recognition=recognition)


def _share_warnings(membership: Membership, year: int) -> tuple[Warned, ...]:
    """Return a warning for each kind of member whose share is off, once all members have agreed."""
    amounts: dict[PartyKind, int] = dict.fromkeys(SHARES, 0)
    for party, kind in membership.members.items():
        agreement = membership.agreements.get((year, party))
        if agreement is None:
            return ()
        amounts[kind] += agreement.amount_ore
    total = sum(amounts.values())
    return tuple(
        Warned(
            code="contribution_shares",
            facts={"year": year, "kind": kind, "agreed_ore": amount, "expected_ore": divide(total * quarters, 4)},
        )
        for kind, quarters in SHARES.items()
        if abs(4 * (amount := amounts[kind]) - total * quarters) > 4 * ROUNDING_ORE
    )


def invoice_contribution(
    journal: Journal, membership: Membership, command: InvoiceContribution, recorded: Recorded
) -> ContributionInvoiced:
    """Invoice part of an agreed contribution, no more than what is left of it."""
    kind = _member(membership, command.party)
    if command.invoice in membership.invoices:
        raise ContributionInvoiceExists(invoice=command.invoice)
    agreement = membership.agreements.get((command.year, command.party))
    if agreement is None:
        raise ContributionNotAgreed(party=command.party, year=command.year)
    left_ore = agreement.amount_ore - agreement.invoiced_ore()
    if command.amount_ore > left_ore:
        raise ContributionOverAgreed(
            party=command.party, year=command.year, amount_ore=command.amount_ore, left_ore=left_ore
        )
    voucher = draft_voucher(
        journal,
        series=series.CONTRIBUTIONS,
        accounting_date=command.invoice_date,
        text=command.text,
        counterparty=journal.register.parties[command.party].name,
        reference=command.invoice,
        postings=contributions.invoiced(journal.chart, command.party, kind, command.amount_ore),
    )
    return accept(ContributionInvoiced, command, recorded=recorded, voucher=voucher)


def receive_contribution(
    journal: Journal, membership: Membership, command: ReceiveContribution, recorded: Recorded
) -> ContributionReceived:
    """Record a payment of at most what is owed on an invoice."""
    invoice = _owed(membership, command.invoice, command.amount_ore)
    voucher = draft_voucher(
        journal,
        series=series.RECEIPTS,
        accounting_date=command.received_on,
        text=f"Inbetalning insatsfaktura {command.invoice}",
        counterparty=journal.register.parties[invoice.party].name,
        reference=command.reference or command.invoice,
        postings=contributions.received(journal.chart, invoice.party, command.amount_ore),
    )
    return accept(ContributionReceived, command, recorded=recorded, party=invoice.party, voucher=voucher)


def credit_contribution(
    journal: Journal, membership: Membership, command: CreditContribution, recorded: Recorded
) -> ContributionCredited:
    """Credit at most what is owed on an invoice."""
    invoice = _owed(membership, command.invoice, command.amount_ore)
    kind = journal.register.parties[invoice.party].kind
    voucher = draft_voucher(
        journal,
        series=series.CONTRIBUTIONS,
        accounting_date=command.credited_on,
        text=command.reason,
        counterparty=journal.register.parties[invoice.party].name,
        reference=command.invoice,
        postings=contributions.credited(journal.chart, invoice.party, kind, command.amount_ore),
    )
    return accept(
        ContributionCredited, command, recorded=recorded, party=invoice.party, year=invoice.year, voucher=voucher
    )


def accrue_contributions(
    journal: Journal, membership: Membership, accruals: Accruals, command: AccrueContributions, recorded: Recorded
) -> ContributionsAccrued:
    """Accrue or prepay, per member, the difference between what is earned and what was invoiced.

    Linear recognition earns the year's amount by months of the year that have passed; what is recognised as invoiced
    is never accrued.
    """
    refuse_known_accrual(accruals, command.accrual)
    year = open_year_of(journal.years, command.period_end)
    differences = contribution_differences(journal, membership, command.period_end)
    if not differences:
        raise NothingToAccrue(period_end=str(command.period_end))
    postings = contributions.accrued(
        journal.chart,
        [
            (
                row.party,
                journal.register.parties[row.party].kind,
                membership.agreements[row.year or year, row.party].accrued_ore(command.period_end),
                row.amount_ore,
            )
            for row in differences
        ],
    )
    text = f"Periodisering medlemsinsatser per {command.period_end}"
    voucher = draft_month_end(journal, command.period_end, text, postings)
    return accept(
        ContributionsAccrued,
        command,
        recorded=recorded,
        voucher=voucher,
        differences=differences,
        reverse_on=command.period_end + ONE_DAY,
    )


def contribution_differences(
    journal: Journal, membership: Membership, period_end: date
) -> tuple[MemberDifference, ...]:
    """Return what is earned at a month end above what was invoiced and accrued, per member where it is not zero.

    So is the contribution of a year before that is still to be invoiced, and of a year to come that was invoiced early.
    """
    name = open_year_of(journal.years, period_end)
    rows = (
        MemberDifference(
            party=party,
            amount_ore=_earned(journal, agreed_year, agreement, period_end)
            - agreement.invoiced_ore(period_end)
            - agreement.accrued_ore(period_end),
            year=0 if agreed_year == name else agreed_year,
        )
        for (agreed_year, party), agreement in sorted(membership.agreements.items())
        if agreed_year >= min(journal.years)
    )
    return tuple(row for row in rows if row.amount_ore)


def _earned(journal: Journal, agreed_year: int, agreement: Agreement, period_end: date) -> int:
    """Return what of a year's contribution is income at a month end, in öre."""
    if agreement.recognition == "as-invoiced":
        return agreement.invoiced_ore(period_end)
    year = journal.years.get(agreed_year)
    if year is None or period_end < year.start:
        return 0
    passed = months_between(year.start, min(period_end, year.end))
    return divide(agreement.amount_ore * passed, months_between(year.start, year.end))


def _member(membership: Membership, party: str) -> PartyKind:
    kind = membership.members.get(party)
    if kind is None:
        raise MemberUnknown(party=party)
    return kind


def _owed(membership: Membership, name: str, amount_ore: int) -> ContributionInvoice:
    invoice = membership.invoices.get(name)
    if invoice is None:
        raise ContributionInvoiceUnknown(invoice=name)
    if amount_ore > invoice.owed_ore:
        raise ContributionOverpaid(invoice=name, amount_ore=amount_ore, owed_ore=invoice.owed_ore)
    return invoice
