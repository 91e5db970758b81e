"""Messages in: read in order, written many at a time, answered each, and only then left behind.

See docs/decisions/0007-the-bus.md for why the cursor is on the bus and why losing it costs only time.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.catalogue import AnyEvent
from services.contract.answers import Refused
from services.contract.subjects import (
    CODE_HEADER,
    CURSORS_BUCKET,
    DEAD_STREAM,
    DEAD_SUBJECTS,
    FIELD_HEADER,
    IN_STREAM,
    IN_SUBJECTS,
    KEPT_PREFIX,
    MADE_HEADER,
    REASON_EN_HEADER,
    REASON_HEADER,
    SEQUENCE_HEADER,
    bucket_stream,
    bucket_subject,
    cursor_key,
    dead_subject,
    in_subject,
    receipts_stream,
    receipts_subject,
)
from services.event_store.store import BookStore
from services.messaging.ahead import refuse_ahead
from services.messaging.port import Bus, BusUnavailable, Outgoing, Reader, Stored, StreamPlan, WrongSequence
from services.messaging.writing import Answered, Write, Written, heard_of

NATS_PREFIX = "Nats-"
"""How headers begin that are the server's own."""

NOT_IN_NAMES = re.compile(r"[^!#$%&'*+\-.^_`|~0-9A-Za-z]")
"""What the name of a header cannot be sent with."""

DEAD_BYTES_MAX, DEAD_HEADERS_BYTES_MAX = 4 * 1024 * 1024, 16 * 1024
"""Room for a message and its headers in its dead letter, which has headers of its own and must fit the server, too."""

BATCH_MESSAGES = 1000
"""Messages that are acknowledged together."""

MANY_MESSAGES = 250
"""From this size of a batch on, its answers are given while the next batch is written."""

SAVE_EVERY = 8
"""Batches after which the cursor is saved though messages still wait."""

DAY_SECONDS = 86_400
MESSAGES_PER_BOOK_MAX = 1_000_000

IN_PLAN = StreamPlan(
    name=IN_STREAM,
    subjects=(IN_SUBJECTS,),
    max_age_seconds=90 * DAY_SECONDS,
    max_messages_per_subject=MESSAGES_PER_BOOK_MAX,
    refuse_when_full=True,
)
DEAD_PLAN = StreamPlan(name=DEAD_STREAM, subjects=(DEAD_SUBJECTS,), deletable=True)


def receipts_plan(book: str) -> StreamPlan:
    """Return the stream of a book's answers."""
    return StreamPlan(name=receipts_stream(book), subjects=(receipts_subject(book),), max_age_seconds=30 * DAY_SECONDS)


class Cursor(msgspec.Struct, frozen=True):
    """How far the messages for a book were read: the last one, when the stream took it in, and which making of it.

    A stream that was put back to an earlier copy gives the same sequences to other messages, at other times.
    `answered` is the sequence of the last message's answer in the stream of answers, which may be put back, too.
    """

    sequence: int = 0
    made: str = ""
    at: datetime | None = None
    answered: int = 0


class Buried(NamedTuple):
    """Through which message the refused ones are among the dead letters, and the sequence of the last letter."""

    through: int = 0
    letter: int = 0


NOTHING = Answered()


