"""Events as other services get them: CloudEvents 1.0 in JSON, made of the bytes in the book, and read back strictly.

The relay makes each of them once, so that is the fast direction: the stored bytes become `data` as they stand. Only an
event of an older shape is decoded, brought to the shape of today and encoded again.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, get_args

import msgspec

from domain.books.register import AssociationRegistered
from domain.catalogue import AnyEvent
from domain.kernel.refusal import InvariantBroken, Refusal
from services.contract.envelope import SPEC_VERSION, TYPE_PREFIX
from services.contract.explanation import READING_ERRORS, explain
from services.contract.unreadable import SpecVersionWrong

EVENT_PREFIX = f"{TYPE_PREFIX}event."
SOURCE_PREFIX = "urn:grundbok:"
CONTENT_TYPE = "application/json"

EVENTS: dict[str, type[msgspec.Struct]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyEvent)}
"""The events of today, by their tag: the last part of an event's type."""

Decode = Callable[[str, int, bytes], AnyEvent]
"""Takes a book, a position and the bytes of an event of any age; returns the event of today's shape (the mapper's)."""

Position = Annotated[int, msgspec.Meta(ge=1)]


class EventTypeUnknown(Refusal):
    """The type of an event is one that this program knows."""

    code = "event_type_unknown"
    sv = "Programmet känner inte händelsetypen {value}; den är troligen nyare än programmet."
    en = "This program does not know the event type {value}, which is probably newer than the program."


class EventContradicts(Refusal):
    """The attributes of an event say what the event says."""

    code = "event_contradicts"
    sv = "Händelsens attribut {field} är {value} men borde vara {expected}."
    en = "The event's attribute {field} is {value} but should be {expected}."


class EventMessage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event of a book as it stands on the bus.

    `source` and `id` are `urn:grundbok:` and the name of the book; the name, a slash and the position. `subject` is the
    association's organisation number, `time` is when the book recorded the event. Other attributes may be added.
    """

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    datacontenttype: str
    position: Position
    data: msgspec.Raw


class DeliveredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that was read from the bus: whose it is, where it stands in the book, and the event itself."""

    book: str
    organisation_number: str
    position: int
    type: str
    recorded_at: datetime
    event: AnyEvent


class _RecordedAt(msgspec.Struct, gc=False):
    recorded_at: msgspec.Raw


class _Head(msgspec.Struct, gc=False):
    """What the envelope takes out of an event."""

    event: str
    recorded: _RecordedAt


_head = msgspec.json.Decoder(_Head).decode
_message = msgspec.json.Decoder(EventMessage).decode
_data = msgspec.json.Decoder(AnyEvent).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


# ------------------------------------------------------------------------------------------------------- to the bus


class EventEncoder:
    """Puts the stored events of one book into their envelopes."""

    def __init__(self, book: str, organisation_number: str, decode: Decode) -> None:
        self._book = book
        self._decode = decode
        self._forms = {tag: _form(book, organisation_number, tag) for tag in EVENTS}

    def encode(self, position: int, state: bytes) -> tuple[str, bytes]:
        """Return the tag of today and the CloudEvent of an event, given as its position and stored bytes.

        Raises what `decode` does about bytes that it cannot read, such as those of a newer program.
        """
        try:
            seen = _head(state)
            form = self._forms[seen.event]
        except (*READING_ERRORS, KeyError):
            state = _encode(self._decode(self._book, position, state))
            seen = _head(state)
            form = self._forms[seen.event]
        return seen.event, form % (position, seen.recorded.recorded_at, position, state)


def owner_of(book: str, first: bytes, decode: Decode) -> str:
    """Return the organisation number that a book's first event registered."""
    event = decode(book, 1, first)
    if not isinstance(event, AssociationRegistered):
        raise InvariantBroken("a book begins with its association")
    return event.organisation_number


def source_of(book: str) -> str:
    """Return the `source` of a book's events."""
    return f"{SOURCE_PREFIX}{book}"


def event_id(book: str, position: int) -> str:
    """Return the `id` of the event at a position of a book."""
    return f"{book}/{position}"


def _form(book: str, organisation_number: str, tag: str) -> bytes:
    """Return the envelope of one type of events, with places for position, time, position and data."""
    attributes = {
        "source": source_of(book),
        "type": EVENT_PREFIX + tag,
        "subject": organisation_number,
        "datacontenttype": CONTENT_TYPE,
    }
    stated = msgspec.json.encode(attributes)[1:-1].replace(b"%", b"%%")
    name = book.encode().replace(b"%", b"%%")
    return b'{"specversion":"%b","id":"%b/%%d",%b,"time":%%b,"position":%%d,"data":%%b}' % (
        SPEC_VERSION.encode(),
        name,
        stated,
    )


# ----------------------------------------------------------------------------------------------------- from the bus


def read_event(line: bytes, decode: Decode | None = None) -> DeliveredEvent:
    """Return the event in a message of the bus.

    Raises `Unreadable` for what is no event, `EventTypeUnknown` for one of a newer program, and `EventContradicts` when
    the envelope says something else than the event. A stream may hold events from before the program was changed:
    `decode` brings them to the shape of today; without it only today's are known.
    """
    try:
        message = _message(line)
    except READING_ERRORS as error:
        raise explain(error, line) from error
    if message.specversion != SPEC_VERSION:
        raise SpecVersionWrong(field="specversion", value=message.specversion[:60])
    data = bytes(message.data)
    try:
        said = _head(data)
    except READING_ERRORS as error:
        raise explain(error, line, "data", data) from error
    book = message.source.removeprefix(SOURCE_PREFIX)
    _agree("source", message.source, source_of(book))
    _agree("id", message.id, event_id(book, message.position))
    _agree("type", message.type, EVENT_PREFIX + said.event)
    event = decode(book, message.position, data) if decode else _event(said.event, data, line)
    _agree("time", message.time.isoformat(), event.recorded.recorded_at.isoformat())
    return DeliveredEvent(
        book=book,
        organisation_number=message.subject,
        position=message.position,
        type=message.type,
        recorded_at=message.time,
        event=event,
    )


def _event(tag: str, data: bytes, line: bytes) -> AnyEvent:
    if tag not in EVENTS:
        raise EventTypeUnknown(value=f"{EVENT_PREFIX}{tag}"[:100])
    try:
        event: AnyEvent = _data(data)
    except READING_ERRORS as error:
        raise explain(error, line, "data", data) from error
    return event


def _agree(field: str, value: str, expected: str) -> None:
    if value != expected:
        raise EventContradicts(field=field, value=value[:100], expected=expected[:100])
