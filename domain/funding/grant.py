"""Decisions about grants: nothing is claimed beyond what the board has granted, unless the board says so."""

from domain.books import series
from domain.books.journal import Journal, draft_voucher
from domain.books.register import known_party, usable_project
from domain.funding.facts import (
    AmendGrant,
    ApproveFinalReport,
    ClaimGrant,
    CloseGrant,
    DecideGrant,
    FinalReportApproved,
    GrantAmended,
    GrantClaimed,
    GrantClosed,
    GrantDecided,
    GrantSettled,
    RemainderReturned,
    ReturnRemainder,
    SettleGrant,
)
from domain.funding.grants import Grant, Grants, by_year
from domain.kernel.event import Recorded, accept
from domain.kernel.refusal import Refusal, Warned
from domain.payables.ledger import Payables
from domain.payables.supplier_invoice import SupplierInvoiceExists, refuse_cost_accounts
from domain.posting_rules import payables as rules


class GrantExists(Refusal):
    """A grant is decided once, then amended."""

    code = "grant_exists"
    sv = "Beslutet {grant} finns redan; ändra det i stället."
    en = "Grant {grant} already exists; amend it instead."


class GrantUnknown(Refusal):
    """Claims name a grant that was decided."""

    code = "grant_unknown"
    sv = "Beslutet {grant} finns inte."
    en = "Grant {grant} does not exist."


class GrantWithoutAmount(Refusal):
    """A grant is above zero."""

    code = "grant_without_amount"
    sv = "Beslutet {grant} har inget belopp."
    en = "Grant {grant} has no amount."


class GrantYearTwice(Refusal):
    """A decision states each year once."""

    code = "grant_year_twice"
    sv = "Beslutet {grant} anger {year} två gånger."
    en = "Grant {grant} states {year} twice."


class GrantIsSettled(Refusal):
    """A settled grant takes no claims and no amendments."""

    code = "grant_settled"
    sv = "Beslutet {grant} är slutreglerat."
    en = "Grant {grant} has been settled."


class GrantNotSettled(Refusal):
    """What is left of a grant is returned, and a grant closed, after it has been settled."""

    code = "grant_not_settled"
    sv = "Beslutet {grant} är inte slutreglerat."
    en = "Grant {grant} has not been settled."


class GrantIsClosed(Refusal):
    """A closed grant does not change."""

    code = "grant_closed"
    sv = "Beslutet {grant} är avslutat."
    en = "Grant {grant} is closed."


class FinalReportMissing(Refusal):
    """A grant is closed when its final report has been approved."""

    code = "final_report_missing"
    sv = "Slutrapporten för {grant} är inte godkänd."
    en = "The final report of {grant} has not been approved."


class GrantBelowClaimed(Refusal):
    """A grant is not lowered below what has been claimed."""

    code = "grant_below_claimed"
    sv = "{amount_ore} kr för {year} är lägre än det som redan rekvirerats av {grant}: {claimed_ore} kr."
    en = "{amount_ore} kr for {year} is below what has been claimed of {grant}: {claimed_ore} kr."


class ClaimAboveGranted(Refusal):
    """No more is claimed than is granted, unless the board has decided so."""

    code = "claim_above_granted"
    sv = "{amount_ore} kr är mer än vad som återstår av {grant} för {year}: {left_ore} kr. Ange styrelsens beslut."
    en = "{amount_ore} kr is more than what is left of {grant} for {year}: {left_ore} kr. State the board's decision."


class RemainderAboveLeft(Refusal):
    """No more is returned than is left."""

    code = "remainder_above_left"
    sv = "{amount_ore} kr är mer än vad som återstår av {grant} för {year}: {left_ore} kr."
    en = "{amount_ore} kr is more than what is left of {grant} for {year}: {left_ore} kr."


def decide_grant(journal: Journal, grants: Grants, command: DecideGrant, recorded: Recorded) -> GrantDecided:
    """Grant money to a project that is open and an owner that is known."""
    usable_project(journal.register, command.project)
    known_party(journal.register, command.owner)
    if command.account is not None:
        refuse_cost_accounts(journal, (command.account,))
    if command.grant in grants:
        raise GrantExists(grant=command.grant)
    _refuse_year_twice(command)
    if sum(by_year(command.amounts).values()) == 0:
        raise GrantWithoutAmount(grant=command.grant)
    return accept(GrantDecided, command, recorded=recorded)