class Inbound:
    """Reads the messages for one book; `step` does one batch. After an error, the next step looks again.

    `write` writes a batch, and blocks; `opened` returns the book, nothing where there is none.
    """

    def __init__(self, book: str, bus: Bus, write: Write, opened: Callable[[], BookStore[AnyEvent] | None]) -> None:
        self.book = book
        self._opened = opened
        self._bus = bus
        self._write = write
        self._reader: Reader | None = None
        self._cursor = Cursor()
        self._unsaved = 0
        self._buried = Buried()
        self._giving: asyncio.Task[None] | None = None

    async def step(self, wait_seconds: float) -> Answered:
        """Write and answer what has come, at most a batch; wait for the first message.

        Large batches are answered while the next is written, so their answers may still be under way.

        Raises refusals of the bus, failures of the store, and `InvariantBroken`. Nothing is skipped then: the next
        step begins at the saved cursor, and what was written already is recognised.
        """
        try:
            reader = self._reader or await self._open()
            batch = await reader.next(BATCH_MESSAGES, wait_seconds)
            if not batch:
                await self._answers_given()
                await self._save()
                return NOTHING
            written = await asyncio.to_thread(self._write, [heard_of(stored) for stored in batch])
            await self._answers_given()
            if len(batch) < MANY_MESSAGES:
                await self._give(batch, written)
            else:
                self._giving = asyncio.create_task(self._give(batch, written))
        except BaseException:
            await self.forget()
            raise
        return written.did

    async def close(self) -> None:
        """Save the cursor and stop reading."""
        if self._reader is not None:
            await self._answers_given()
            await self._save()
        await self.forget()

    async def forget(self) -> None:
        """Forget how things stood: the next step looks again."""
        reader, self._reader = self._reader, None
        giving, self._giving = self._giving, None
        if giving is not None:
            giving.cancel()
            await asyncio.wait([giving])
        self._unsaved = 0
        if reader is not None:
            await reader.close()

    async def _answers_given(self) -> None:
        """Wait until the answers to the batch before are given; raises what stood in the way."""
        giving, self._giving = self._giving, None
        if giving is not None:
            await giving

    async def _give(self, batch: Sequence[Stored], written: Written) -> None:
        """Give the answers to a batch, and then leave it behind."""
        answered = await self._publish(batch, written)
        self._cursor = Cursor(batch[-1].sequence, self._cursor.made, batch[-1].at, answered)
        self._unsaved += 1
        if self._unsaved >= SAVE_EVERY:
            await self._save()

    async def behind(self) -> int:
        """Return how many messages come after what was answered; an upper bound, as books share the stream."""
        state = await self._bus.state(IN_STREAM)
        return 0 if state is None else max(0, state.last - self._cursor.sequence)

    async def _open(self) -> Reader:
        bus, book = self._bus, self.book
        await refuse_ahead(bus, book, self._opened)
        state = await bus.make(IN_PLAN)
        await bus.make(DEAD_PLAN)
        await bus.make(receipts_plan(book))
        await bus.make_bucket(CURSORS_BUCKET)
        self._cursor = await self._saved(state.made)
        self._buried = await self._last_buried(state.made)
        self._reader = await bus.reader(IN_STREAM, in_subject(book), self._cursor.sequence)
        return self._reader

    async def _saved(self, made: str) -> Cursor:
        """Return the saved cursor, or one at the beginning where the message it names is not in the stream."""
        subject = bucket_subject(CURSORS_BUCKET, cursor_key(self.book))
        saved = await self._bus.last(bucket_stream(CURSORS_BUCKET), subject)
        cursor = Cursor() if saved is None else _cursor_of(saved.data)
        if cursor.sequence and cursor.made == made:
            named = await self._bus.get(IN_STREAM, cursor.sequence)
            if named is not None and named.at == cursor.at and await self._is_answered(cursor):
                return cursor
        return Cursor(made=made)

    async def _is_answered(self, cursor: Cursor) -> bool:
        """Tell whether the stream of answers has come as far as the answer that the cursor names."""
        state = await self._bus.state(receipts_stream(self.book))
        return state is not None and state.last >= cursor.answered

    async def _last_buried(self, made: str) -> Buried:
        """Return how far the refused messages of the stream are among the dead letters."""
        letter = await self._bus.last(DEAD_STREAM, dead_subject(self.book))
        if letter is None or letter.headers.get(MADE_HEADER) != made:
            return Buried(0, 0 if letter is None else letter.sequence)
        sequence = int(letter.headers[SEQUENCE_HEADER])
        named = await self._bus.get(IN_STREAM, sequence)
        is_that = named is not None and _kept(named.data) == letter.data
        return Buried(sequence if is_that else 0, letter.sequence)

    async def _publish(self, batch: Sequence[Stored], written: Written) -> int:
        """Publish dead letters and answers; return the sequence of the last answer."""
        made = self._cursor.made
        letters = [
            dead_letter(self.book, made, batch[place], refused)
            for place, refused in written.refused.items()
            if batch[place].sequence > self._buried.through
        ]
        if letters:
            self._buried = Buried(batch[-1].sequence, await self._bury(letters))
        subject = receipts_subject(self.book)
        receipts = [
            Outgoing(subject, answer, {SEQUENCE_HEADER: str(stored.sequence)})
            for stored, answer in zip(batch, written.answers, strict=True)
        ]
        answered = await self._bus.append(receipts_stream(self.book), receipts)
        if answered < self._cursor.answered + len(receipts):
            raise self._put_back()
        return answered

    async def _bury(self, letters: list[Outgoing]) -> int:
        """Append dead letters after the one that was the last; return the sequence of the last.

        Another process that was first, or a bus that was put back, makes us look again. That somebody took letters
        away, to send them again, is no reason to.
        """
        first, *others = letters
        try:
            return await self._bus.append(DEAD_STREAM, [first._replace(expected=self._buried.letter), *others])
        except WrongSequence:
            state = await self._bus.state(DEAD_STREAM)
            last = await self._bus.last(DEAD_STREAM, dead_subject(self.book))
            left = 0 if last is None else last.sequence
            if state is None or state.last < self._buried.letter or left >= self._buried.letter:
                raise
            return await self._bus.append(DEAD_STREAM, [first._replace(expected=left), *others])

    def _put_back(self) -> BusUnavailable:
        return BusUnavailable(reason=f"{receipts_stream(self.book)}: answers given before are gone")

    async def _save(self) -> None:
        if self._unsaved:
            if not await self._is_answered(self._cursor):
                raise self._put_back()
            subject = bucket_subject(CURSORS_BUCKET, cursor_key(self.book))
            await self._bus.append(
                bucket_stream(CURSORS_BUCKET), [Outgoing(subject, msgspec.json.encode(self._cursor))]
            )
            self._unsaved = 0


