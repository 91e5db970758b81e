"""Questions to a book over the bus, and what answers them that is not a report as it is printed.

A question is asked under `grundbok.query.<book>.<name>`. Dates, moments and figures are written as on the command line.
Whoever has a receipt asks with `at_least` its position, and is answered when the book has come that far.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

import msgspec

from domain.kernel.refusal import Language, Refusal
from services.contract.explanation import READING_ERRORS, explain

EVENTS_MAX = 1000
WAIT_SECONDS_MAX = 30

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=250)]
Narrowed = Annotated[str, msgspec.Meta(max_length=250)]
Moment = Annotated[str, msgspec.Meta(max_length=40)]
Reached = Annotated[int, msgspec.Meta(ge=0)]


class QuestionUnknown(Refusal):
    """A question is one of those that books answer."""

    code = "question_unknown"
    sv = "Ingen bok svarar på frågan {question}. Frågorna är: {known}."
    en = "No book answers the question {question}. The questions are: {known}."


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every question may say: the position that the book is to have reached, and how long to wait for it."""

    at_least: Reached = 0
    wait_seconds: Annotated[int, msgspec.Meta(ge=0, le=WAIT_SECONDS_MAX)] = 10


class ReportAsked(Asked, frozen=True, kw_only=True):
    """A report or a table as of a day, as the book was known; the bytes are those that `grundbok report` prints.

    `as_of` is a day (2017-08-31) or the end of a month (2017-08), a tertial (2017-T2) or a year (2017); empty, it is
    today, or the nearest day in the years that the book has opened. `known_at` is a position (#120), a registration
    date or an instant; empty, everything is known. `unit` is the report's own when it is left out. The last five
    narrow a journal or a general ledger.
    """

    report: Name
    as_of: Moment = ""
    known_at: Moment = ""
    unit: Literal["kr", "tkr", "mnkr"] | None = None
    language: Language = "sv"
    output: Literal["json", "csv", "text"] = "json"
    account: Narrowed | None = None
    project: Narrowed | None = None
    party: Narrowed | None = None
    series: Narrowed | None = None
    text: Narrowed | None = None


class TraceAsked(Asked, frozen=True, kw_only=True):
    """Where a figure comes from (`figure`, as table.line or table.line@column), or what a message touched (`message`).

    One of the two is stated. The bytes are those that `grundbok trace` prints.
    """

    figure: Narrowed = ""
    message: Narrowed = ""
    as_of: Moment = ""
    known_at: Moment = ""
    language: Language = "sv"
    output: Literal["json", "text"] = "json"


class HistoryAsked(Asked, frozen=True, kw_only=True):
    """The processing history of a voucher, named as printed (A7/2017); the bytes are those of `grundbok history`."""

    voucher: Name
    known_at: Moment = ""
    language: Language = "sv"
    output: Literal["json", "text"] = "json"


class EventsAsked(Asked, frozen=True, kw_only=True):
    """Events of the book after a position, at most `limit`, and none above `upto` where that is stated.

    They come from the book itself, so this also fills what the stream no longer holds.
    """

    after: Reached = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=EVENTS_MAX)] = 100
    upto: Reached | None = None


class PositionAsked(Asked, frozen=True, kw_only=True):
    """The position of the last event that was registered by the end of a day; without a day, of the last there is."""

    registered_on: date | None = None


Question = ReportAsked | TraceAsked | HistoryAsked | EventsAsked | PositionAsked

QUESTIONS: Mapping[str, type[Asked]] = {
    "report": ReportAsked,
    "trace": TraceAsked,
    "history": HistoryAsked,
    "events": EventsAsked,
    "position": PositionAsked,
}
"""By the last part of the subject they are asked under."""

Event = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object", "description": "A CloudEvent."})]


class EventsAnswer(msgspec.Struct, frozen=True, kw_only=True, tag_field="answer", tag="events"):
    """Events in order and without gap, as they are on the bus; and the last position of the book.

    They may be fewer than were asked for, so that the answer fits into a message: go on after the last one.
    """

    events: tuple[Event, ...]
    head: int


class PositionAnswer(msgspec.Struct, frozen=True, kw_only=True, tag_field="answer", tag="position"):
    """A position, 0 before the first event; and the last position of the book."""

    position: int
    head: int


_questions = {name: msgspec.json.Decoder(kind).decode for name, kind in QUESTIONS.items()}


def read_question(name: str, data: bytes) -> Asked:
    """Return a question that was asked; no data asks with every default.

    Raises `QuestionUnknown`, or `Unreadable` with the field.
    """
    decode = _questions.get(name)
    if decode is None:
        raise QuestionUnknown(question=name[:100], known=tuple(QUESTIONS))
    said = data or b"{}"
    try:
        return decode(said)
    except READING_ERRORS as error:
        raise explain(error, said) from error
