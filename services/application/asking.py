"""Answers to questions as bytes: what the command line prints and what the bus replies are made here."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from domain.catalogue import AnyEvent
from domain.kernel.refusal import InvariantBroken, Language, Refusal
from projections.report import Known, Question
from services.application import audit
from services.application.live_book import LiveBook
from services.application.moments import as_of_date, known_at_moment
from services.application.narrowed import narrowing
from services.application.processing import history_of_voucher
from services.application.queries import KnownAt, Layouts
from services.contract.outgoing import Decode, EventEncoder, owner_of
from services.contract.questions import (
    EVENTS_MAX,
    Asked,
    EventsAnswer,
    EventsAsked,
    HistoryAsked,
    PositionAnswer,
    PositionAsked,
    ReportAsked,
    TraceAsked,
)
from services.event_store.store import BookStore
from services.formats import as_trace
from services.formats.as_bytes import report_bytes
from services.formats.as_processing import processing_json, processing_text

ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""How much of a list of events goes into one answer."""

JSON = "application/json"
MEDIA: Mapping[str, str] = {"json": JSON, "csv": "text/csv; charset=utf-8", "text": "text/plain; charset=utf-8"}


class TraceUnclear(Refusal):
    """A trace begins at a figure or at a message, at one of them."""

    code = "trace_unclear"
    sv = "Ange ett belopp (tabell.rad eller tabell.rad@kolumn) eller ett meddelandes id (--message), ett av dem."
    en = "Name a figure (table.line or table.line@column) or the id of a message (--message), one of them."


class Answered(NamedTuple):
    """An answer, and what kind of text it is."""

    media: str
    content: bytes


class Context(NamedTuple):
    """What an answer depends on besides the book: layouts, the day it is, and the decoder of old shapes of events."""

    layouts: Layouts
    today: date
    decode: Decode


def answer(book: LiveBook, asked: Asked, context: Context) -> Answered:
    """Return the answer to a question; raises the refusals of reports, traces, moments and narrowings."""
    store = book.store
    match asked:
        case ReportAsked():
            return Answered(MEDIA[asked.output], _report(book, asked, context))
        case TraceAsked():
            day, moment = _day(book, asked.as_of, context), known_at_moment(asked.known_at or None)
            figure = Figure(asked.figure, asked.message, day, moment, context.layouts)
            return Answered(MEDIA[asked.output], traced(store, figure, asked.output, asked.language))
        case HistoryAsked():
            moment = known_at_moment(asked.known_at or None)
            return Answered(MEDIA[asked.output], voucher_history(store, asked.voucher, moment, asked))
        case EventsAsked():
            return Answered(JSON, _events(store, asked, context.decode))
        case PositionAsked():
            return Answered(JSON, _position(store, asked))
        case _:
            raise InvariantBroken(f"no answer to {type(asked).__name__}")


def _report(book: LiveBook, asked: ReportAsked, context: Context) -> bytes:
    question = Question(
        name=asked.report,
        as_of=_day(book, asked.as_of, context),
        unit=asked.unit,
        language=asked.language,
        only=narrowing(asked.account, asked.project, asked.party, asked.series, asked.text),
    )
    made = book.report(question, known_at_moment(asked.known_at or None), context.layouts)
    return report_bytes(made, asked.output, asked.language)


def _day(book: LiveBook, text: str, context: Context) -> date:
    """Return the day that is meant; without a text, that of the latest reports."""
    return as_of_date(text) if text else book.latest_date(context.today)


class Figure(NamedTuple):
    """What a trace begins at: a figure, or else a message; as of a day, as known, in a layout."""

    figure: str
    message: str
    as_of: date
    known_at: KnownAt
    layouts: Layouts


def traced(store: BookStore[AnyEvent], asked: Figure, output: str, language: Language) -> bytes:
    """Return where a figure comes from, or what a message touched.

    Raises TraceUnclear, FigureUnknown or MessageUnknown.
    """
    if bool(asked.figure) == bool(asked.message):
        raise TraceUnclear
    day, moment, layouts = asked.as_of, asked.known_at, asked.layouts
    if asked.message:
        back, facts = audit.message(store, asked.message, day, moment, layouts)
        head = _heading(facts, day)
        return as_trace.back_json(head, back) if output == "json" else as_trace.back_text(head, back, language).encode()
    found, facts = audit.figure(store, asked.figure, day, moment, layouts)
    head = _heading(facts, day)
    if output == "json":
        return as_trace.trace_json(head, found)
    return as_trace.trace_text(head, found, facts.history, language).encode()


def _heading(facts: Known, day: date) -> as_trace.Asked:
    return as_trace.Asked(book=facts.book, as_of=day, known_at=facts.known_at, position=facts.history.position)


class Spoken(NamedTuple):
    """In which format and language to answer."""

    output: str
    language: Language


def voucher_history(
    store: BookStore[AnyEvent], voucher: str, known_at: KnownAt, spoken: Spoken | HistoryAsked
) -> bytes:
    """Return a voucher's processing history; raises VoucherNameWrong, VoucherMissing, PositionAhead."""
    found = history_of_voucher(store, voucher, known_at)
    if spoken.output == "json":
        return processing_json(store.name, found.known, str(found.voucher), found.steps)
    return processing_text(store.name, str(found.voucher), found.steps, spoken.language).encode()


def _events(store: BookStore[AnyEvent], asked: EventsAsked, decode: Decode) -> bytes:
    rows = store.read(asked.after, min(asked.limit, EVENTS_MAX), upto=asked.upto)
    head = store.head()
    if not rows:
        return msgspec.json.encode(EventsAnswer(events=(), head=head))
    ((_, first),) = store.read(0, 1)
    encode = EventEncoder(store.name, owner_of(store.name, first, decode), decode).encode
    events: list[msgspec.Raw] = []
    size = 0
    for position, state in rows:
        _, data = encode(position, state)
        size += len(data)
        if events and size > ANSWER_BYTES_MAX:
            break
        events.append(msgspec.Raw(data))
    return msgspec.json.encode(EventsAnswer(events=tuple(events), head=head))


def _position(store: BookStore[AnyEvent], asked: PositionAsked) -> bytes:
    head = store.head()
    if asked.registered_on is None:
        return msgspec.json.encode(PositionAnswer(position=head, head=head))
    position = last_registered_by(store, asked.registered_on, head)
    return msgspec.json.encode(PositionAnswer(position=position, head=head))


def last_registered_by(store: BookStore[AnyEvent], day: date, head: int) -> int:
    """Return the position of the last event registered by the end of a day.

    Registration dates never decrease along a book, so a few events are read, not all of them.
    """
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        (_, event), *_ = store.events(middle - 1, middle)
        if event.recorded.registered_on <= day:
            low = middle
        else:
            high = middle - 1
    return low
