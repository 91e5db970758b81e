"""Questions to a book: which prefix is known, and the report it gives; one layer for the CLI and every service."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from domain.catalogue import AnyEvent
from domain.kernel.refusal import Refusal
from projections.compare import Comparison, Published, compare
from projections.layout import Layout
from projections.narrowing import EVERYTHING
from projections.report import NARROWED, Known, Question, known, make_report, names, needs_vouchers
from projections.statement import Statement
from projections.table import Report
from services.application.layouts import layout_for
from services.event_store.store import BookStore

KnownAt = int | date | datetime | None
"""A position, a registration date, an instant, or everything."""


class ReportUnknown(Refusal):
    """A report is one that the layout or Grundbok has."""

    code = "report_unknown"
    sv = "Rapporten {report} finns inte för boken. Det finns: {known}."
    en = "The book has no report {report}. There are: {known}."


class PositionAhead(Refusal):
    """A report is known at a position that the book has reached."""

    code = "position_ahead"
    sv = "Boken har {last} händelser; {position} finns inte ännu."
    en = "The book has {last} events; {position} does not exist yet."


class NarrowingUnused(Refusal):
    """Only lists of vouchers are narrowed; a statement with a part left out would not be that statement."""

    code = "narrowing_unused"
    sv = "Rapporten {report} kan inte begränsas till konton, projekt, parter, serier eller text; det kan {narrowed}."
    en = "Report {report} is not narrowed to accounts, projects, parties, series or a text; {narrowed} are."


class NothingKnown(Refusal):
    """A report is known at a moment when the book had begun."""

    code = "nothing_known"
    sv = "Boken {book} var tom vid {known_at}. Klockslag räknas efter när boken tog emot, datum efter registrering."
    en = "Book {book} was empty at {known_at}. An instant counts by when the book was told, a date by registration."


class Layouts(NamedTuple):
    """Where layouts are looked for besides those that are shipped."""

    data: Path | None = None
    file: Path | None = None


def prefix(store: BookStore[AnyEvent], known_at: KnownAt) -> Iterator[AnyEvent]:
    """Iterate over the events that were known: up to a position, or registered by the end of a day or an instant.

    Registration dates and instants never decrease along a book, so what was known is always a prefix.
    """
    if isinstance(known_at, int):
        last = store.head()
        if known_at > last:
            raise PositionAhead(position=known_at, last=last)
        yield from (event for _, event in store.events(upto=known_at))
        return
    for _, event in store.events():
        if known_at is not None and not _was_known(event, known_at):
            return
        yield event


def _was_known(event: AnyEvent, known_at: date | datetime) -> bool:
    if isinstance(known_at, datetime):
        return event.recorded.recorded_at <= known_at.astimezone(UTC)
    return event.recorded.registered_on <= known_at


def said(known_at: KnownAt) -> str:
    """Return a knowledge date as reports print it."""
    return "now" if known_at is None else known_at.isoformat() if isinstance(known_at, date) else str(known_at)


def facts_of(store: BookStore[AnyEvent], known_at: KnownAt, *, vouchers: bool = False) -> Known:
    """Return what is known of a book; `vouchers` also keeps each voucher, which a journal needs."""
    return known(store.name, said(known_at), prefix(store, known_at), vouchers=vouchers)


def report(store: BookStore[AnyEvent], question: Question, known_at: KnownAt, layouts: Layouts) -> Report:
    """Return a report of a book, or raise ReportUnknown, PositionAhead, LayoutWrong or NarrowingUnused."""
    if question.only != EVERYTHING and question.name not in NARROWED:
        raise NarrowingUnused(report=question.name, narrowed=", ".join(NARROWED))
    facts = facts_of(store, known_at, vouchers=needs_vouchers(question.name))
    if not facts.history.position:
        raise NothingKnown(book=store.name, known_at=facts.known_at)
    layout = book_layout(facts, layouts)
    made = make_report(facts, layout, question)
    if made is None:
        raise ReportUnknown(report=question.name, known=names(layout))
    return made


def book_layout(facts: Known, layouts: Layouts) -> Layout:
    """Return the layout a book's association chose, or the one that was asked for."""
    association = facts.history.association
    name, chart = (association.layout, association.chart) if association else ("standard", "bas")
    return layout_for(name, chart, file=layouts.file, data=layouts.data)


def comparison(
    store: BookStore[AnyEvent], published: Published, known_at: KnownAt, layouts: Layouts
) -> tuple[Report, Comparison]:
    """Return the report a published document stands for, and what came of comparing the two."""
    facts = facts_of(store, known_at)
    layout = book_layout(facts, layouts)
    as_of = date.fromisoformat(published.period[1])
    question = Question(name=published.kind, as_of=as_of)
    made = make_report(facts, layout, question)
    if made is None:
        raise ReportUnknown(report=published.kind, known=names(layout))
    return made, compare(published, made, layout, Statement(facts.history, layout, as_of))
