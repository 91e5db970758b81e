"""What the parts need of a bus, and nothing more: streams with sequences, atomic appends, ordered reading, keys.

NATS JetStream implements it, and so does the seeded model in the tests. Every call may raise `BusUnavailable`, after
which nothing is known of what was asked: whoever asked looks again at how things stand before going on.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import msgspec

from domain.kernel.refusal import Refusal
from services.messaging.reasons import WithReason

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BusUnavailable(WithReason, Refusal):
    """The bus answers; if not, what was asked may have been done or not."""

    code = "bus_unavailable"
    sv = "Bussen svarar inte; {reason}."
    en = "The bus does not answer; {reason}."


class BusTooOld(WithReason, Refusal):
    """The bus knows atomic batches, or it would take a batch for loose messages."""

    code = "bus_too_old"
    sv = "NATS-servern är för gammal: {reason}. Grundbok behöver nats-server 2.12 eller senare med JetStream."
    en = "The NATS server is too old: {reason}. Grundbok needs nats-server 2.12 or later with JetStream."


class BusForbidden(WithReason, Refusal):
    """The user of the connection may do what is asked."""

    code = "bus_forbidden"
    sv = "Bussen tillåter inte det; {reason}."
    en = "The bus does not allow that; {reason}."


class WrongSequence(Refusal):
    """An append follows the end of its stream as the sender knew it; nothing was appended."""

    code = "bus_wrong_sequence"
    sv = "Någon annan hann skriva till strömmen {stream} först; den har ändrats."
    en = "Somebody else was first to write to the stream {stream}; it has changed."


class StreamMissing(Refusal):
    """A stream that is written or read exists."""

    code = "bus_stream_missing"
    sv = "Strömmen {stream} finns inte."
    en = "There is no stream {stream}."


class StreamFull(WithReason, Refusal):
    """A stream that keeps what nobody has read has room for more."""

    code = "bus_stream_full"
    sv = "Strömmen {stream} är full; {reason}."
    en = "The stream {stream} is full; {reason}."


class Outgoing(NamedTuple):
    """A message to be published; `expected` is the sequence its subject's last message must have, 0 if none."""

    subject: str
    data: bytes
    headers: Mapping[str, str] = {}
    expected: int | None = None


class Stored(NamedTuple):
    """A message of a stream: its sequence, and when the stream took it in (UTC; not a fact of the book)."""

    sequence: int
    subject: str
    data: bytes
    headers: Mapping[str, str]
    at: datetime


class StreamState(msgspec.Struct, frozen=True):
    """How a stream stands: sequences of its first and last message, how many it has, and which making of it this is.

    An empty stream begins one after its last sequence. `made` is another after the stream was deleted and made anew.
    """

    first: int
    last: int
    messages: int
    made: str


class StreamPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How a stream is made: what it takes in, and how long it keeps it. 0 stands for no limit."""

    name: str
    subjects: tuple[str, ...]
    first: int = 1
    max_age_seconds: int = 0
    max_messages: int = 0
    max_messages_per_subject: int = 0
    refuse_when_full: bool = False
    deletable: bool = False


class Reader(Protocol):
    """Reads a stream in order from a sequence on, without gap within what the stream has."""

    async def next(self, limit: int, wait_seconds: float) -> list[Stored]:
        """Return what has come, at most `limit`; wait for the first, and return nothing when none came in time.

        Raises `BusUnavailable` when order or completeness is in doubt: close the reader and open another. Raises
        `StreamMissing` when the stream is gone.
        """

    async def close(self) -> None:
        """Stop reading."""


class Bus(Protocol):
    """A connection to the bus."""

    @property
    def connections(self) -> int:
        """How often the connection was made: more after an outage, in which the bus may have been lost."""

    async def state(self, stream: str) -> StreamState | None:
        """Return how a stream stands, or None where there is none."""

    async def make(self, plan: StreamPlan) -> StreamState:
        """Make a stream if there is none; return how it stands. An existing stream is left as it is."""

    async def drop(self, stream: str) -> None:
        """Delete a stream with all that is in it, if it is there."""

    async def append(self, stream: str, messages: Sequence[Outgoing], *, after: int | None = None) -> int:
        """Append messages to a stream, all or none, durably; return the last sequence.

        With `after`, only if the stream ends there: raises `WrongSequence` otherwise. Raises `StreamMissing` and
        `StreamFull`. More than 1000 messages go in several batches, of which the first ones stay if a later fails.
        """

    async def reader(self, stream: str, subject: str, after: int) -> Reader:
        """Read a stream's messages of a subject (wildcards allowed) from the first one after a sequence on."""

    async def get(self, stream: str, sequence: int) -> Stored | None:
        """Return one message of a stream, or None where there is none."""

    async def last(self, stream: str, subject: str) -> Stored | None:
        """Return the last message of a subject, or None; this is also how a key of a bucket is read."""

    async def delete(self, stream: str, sequence: int) -> None:
        """Delete one message of a stream that is deletable."""

    async def subjects(self, stream: str, pattern: str) -> dict[str, int]:
        """Return the subjects below a pattern that a stream has messages of, and how many."""

    async def make_bucket(self, bucket: str) -> None:
        """Make a bucket of keys if there is none; each key keeps its last value."""
