"""Questions to a book: which prefix is known, and the report it gives; one layer for the CLI and every service."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from domain.catalogue import AnyEvent
from domain.kernel.refusal import Fact, Language, Refusal
from projections.built_in import TRIAL_BALANCE, trial_balance_days
from projections.compare import Comparison, Published, compare
from projections.history import History
from projections.journal import Vouchers
from projections.layout import Layout
from projections.narrowing import EVERYTHING
from projections.replay import AccountSums, KeySums, Replay
from projections.report import NARROWED, Known, Question, make_report, names, needs_vouchers
from projections.skim import (
    Page,
    S,
    Skimmed,
    SkimmedAccounts,
    SkimmedRecorded,
    instant_of,
    microseconds,
    ordinal_of,
    skimmed,
)
from projections.statement import Statement
from projections.table import Report
from services.application.layouts import layout_for
from services.application.narrowed import refuse_unknown
from services.event_store.slim import ACCOUNTS_SKIMMER, SKIMMER, event_of, folding
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
    sv = "Boken {book} var tom {known_at}. Klockslag räknas efter när boken tog emot, datum efter registrering."
    en = "Book {book} was empty {known_at}. An instant counts by when the book was told, a date by registration."

    def words(self, language: Language) -> dict[str, Fact]:
        """Return the moment in words: the number of a position says nothing by itself."""
        at, event, now = ("vid", "händelse", "nu") if language == "sv" else ("at", "event", "now")
        known_at = str(self.facts["known_at"])
        if known_at == said(None):
            return {"known_at": now}
        return {"known_at": f"{at} {event} {known_at}" if known_at.isdecimal() else f"{at} {known_at}"}


class Layouts(NamedTuple):
    """Where layouts are looked for besides those that are shipped."""

    data: Path | None = None
    file: Path | None = None


def prefix(store: BookStore[AnyEvent], known_at: KnownAt) -> Iterator[AnyEvent]:
    """Iterate over the events that were known: up to a position, or registered by the end of a day or an instant.

    Registration dates and instants never decrease along a book, so what was known is always a prefix.
    """
    if isinstance(known_at, int):
        yield from (event for _, event in store.events(upto=_reached(store, known_at)))
        return
    for _, event in store.events():
        if known_at is not None and not _was_known(event, known_at):
            return
        yield event


class Prefix:
    """The events up to a position, read from the book whenever they are gone through: what is recorded stays."""

    def __init__(self, store: BookStore[AnyEvent], position: int) -> None:
        self._store = store
        self._position = position

    def __iter__(self) -> Iterator[AnyEvent]:
        """Iterate over the events."""
        if self._position:
            yield from (event for _, event in self._store.events(upto=self._position))


def _was_known(event: AnyEvent, known_at: date | datetime) -> bool:
    if isinstance(known_at, datetime):
        return event.recorded.recorded_at <= known_at.astimezone(UTC)
    return event.recorded.registered_on <= known_at


def said(known_at: KnownAt) -> str:
    """Return a knowledge date as reports print it."""
    return "now" if known_at is None else known_at.isoformat() if isinstance(known_at, date) else str(known_at)


def facts_of(store: BookStore[AnyEvent], known_at: KnownAt, *, vouchers: bool = False) -> Known:
    """Return what is known of a book, from its events; with `vouchers` also each voucher, which a journal needs."""
    history = replayed(store, known_at)
    if vouchers:
        return with_vouchers(store, known_at, history)
    return Known(book=store.name, known_at=said(known_at), history=history)


def with_vouchers(store: BookStore[AnyEvent], known_at: KnownAt, history: History) -> Known:
    """Return what is known of a book, with the events of its history and their vouchers."""
    events = Prefix(store, history.position)
    return Known(book=store.name, known_at=said(known_at), history=history, vouchers=Vouchers(events), events=events)


def replayed(store: BookStore[AnyEvent], known_at: KnownAt) -> History:
    """Return the history of what was known, folded from nothing."""
    pages = SKIMMER.pages(store, upto=_reached(store, known_at))
    if isinstance(known_at, date):
        pages = _known_of(pages, known_at)
    return _folded(store, Replay[Skimmed](KeySums()), pages)


def accounts_replayed(store: BookStore[AnyEvent], position: int | None, as_of: date) -> History | None:
    """Return the history up to a position, folded from nothing, with a ledger for a trial balance and nothing else.

    Nothing is returned where the fiscal years came too late to keep apart the days that it looks at.
    """
    sums = AccountSums(as_of)
    history = _folded(
        store, Replay[SkimmedAccounts](sums), ACCOUNTS_SKIMMER.pages(store, upto=_reached(store, position))
    )
    return history if all(map(sums.tells, trial_balance_days(history, as_of))) else None


def _folded(store: BookStore[AnyEvent], replay: Replay[S], pages: Iterator[Page[S]]) -> History:
    last = None
    for page in pages:
        with folding(store.name, page):
            replay.take(page)
        last = page.rows[-1]
    return replay.history(None if last is None else event_of(store.name, *last))


def _reached(store: BookStore[AnyEvent], known_at: KnownAt) -> int | None:
    """Return the last position to read, if it is known; raises PositionAhead."""
    if not isinstance(known_at, int):
        return None
    last = store.head()
    if known_at > last:
        raise PositionAhead(position=known_at, last=last)
    return known_at


def _known_of(pages: Iterator[Page[Skimmed]], known_at: date | datetime) -> Iterator[Page[Skimmed]]:
    """Iterate over pages up to the first event that was not known."""
    for page in pages:
        for place, (position, _) in enumerate(page.rows):
            recorded = (page.skims[place] or skimmed(page.full[position])).recorded
            if not _knew(recorded, known_at):
                if place:
                    full = {at: event for at, event in page.full.items() if at < position}
                    yield Page(page.rows[:place], page.skims[:place], full)
                return
        yield page


def _knew(recorded: SkimmedRecorded, known_at: date | datetime) -> bool:
    if isinstance(known_at, datetime):
        return instant_of(recorded.recorded_at) <= microseconds(known_at.astimezone(UTC))
    return ordinal_of(recorded.registered_on) <= known_at.toordinal()


def report(store: BookStore[AnyEvent], question: Question, known_at: KnownAt, layouts: Layouts) -> Report:
    """Return a report of a book from its events alone.

    Raises PositionAhead, NarrowingUnused, or what `answer` raises.
    """
    checked(question)
    if question.name == TRIAL_BALANCE and not isinstance(known_at, date):
        history = accounts_replayed(store, known_at, question.as_of)
        facts = history and Known(book=store.name, known_at=said(known_at), history=history)
        if facts and not (facts.history.position and book_layout(facts, layouts).choose(TRIAL_BALANCE)):
            return answer(facts, question, layouts)
    return answer(facts_of(store, known_at, vouchers=needs_vouchers(question.name)), question, layouts)


def checked(question: Question) -> None:
    """Check that a question can be answered whatever the book, or raise NarrowingUnused."""
    if question.only != EVERYTHING and question.name not in NARROWED:
        raise NarrowingUnused(report=question.name, narrowed=", ".join(NARROWED))


def answer(facts: Known, question: Question, layouts: Layouts) -> Report:
    """Return the report that answers a question.

    Raises ReportUnknown, NothingKnown, LayoutWrong, or what `refuse_unknown` raises.
    """
    if not facts.history.position:
        raise NothingKnown(book=facts.book, known_at=facts.known_at)
    refuse_unknown(question.only, facts.history)
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
