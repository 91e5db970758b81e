"""For services that publish messages for a book: each gets its answer, whatever is sent twice."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from domain.kernel.refusal import Refusal, ensure
from services.contract.answers import Answer
from services.contract.subjects import IN_STREAM, SEQUENCE_HEADER, in_subject, receipts_stream, receipts_subject
from services.event_store.shelf import checked_name
from services.messaging.listening import Hearing, listening
from services.messaging.nats_bus import BATCH_MAX, NatsBus
from services.messaging.port import BusUnavailable, Outgoing

ANSWER_SECONDS = 30.0

LATE_SECONDS = 5.0
"""After so long without an answer, who sends is told that it waits."""

_answer = msgspec.json.Decoder(Answer).decode


class Unanswered(Refusal):
    """Messages are answered in time; if not, they may be sent again: what is in the book is not written twice."""

    code = "messages_unanswered"
    sv = (
        "Inte besvarade i tid, av meddelandena till {book}: {count}."
        " Skicka alla igen när en tjänst arbetar med boken: det som finns skrivs inte två gånger."
    )
    en = (
        "Not answered in time, of the messages for {book}: {count}."
        " Send all again when a service works for the book: what is there is not written twice."
    )


class Sender:
    """Publishes the messages for one book, in order, and returns the answers.

    `late` is told, once, how many messages are published and not answered, when none was answered for a while.
    """

    def __init__(self, bus: NatsBus, book: str, *, late: Callable[[int], None] | None = None) -> None:
        self.book = checked_name(book)
        self._late = late
        self._bus = bus
        self._stream = receipts_stream(book)

    async def send(self, messages: Sequence[bytes], *, answer_seconds: float | None = None) -> list[Answer]:
        """Publish messages, all or none, and return the answer to each, in order; at most 1000 at a time.

        Raises `BusUnavailable` (they may have been published or not) and `Unanswered`; both times send them again.
        """
        ensure(len(messages) <= BATCH_MAX, "more messages than are published together")
        if not messages:
            return []
        seconds = ANSWER_SECONDS if answer_seconds is None else answer_seconds
        async with listening(self._bus.client, receipts_subject(self.book)) as hearing:
            before = await self._answered_so_far()
            last = await self._bus.append(IN_STREAM, [Outgoing(in_subject(self.book), data) for data in messages])
            return await self._answers(before, range(last - len(messages) + 1, last + 1), (hearing, seconds))

    async def _answered_so_far(self) -> int:
        """Return the last sequence of the answers; 0 where nothing was ever answered."""
        try:
            found = await self._bus.last(self._stream, receipts_subject(self.book))
        except BusUnavailable:
            return 0  # the stream is made with the first message; without a bus, publishing will say so
        return 0 if found is None else found.sequence

    async def _answers(self, after: int, sequences: range, waiting: tuple[Hearing, float]) -> list[Answer]:
        hearing, seconds = waiting
        loop = asyncio.get_running_loop()
        heard = loop.time()
        deadline = heard + seconds
        answers: dict[int, Answer] = {}
        while len(answers) < len(sequences):
            try:
                batch = await self._bus.fetch(self._stream, after, BATCH_MAX)
            except BusUnavailable:
                batch = []
            for stored in batch:
                after = stored.sequence
                told = int(stored.headers.get(SEQUENCE_HEADER, 0))
                if told in sequences:
                    answers.setdefault(told, _answer(stored.data))
                    heard = loop.time()
            if not batch:
                if loop.time() > heard + LATE_SECONDS:
                    self._say_late(len(sequences) - len(answers))
                if loop.time() > deadline:
                    raise Unanswered(count=len(sequences) - len(answers), book=self.book)
                await hearing.wait()
        return [answers[sequence] for sequence in sequences]

    def _say_late(self, count: int) -> None:
        if self._late is not None:
            self._late(count)
            self._late = None