async def read_again(bus: Bus, book: str) -> None:
    """Forget how far the messages for a book were read; who opens its reader next begins at the first that is kept.

    What is in the book is recognised; what an older copy of the book lacks is written again.
    """
    stream = bucket_stream(CURSORS_BUCKET)
    if await bus.state(stream) is not None:
        subject = bucket_subject(CURSORS_BUCKET, cursor_key(book))
        await bus.append(stream, [Outgoing(subject, msgspec.json.encode(Cursor()))])


def dead_letter(book: str, made: str, stored: Stored, refused: Refused) -> Outgoing:
    """Return a refused message as it is kept: its bytes and headers, and why it was refused."""
    reason = {
        SEQUENCE_HEADER: str(stored.sequence),
        MADE_HEADER: made,
        CODE_HEADER: refused.code,
        FIELD_HEADER: refused.field,
        REASON_HEADER: _one_line(refused.sv),
        REASON_EN_HEADER: _one_line(refused.en),
    }
    return Outgoing(dead_subject(book), _kept(stored.data), _kept_headers(stored.headers) | reason)


def _kept(data: bytes) -> bytes:
    """Return the bytes of a message as its dead letter has room for them; what can be read is far from being cut."""
    return data[:DEAD_BYTES_MAX]


def _kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers as they can be sent again.

    Senders can store headers that no client sends: of names that are no token, and of any size.
    """
    kept: dict[str, str] = {}
    room = DEAD_HEADERS_BYTES_MAX
    for name, value in headers.items():
        # Headers of the server's own steer what it does with a message: they are kept under names that do not.
        sent = NOT_IN_NAMES.sub("_", f"{KEPT_PREFIX}{name}" if name.startswith(NATS_PREFIX) else name)
        room -= len(sent) + len(value.encode(errors="replace"))
        if sent and room >= 0:
            kept[sent] = _one_line(value)
    return kept


def _cursor_of(data: bytes) -> Cursor:
    try:
        return msgspec.json.decode(data, type=Cursor)
    except msgspec.DecodeError:
        return Cursor()  # losing it costs time only


def _one_line(text: str) -> str:
    """Return a text as a header can hold it."""
    return " ".join(text.split())
