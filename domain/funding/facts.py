"""What can happen to a grant: commands and events."""

from datetime import date
from typing import Literal

from domain.books.fiscal_year import Year
from domain.books.voucher import Voucher
from domain.kernel.event import Command, Recorded, Value
from domain.kernel.identity import Reference, Slug, Text
from domain.kernel.money import NaturalOre, PositiveOre

FinancingForm = Literal["full", "part", "shared", "implementation", "pre-study"]
"""Full financing, part financing, shared financing, support for implementation, pre-study (förstudie)."""


class YearAmount(Value, frozen=True, kw_only=True):
    """What is granted for one year, in öre."""

    year: Year
    amount_ore: NaturalOre


class DecideGrant(Command, frozen=True, kw_only=True):
    """Grant money to a project: so much for each year, by a decision of the board."""

    grant: Slug
    project: Slug
    owner: Slug
    form: FinancingForm
    amounts: tuple[YearAmount, ...]
    decided_on: date
    decision: Reference
    account: int | None = None


class GrantDecided(DecideGrant, frozen=True, kw_only=True, tag_field="event", tag="grant.decided"):
    """The board has granted money (bidragsbeslut)."""

    recorded: Recorded


class AmendGrant(Command, frozen=True, kw_only=True):
    """Change what is granted; the amounts replace the earlier ones."""

    grant: Slug
    amounts: tuple[YearAmount, ...]
    decided_on: date
    decision: Reference


class GrantAmended(AmendGrant, frozen=True, kw_only=True, tag_field="event", tag="grant.amended"):
    """The board has changed a grant (ändrat beslut)."""

    recorded: Recorded


class ClaimGrant(Command, frozen=True, kw_only=True):
    """Record a project owner's claim (rekvisition) on a year's grant.

    A claim above what is granted needs the board's decision to allow it, in `override`.
    """

    grant: Slug
    year: Year
    invoice: Reference
    claimed_on: date
    due_date: date
    amount_ore: PositiveOre
    text: Text
    override: str = ""


class GrantClaimed(ClaimGrant, frozen=True, kw_only=True, tag_field="event", tag="grant.claimed"):
    """The association owes the project owner."""

    recorded: Recorded
    owner: str
    project: str
    voucher: Voucher


class ApproveFinalReport(Command, frozen=True, kw_only=True):
    """Approve a project's final report."""

    grant: Slug
    approved_on: date
    decision: Reference


class FinalReportApproved(
    ApproveFinalReport, frozen=True, kw_only=True, tag_field="event", tag="grant.final_report_approved"
):
    """The final report (slutrapport) is approved."""

    recorded: Recorded


class SettleGrant(Command, frozen=True, kw_only=True):
    """Settle a grant: no further claims will come."""

    grant: Slug
    settled_on: date


class GrantSettled(SettleGrant, frozen=True, kw_only=True, tag_field="event", tag="grant.settled"):
    """All claims have been made (slutfakturerat)."""

    recorded: Recorded
    claimed_ore: int


class ReturnRemainder(Command, frozen=True, kw_only=True):
    """Give back to the association what a settled grant left unused for a year."""

    grant: Slug
    year: Year
    amount_ore: PositiveOre
    decided_on: date
    decision: Reference


class RemainderReturned(ReturnRemainder, frozen=True, kw_only=True, tag_field="event", tag="grant.remainder_returned"):
    """The unused part of a grant can be granted anew (återlämnade medel)."""

    recorded: Recorded


class CloseGrant(Command, frozen=True, kw_only=True):
    """Close a settled grant whose final report is approved."""

    grant: Slug
    closed_on: date


class GrantClosed(CloseGrant, frozen=True, kw_only=True, tag_field="event", tag="grant.closed"):
    """The grant is done with (avslutad)."""

    recorded: Recorded


FundingEvent = (
    GrantDecided | GrantAmended | GrantClaimed | FinalReportApproved | GrantSettled | RemainderReturned | GrantClosed
)