def amend_grant(grants: Grants, command: AmendGrant, recorded: Recorded) -> GrantAmended:
    """Change the amounts, not below what has been claimed."""
    grant = _active(grants, command.grant)
    _refuse_year_twice(command)
    amounts = by_year(command.amounts)
    for year, claimed_ore in grant.claimed.items():
        if amounts.get(year, 0) < claimed_ore:
            raise GrantBelowClaimed(
                grant=command.grant, year=year, amount_ore=amounts.get(year, 0), claimed_ore=claimed_ore
            )
    return accept(GrantAmended, command, recorded=recorded)


def claim_grant(
    journal: Journal, grants: Grants, payables: Payables, command: ClaimGrant, recorded: Recorded
) -> GrantClaimed:
    """Record a claim within what is left for the year, or by the board's stated decision."""
    grant = _active(grants, command.grant)
    if (grant.owner, command.invoice) in payables.invoices:
        raise SupplierInvoiceExists(supplier=grant.owner, invoice=command.invoice)
    left_ore = grant.left_ore(command.year)
    if command.amount_ore > left_ore:
        above: dict[str, str | int] = {
            "grant": command.grant,
            "year": command.year,
            "amount_ore": command.amount_ore,
            "left_ore": left_ore,
        }
        if not command.override.strip():
            raise ClaimAboveGranted(**above)
        recorded = recorded.warn(Warned(code="claim_above_granted", facts=above | {"override": command.override}))
    voucher = draft_voucher(
        journal,
        series=series.GRANTS,
        accounting_date=command.claimed_on,
        text=command.text,
        counterparty=journal.register.parties[grant.owner].name,
        reference=command.invoice,
        postings=rules.claimed(journal.chart, grant.owner, grant.project, grant.account, command.amount_ore),
    )
    return accept(GrantClaimed, command, recorded=recorded, owner=grant.owner, project=grant.project, voucher=voucher)


def approve_final_report(grants: Grants, command: ApproveFinalReport, recorded: Recorded) -> FinalReportApproved:
    """Approve the final report of a grant that is not closed."""
    _not_closed(grants, command.grant)
    return accept(FinalReportApproved, command, recorded=recorded)


def settle_grant(grants: Grants, command: SettleGrant, recorded: Recorded) -> GrantSettled:
    """Settle a grant at what has been claimed."""
    grant = _active(grants, command.grant)
    return accept(GrantSettled, command, recorded=recorded, claimed_ore=sum(grant.claimed.values()))


def return_remainder(grants: Grants, command: ReturnRemainder, recorded: Recorded) -> RemainderReturned:
    """Return at most what is left of a settled grant for a year."""
    grant = _settled(grants, command.grant)
    if command.amount_ore > grant.left_ore(command.year):
        raise RemainderAboveLeft(
            grant=command.grant,
            year=command.year,
            amount_ore=command.amount_ore,
            left_ore=grant.left_ore(command.year),
        )
    return accept(RemainderReturned, command, recorded=recorded)


def close_grant(grants: Grants, command: CloseGrant, recorded: Recorded) -> GrantClosed:
    """Close a grant that is settled and reported."""
    grant = _settled(grants, command.grant)
    if not grant.reported:
        raise FinalReportMissing(grant=command.grant)
    return accept(GrantClosed, command, recorded=recorded)


def _refuse_year_twice(command: DecideGrant | AmendGrant) -> None:
    years = [row.year for row in command.amounts]
    twice = next((year for year in years if years.count(year) > 1), None)
    if twice is not None:
        raise GrantYearTwice(grant=command.grant, year=twice)


def _not_closed(grants: Grants, name: str) -> Grant:
    grant = grants.get(name)
    if grant is None:
        raise GrantUnknown(grant=name)
    if grant.closed:
        raise GrantIsClosed(grant=name)
    return grant


def _active(grants: Grants, name: str) -> Grant:
    grant = _not_closed(grants, name)
    if grant.settled:
        raise GrantIsSettled(grant=name)
    return grant


def _settled(grants: Grants, name: str) -> Grant:
    grant = _not_closed(grants, name)
    if not grant.settled:
        raise GrantNotSettled(grant=name)
    return grant
