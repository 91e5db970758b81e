"""From messages to events and answers: the work of ingestion that does not touch the bus.

It runs where it is called, or in a process of its own (`writer_process`); what goes in and comes out are plain values.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol

import msgspec

from services.application.incoming import Incoming, Unread, read_line
from services.contract.answers import Answer, Receipt, Refused, refused
from services.contract.envelope import Message
from services.contract.lines import LINE_BYTES_MAX, Line
from services.contract.unreadable import LineTooLong
from services.event_store.failures import BookNameInvalid
from services.messaging.port import Stored


class Writer(Protocol):
    """Answers a batch of messages; what has a receipt is durable."""

    def write(self, batch: Collection[Incoming]) -> list[Answer]:
        """Return the answer to each message, in order."""


class Heard(NamedTuple):
    """A message of the stream: its sequence, its subject, and the bytes that were sent."""

    sequence: int
    subject: str
    data: bytes


def heard_of(stored: Stored) -> Heard:
    """Return what of a stored message is to be written."""
    return Heard(stored.sequence, stored.subject, stored.data)


class Answered(msgspec.Struct, frozen=True):
    """What a batch came to: messages accepted, known already, and refused by code; and the last position of them."""

    accepted: int = 0
    known: int = 0
    refused: dict[str, int] = {}
    position: int = 0

    @property
    def messages(self) -> int:
        """Return how many messages were answered."""
        return self.accepted + self.known + sum(self.refused.values())


class Written(msgspec.Struct, frozen=True):
    """A batch that is on disk: each answer as it is sent (JSON), refusals by place in the batch, and the sums."""

    answers: list[bytes]
    refused: dict[int, Refused]
    did: Answered


Write = Callable[[Sequence[Heard]], Written]
"""Writes a batch of messages for a book; durable on return. Raises failures of the store and `InvariantBroken`."""


def write_messages(writer: Callable[[], Writer], batch: Sequence[Heard]) -> Written:
    """Write a batch here; `writer` returns the writer of its book, the same one each time."""
    messages = Unread(lambda: map(read_heard, batch), len(batch))
    try:
        answers = writer().write(messages)
    except BookNameInvalid as refusal:
        # The senders are told, like those of any other message that cannot be taken.
        answers = [refused(refusal, item) if isinstance(item, Message) else item for item in messages]
    encode = msgspec.json.encode
    return Written([encode(answer) for answer in answers], _refusals(answers), _sums(answers))


def read_heard(heard: Heard) -> Incoming:
    """Return what a message of the stream says, or why it cannot be read, with its subject and sequence as place."""
    text = heard.data
    fault = LineTooLong(bytes_max=LINE_BYTES_MAX) if len(text) > LINE_BYTES_MAX else None
    line = Line(text, heard.sequence, 0, len(text), whole=True, fault=fault)
    return read_line(line, heard.subject)


def _refusals(answers: Sequence[Answer]) -> dict[int, Refused]:
    return {place: answer for place, answer in enumerate(answers) if isinstance(answer, Refused)}


def _sums(answers: Sequence[Answer]) -> Answered:
    refused = Counter(answer.code for answer in answers if isinstance(answer, Refused))
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    known = sum(answer.duplicate for answer in receipts)
    position = max((answer.last_position for answer in receipts), default=0)
    return Answered(len(receipts) - known, known, dict(refused), position)
