"""What can happen to members and their contributions: commands and events."""

from datetime import date
from typing import Literal

from domain.books.fiscal_year import Year
from domain.books.register import Recognition
from domain.books.voucher import Voucher
from domain.kernel.event import Command, Recorded, Value
from domain.kernel.identity import OrganisationNumber, Reference, Slug, Text
from domain.kernel.money import NaturalOre, PositiveOre

MemberKind = Literal["state", "region", "municipality"]
Invoicing = Literal["yearly", "half-yearly", "quarterly", "monthly"]


class JoinMember(Command, frozen=True, kw_only=True):
    """Let a member join the association."""

    party: Slug
    name: Text
    kind: MemberKind
    joined_on: date
    organisation_number: OrganisationNumber | None = None


class MemberJoined(JoinMember, frozen=True, kw_only=True, tag_field="event", tag="member.joined"):
    """The member belongs to the association (medlem)."""

    recorded: Recorded


class LeaveMember(Command, frozen=True, kw_only=True):
    """Let a member leave the association (lag 2003:1210, 27 §)."""

    party: Slug
    left_on: date


class MemberLeft(LeaveMember, frozen=True, kw_only=True, tag_field="event", tag="member.left"):
    """The member agrees to no further contributions."""

    recorded: Recorded


class AgreeContribution(Command, frozen=True, kw_only=True):
    """Agree on a member's contribution for a year, in öre."""

    party: Slug
    year: Year
    amount_ore: NaturalOre
    invoicing: Invoicing
    decision: Reference
    recognition: Recognition | None = None


class ContributionAgreed(AgreeContribution, frozen=True, kw_only=True, tag_field="event", tag="contribution.agreed"):
    """The member's contribution for the year is agreed; a later agreement replaces it."""

    recorded: Recorded


class InvoiceContribution(Command, frozen=True, kw_only=True):
    """Invoice a member for part of an agreed contribution."""

    party: Slug
    year: Year
    invoice: Reference
    invoice_date: date
    due_date: date
    amount_ore: PositiveOre
    text: Text


class ContributionInvoiced(
    InvoiceContribution, frozen=True, kw_only=True, tag_field="event", tag="contribution.invoiced"
):
    """The member owes the amount (insats fakturerad, rekvirerad)."""

    recorded: Recorded
    voucher: Voucher


class ReceiveContribution(Command, frozen=True, kw_only=True):
    """Record a member's payment of an invoice."""

    invoice: Reference
    received_on: date
    amount_ore: PositiveOre
    reference: str = ""


class ContributionReceived(
    ReceiveContribution, frozen=True, kw_only=True, tag_field="event", tag="contribution.received"
):
    """The member has paid."""

    recorded: Recorded
    party: str
    voucher: Voucher


class CreditContribution(Command, frozen=True, kw_only=True):
    """Credit an invoice, wholly or in part."""

    invoice: Reference
    credited_on: date
    amount_ore: PositiveOre
    reason: Text


class ContributionCredited(
    CreditContribution, frozen=True, kw_only=True, tag_field="event", tag="contribution.credited"
):
    """The member no longer owes the amount (insats krediterad)."""

    recorded: Recorded
    party: str
    year: int
    voucher: Voucher


class AccrueContributions(Command, frozen=True, kw_only=True):
    """Bring the year's contributions to what has been earned at a month end."""

    accrual: Slug
    period_end: date


class MemberDifference(Value, frozen=True, kw_only=True):
    """What a member's contribution is accrued by in öre; negative where it is prepaid.

    The year is named where it is not the fiscal year of the accrual.
    """

    party: str
    amount_ore: int
    year: int = 0


class ContributionsAccrued(
    AccrueContributions, frozen=True, kw_only=True, tag_field="event", tag="contributions.accrued"
):
    """Contributions earned but not invoiced were accrued, and those invoiced too early prepaid, per member."""

    recorded: Recorded
    voucher: Voucher
    differences: tuple[MemberDifference, ...]
    reverse_on: date


MembershipEvent = (
    MemberJoined
    | MemberLeft
    | ContributionAgreed
    | ContributionInvoiced
    | ContributionReceived
    | ContributionCredited
    | ContributionsAccrued
)
