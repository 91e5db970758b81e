"""Issued reports: which report, for which day, at which position, and the digest of its bytes.

A report is a pure function of the book up to a position, so this is enough to make the same bytes again.
"""

from datetime import date
from typing import Annotated

import msgspec

from domain.kernel.event import Command, Recorded, accept
from domain.kernel.identity import Slug, Text
from domain.kernel.refusal import Language, Refusal

Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


class IssueReport(Command, frozen=True, kw_only=True):
    """Record that a report was handed over; `digest` is the SHA-256 of its bytes.

    `layout` is the layout as it was written then, so that a later change of it does not change what was handed over.
    """

    report: Slug
    as_of: date
    position: Annotated[int, msgspec.Meta(ge=1)]
    unit: Slug
    format: Slug
    digest: Digest
    recipient: Text
    language: Language = "sv"
    layout: Annotated[str, msgspec.Meta(max_length=200_000)] = ""


class ReportIssued(IssueReport, frozen=True, kw_only=True, tag_field="event", tag="report.issued"):
    """A report was handed over (avlämnad)."""

    recorded: Recorded
    number: int


class PositionUnknown(Refusal):
    """A report is issued at a position that the book has reached."""

    code = "position_unknown"
    sv = "Boken har {last} händelser; {position} finns inte ännu."
    en = "The book has {last} events; {position} does not exist yet."


def issue_report(issued: int, last: int, command: IssueReport, recorded: Recorded) -> ReportIssued:
    """Issue a report; `issued` counts the earlier ones, `last` is the last position of the book."""
    if command.position > last:
        raise PositionUnknown(position=command.position, last=last)
    return accept(ReportIssued, command, recorded=recorded, number=issued + 1)
