"""Issued reports: hand one over, and make the same bytes again whatever has come after.

The event keeps which report, as of when, at which position, in which form, the layout as it was, and the digest of the
bytes. A report is a pure function of these, so the bytes are made anew and the digest proves that they are the same.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple, get_args

import msgspec

from domain.catalogue import AnyEvent
from domain.kernel.refusal import Refusal, ensure
from domain.reporting.issued import IssueReport, ReportIssued
from projections.layout import Layout
from projections.layout_reader import read_layout
from projections.outside import day_remarks, without_day_remarks
from projections.report import Known, Question, make_report, names, needs_vouchers
from projections.table import Report, Unit
from services.application.layouts import layout_source
from services.application.queries import KnownAt, Layouts, ReportUnknown, facts_of, prefix
from services.event_store.store import BookStore

OWN_UNIT = "own"
"""The unit of a report that was issued in its own."""

Render = Callable[[Report, str, str], bytes]
"""From a report, a format and a language to bytes."""


class IssueUnknown(Refusal):
    """A report that is made again has been issued."""

    code = "issue_unknown"
    sv = "Avlämnad rapport {number} finns inte; boken har {issued}."
    en = "Issued report {number} does not exist; the book has {issued}."


class IssueDiffers(Refusal):
    """A report that is made again has the bytes it was issued with."""

    code = "issue_differs"
    sv = "Rapport {number} får inte samma bytes som när den lämnades: {digest} i stället för {issued}."
    en = "Report {number} does not get the bytes it was issued with: {digest} instead of {issued}."


class Prepared(NamedTuple):
    """A report to be issued: the request, whose book it is (organisation number), the report, and its bytes."""

    command: IssueReport
    subject: str
    report: Report
    content: bytes


def prepare(
    store: BookStore[AnyEvent],
    question: Question,
    known_at: KnownAt,
    layouts: Layouts,
    form: tuple[str, str],
    render: Render,
) -> Prepared:
    """Return the request that issues a report, and the report's bytes; `form` is the format and the recipient."""
    asked = known_at if isinstance(known_at, int) else _before_issues(store, known_at)
    facts = facts_of(store, asked, vouchers=needs_vouchers(question.name))
    position = facts.history.position
    association = facts.history.association
    name, chart = (association.layout, association.chart) if association else ("standard", "bas")
    text, place = layout_source(name, chart, file=layouts.file, data=layouts.data)
    made = _made(facts, position, read_layout(text, place), question)
    content = render(made, form[0], question.language)
    command = IssueReport(
        report=question.name,
        as_of=question.as_of,
        position=position,
        unit=question.unit or OWN_UNIT,
        format=form[0],
        digest=sha256(content).hexdigest(),
        recipient=form[1],
        language=question.language,
        layout=text,
    )
    return Prepared(command, association.organisation_number if association else "", made, content)


def number_at(store: BookStore[AnyEvent], position: int) -> int:
    """Return the number of the report that was issued at a position."""
    (_, event), *_ = store.events(position - 1, position)
    ensure(isinstance(event, ReportIssued), f"position {position} holds no issued report")
    return event.number if isinstance(event, ReportIssued) else 0


def issued_again(store: BookStore[AnyEvent], number: int, render: Render) -> bytes:
    """Return the bytes of an issued report; raises IssueUnknown, or IssueDiffers when they cannot be made again."""
    events = [event for _, event in store.events() if isinstance(event, ReportIssued)]
    event = next((event for event in events if event.number == number), None)
    if event is None:
        raise IssueUnknown(number=number, issued=len(events))
    units: tuple[Unit, ...] = get_args(Unit)
    question = Question(
        name=event.report,
        as_of=event.as_of,
        unit=next((unit for unit in units if unit == event.unit), None),
        language=event.language,
    )
    facts = facts_of(store, event.position, vouchers=needs_vouchers(event.report))
    layout = read_layout(event.layout, f"issued report {number}", issued=True)
    made = _made(facts, event.position, layout, question)
    content = render(made, event.format, event.language)
    digest = sha256(content).hexdigest()
    if digest != event.digest and day_remarks(made):
        # It may be older than the remark that now says that its day lies outside the fiscal years.
        content = render(without_day_remarks(made), event.format, event.language)
    if sha256(content).hexdigest() != event.digest:
        raise IssueDiffers(number=number, digest=digest, issued=event.digest)
    return content


def message_id(command: IssueReport, actor: str) -> str:
    """Return the identity of an issue: the same report is issued once by the same person to the same recipient."""
    said = sha256(msgspec.json.encode((command, actor))).hexdigest()
    return f"{command.report}-{command.as_of}-{said[:32]}"


def _before_issues(store: BookStore[AnyEvent], known_at: KnownAt) -> int:
    """Return the last position that was known and does more than say what was issued.

    Issues change no report, so a report that is issued again, with nothing else in between, is the same report.
    """
    last = 0
    for position, event in enumerate(prefix(store, known_at), 1):
        if not isinstance(event, ReportIssued):
            last = position
    return last


def _made(facts: Known, position: int, layout: Layout, question: Question) -> Report:
    at_position = Known(
        book=facts.book,
        known_at=str(position),
        history=facts.history,
        vouchers=facts.vouchers,
        events=facts.events,
    )
    made = make_report(at_position, layout, question)
    if made is None:
        raise ReportUnknown(report=question.name, known=names(layout))
    return made
