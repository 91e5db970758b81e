"""An event at its place in a book, and the identity of the message it came from.

An event does not know its position: the store gives it when it is written. Position in the book, version in the
stream and (in the library's words) notification id are one number, 1..n without gaps.
"""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import msgspec

E = TypeVar("E")
"""The events of a catalogue: a union of frozen, tagged msgspec structs."""


class Positioned(msgspec.Struct, Generic[E], frozen=True, gc=False):
    """An event with its stream and position; what the library calls a domain event (`DomainEventProtocol`)."""

    stream: str
    position: int
    event: E

    @property
    def originator_id(self) -> str:
        """The stream, under the library's name."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The position, under the library's name."""
        return self.position


class Identity(msgspec.Struct, frozen=True, gc=False):
    """That a message is in the book: its key, the digest of its content, its first position, its number of events."""

    key: bytes
    digest: bytes
    position: int
    count: int


class Batch(NamedTuple):
    """Events as they are stored, column by column, after a position of a stream, and the identities with them."""

    stream: str
    after: int
    topics: Sequence[str]
    states: Sequence[bytes]
    identities: Sequence[Identity] = ()


class StoredRow(NamedTuple):
    """An event as it is stored, nothing of it trusted: position, stream, topic and bytes."""

    position: int
    stream: str
    topic: str
    state: bytes
