"""A small catalogue of events, so that the store is tested with shapes that may change under it."""

from datetime import date
from pathlib import Path

from domain.kernel.event import Value
from services.contract.envelope import content_digest, identity_key
from services.event_store.mapper import TaggedMapper
from services.event_store.positioned import Identity


class Noted(Value, frozen=True, kw_only=True, tag_field="event", tag="test.noted"):
    """Something was noted."""

    text: str
    noted_on: date = date(2023, 1, 1)
    facts: dict[str, int] = {}


class Counted(Value, frozen=True, kw_only=True, tag_field="event", tag="test.counted"):
    """Something was counted."""

    writer: int
    number: int


AnyTestEvent = Noted | Counted


def mapper() -> TaggedMapper[AnyTestEvent]:
    """Return a mapper of the test events."""
    return TaggedMapper(AnyTestEvent)


def notes(count: int, *, first: int = 1) -> list[AnyTestEvent]:
    """Return so many different events."""
    return [Noted(text=f"note {number}") for number in range(first, first + count)]


def identity(message_id: str, position: int, *, count: int = 1, content: bytes = b"content") -> Identity:
    """Return the identity of a message of the test source."""
    return Identity(identity_key("/test", message_id), content_digest(content), position, count)


def root() -> Path:
    """Return the root of the repository, for programs the tests start."""
    return Path(__file__).parents[2]
