"""For services that consume a book: its events in order and without gap, its latest reports, answers to questions.

The position is the consumer's own to keep, in the same transaction as what it makes of the events: give the last one
that was handled and the next ones follow. What the stream does not hold, or no longer, is asked of the book itself.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import date
from typing import TypeVar

import msgspec
import nats.errors

from domain.kernel.refusal import Fact, Language, Refusal
from services.contract.answers import Refused
from services.contract.outgoing import DeliveredEvent, read_event
from services.contract.printed import ReportsShown
from services.contract.questions import (
    EVENTS_MAX,
    QUESTIONS,
    Asked,
    EventsAnswer,
    EventsAsked,
    PositionAnswer,
    PositionAsked,
)
from services.contract.subjects import (
    POSITION_KEY,
    REPORTS_BUCKET,
    bucket_stream,
    bucket_subject,
    events_stream,
    events_subjects,
    query_subject,
    report_key,
)
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelf import checked_name
from services.messaging.listening import listening
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_errors import no_answer
from services.messaging.port import BusUnavailable

PAUSE_SECONDS = 0.5
ANSWER_SECONDS = 40.0
"""How long an answer is waited for; a question may itself wait for a position."""

T = TypeVar("T")

_names = {kind: name for name, kind in QUESTIONS.items()}


class QuestionRefused(Refusal):
    """A question is answered; if not, this is what the book said."""

    code = "question_refused"
    sv = "Boken svarar: {reason}"
    en = "The book answers: {reason}"

    def __init__(self, refused: Refused) -> None:
        self.refused = refused
        super().__init__(reason=refused.en, answered=refused.code)

    def words(self, language: Language) -> dict[str, Fact]:
        """Return what the book said in the same language."""
        return {"reason": self.refused.sentence(language)}


class ConsumerAhead(Refusal):
    """A consumer has not handled more than the book has."""

    code = "consumer_ahead"
    sv = "Konsumenten har kommit till position {after}, men boken {book} har bara {head} händelser: den har bytts ut."
    en = "The consumer has come to position {after}, but the book {book} has only {head} events: it was replaced."


class Consumer:
    """Consumes one book over a connection; may be used by one task at a time."""

    def __init__(self, bus: NatsBus, book: str) -> None:
        self.book = checked_name(book)
        self.filled = 0
        """How many events were not in the stream and were asked of the book."""
        self._bus = bus
        self._client = bus.client
        self._stream = events_stream(book)

    async def events(self, after: int = 0) -> AsyncIterator[DeliveredEvent]:
        """Iterate for ever over the events after a position, each once and in order; wait for those to come.

        Outages of the bus are waited out. Raises `ConsumerAhead`, and what `read_event` raises for an event that this
        program does not know.
        """
        decode = catalogue_mapper().decode
        async for _, line in self.lines(after):
            yield read_event(line, decode)

    async def lines(self, after: int = 0) -> AsyncIterator[tuple[int, bytes]]:
        """Iterate as `events` does, over positions and CloudEvents as they are on the bus."""
        async with listening(self._client, events_subjects(self.book)) as hearing:
            while True:
                batch = await self._next(after)
                for line in batch:
                    after += 1
                    yield after, line
                if not batch:
                    await hearing.wait()

    async def position(self, registered_on: date | None = None) -> int:
        """Return the last position of the book, or of what was registered by the end of a day: where to begin."""
        data = await self.ask(PositionAsked(registered_on=registered_on))
        return msgspec.json.decode(data, type=PositionAnswer).position

    async def ask(self, question: Asked) -> bytes:
        """Return the answer to a question; raises `QuestionRefused` and `BusUnavailable`."""
        subject = query_subject(self.book, _names[type(question)])
        try:
            reply = await self._client.request(subject, msgspec.json.encode(question), timeout=ANSWER_SECONDS)
        except (nats.errors.Error, TimeoutError) as error:
            raise no_answer(self._client, error) from error
        if (reply.headers or {}).get("Nats-Service-Error-Code"):
            raise QuestionRefused(msgspec.json.decode(reply.data, type=Refused))
        return reply.data

    async def latest(self, report: str) -> bytes | None:
        """Return the latest of a report as JSON, or None where the book shows none of that name.

        Raises `BusUnavailable`, also when no book has ever shown a report.
        """
        subject = bucket_subject(REPORTS_BUCKET, report_key(self.book, report))
        found = await self._bus.last(bucket_stream(REPORTS_BUCKET), subject)
        return None if found is None else found.data

    async def shown(self) -> ReportsShown | None:
        """Return which reports are shown and what position they reflect, or None; raises as `latest` does."""
        data = await self.latest(POSITION_KEY)
        return None if data is None else msgspec.json.decode(data, type=ReportsShown)

    async def reports_reflect(self, position: int) -> ReportsShown:
        """Wait until the latest reports reflect a position, such as that of a receipt; return what they reflect.

        Outages of the bus are waited out.
        """
        subject = bucket_subject(REPORTS_BUCKET, report_key(self.book, POSITION_KEY))
        async with listening(self._client, subject) as hearing:
            while True:
                shown = None
                with contextlib.suppress(BusUnavailable):
                    shown = await self.shown()
                if shown is not None and shown.position >= position:
                    return shown
                await hearing.wait()

    async def _next(self, after: int) -> list[bytes]:
        """Return events that follow a position without gap; none when there are none, or the bus is out of reach."""
        try:
            batch = await self._bus.fetch(self._stream, after, EVENTS_MAX)
            if batch and batch[0].sequence == after + 1:
                return _unbroken([stored.data for stored in batch], [stored.sequence for stored in batch])
            return await self._from_the_book(after, upto=batch[0].sequence - 1 if batch else None)
        except BusUnavailable:
            await asyncio.sleep(PAUSE_SECONDS)
            return []

    async def _from_the_book(self, after: int, upto: int | None) -> list[bytes]:
        """Return what the stream lacks after a position; without `upto` it may lack nothing."""
        answer = await self.ask(EventsAsked(after=after, limit=EVENTS_MAX if upto else 1, upto=upto))
        found = msgspec.json.decode(answer, type=EventsAnswer)
        if found.head < after:
            raise ConsumerAhead(book=self.book, after=after, head=found.head)
        if upto is None:
            return []  # the relay is about to publish them
        self.filled += len(found.events)
        return [bytes(event) for event in found.events]


def _unbroken(events: list[T], sequences: list[int]) -> list[T]:
    """Return the events up to the first hole."""
    whole = next((place for place, sequence in enumerate(sequences) if sequence != sequences[0] + place), len(events))
    return events[:whole]
