"""Questions over the bus, answered by the layer that the command line asks too.

A NATS service: it can be discovered and counted with the usual tools, and several processes share the work.
"""

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.micro.request import Request
from nats.micro.service import EndpointConfig, Service, ServiceConfig, ServiceStats

from domain.kernel.refusal import InvariantBroken, Refusal
from services.application.asking import Answered, Context, answer
from services.application.live_book import LiveBook
from services.contract.answers import Refused, refused_at
from services.contract.questions import QUESTIONS, Asked, read_question
from services.contract.subjects import query_subject
from services.event_store.failures import BookNotFound, StoreFailure
from services.messaging.observed import Observed
from services.messaging.reasons import program_wrong

VERSION = "1.0.0"
AT_ONCE = 4
"""Questions that are worked on at a time; the others wait for their turn."""

HEADERS_BYTES = 256
"""Room for the headers of an answer: the server counts them as part of the message."""

LOOK_SECONDS = 0.05
"""How often the book is looked at while a question waits for a position."""


class PositionNotReached(Refusal):
    """A question that waits for a position is answered when the book has it, if that is soon enough."""

    code = "position_not_reached"
    sv = "Boken {book} har {head} händelser och nådde inte {at_least} i tid."
    en = "The book {book} has {head} events and did not reach {at_least} in time."


class AnswerTooLarge(Refusal):
    """An answer fits into a message."""

    code = "answer_too_large"
    sv = "Svaret är {size} byte och ryms inte i ett meddelande ({limit}). Begränsa frågan, eller använd kommandoraden."
    en = "The answer is {size} bytes and does not fit into a message ({limit}). Narrow it, or use the command line."


class Tally:
    """What one endpoint has done: refused questions, the last refusal, and the time from question to answer."""

    def __init__(self) -> None:
        self.answered = 0
        self.refused = 0
        self.last_refusal: str | None = None
        self.nanoseconds = 0


class CountedService(Service):
    """A NATS service whose figures are those of its answers.

    The library counts the errors its handlers raise, and the time they take. Ours only take a question up, so that the
    next one need not wait, and answer later; what is raised it would answer itself, without our refusal as data.
    """

    def __init__(self, client: Client, config: ServiceConfig) -> None:
        super().__init__(client, config)
        self._tallies: list[Tally] = []

    async def listen(self, name: str, subject: str, handler: Callable[[Tally, Request], Awaitable[None]]) -> None:
        """Add an endpoint; its handler counts what it did in the tally it is given."""
        tally = Tally()
        await self.add_endpoint(EndpointConfig(name=name, subject=subject, handler=functools.partial(handler, tally)))
        self._tallies.append(tally)

    def stats(self) -> ServiceStats:
        """Return the figures as `$SRV.STATS` tells them."""
        stats = super().stats()
        for endpoint, tally in zip(stats.endpoints, self._tallies, strict=True):
            endpoint.num_errors = tally.refused
            endpoint.last_error = tally.last_refusal
            endpoint.processing_time = tally.nanoseconds
            endpoint.average_processing_time = tally.nanoseconds // max(1, tally.answered)
        return stats


class QueryService:
    """Answers questions to every book on the shelf, or to the `associations` that are named.

    `context` returns what an answer depends on besides the book. Where books are shared out between services, each
    listens for its own only: who takes a question of another's could but say that there is no such book.
    """

    def __init__(
        self,
        client: Client,
        open_book: Callable[[str], LiveBook],
        context: Callable[[], Context],
        observed: Observed,
        associations: Sequence[str] = (),
    ) -> None:
        self._associations = associations
        self._client = client
        self._open = open_book
        self._context = context
        self._observed = observed
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._ending = asyncio.Event()
        self._working: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answer while the block runs; questions that came before its end are answered, and wait no longer."""
        config = ServiceConfig(name="grundbok-query", version=VERSION, description="Reports, ledgers, traces, events.")
        service = CountedService(self._client, config)
        await service.start()
        for book in self._associations or ("*",):
            name = f"query-{book}" if self._associations else "query"
            await service.listen(name, query_subject(book, "*"), self._accept)
        # The server is to know us before we say that we run. The client's first ping overtakes what it has to send.
        await self._client.flush()
        await self._client.flush()
        try:
            yield
        finally:
            await service.stop()
            self._ending.set()
            await asyncio.gather(*self._working)

    async def _accept(self, tally: Tally, request: Request) -> None:
        """Take a question up and listen for the next one at once."""
        if not request._msg.reply:  # noqa: SLF001 - the library offers no other way to see it
            return
        task = asyncio.create_task(self._answer(tally, request))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _answer(self, tally: Tally, request: Request) -> None:
        """Answer a question; who asked without a reply subject, or is gone, gets nothing."""
        started = time.perf_counter_ns()
        with contextlib.suppress(nats.errors.Error):
            await self._replied(tally, request)
        tally.answered += 1
        tally.nanoseconds += time.perf_counter_ns() - started

    async def _replied(self, tally: Tally, request: Request) -> None:
        *_, book, question = request.subject.split(".")
        try:
            answered = await self._found(book, question, request.data)
            limit = self._client.max_payload - HEADERS_BYTES
            if len(answered.content) > limit:
                raise AnswerTooLarge(size=len(answered.content), limit=limit)
        except (Refusal, StoreFailure, InvariantBroken) as error:
            said = refused_at(error) if isinstance(error, Refusal) else _failed(error)
            self._observed.asked(question if question in QUESTIONS else "other", said.code)
            # In a header a sentence is one line, whatever it quotes.
            reason = " ".join(said.en.split())
            tally.refused += 1
            tally.last_refusal = f"{said.code}:{reason}"
            await request.respond_error(said.code, reason, data=msgspec.json.encode(said))
            return
        self._observed.asked(question, "answered")
        await request.respond(answered.content, headers={"Content-Type": answered.media})

    async def _found(self, book: str, question: str, data: bytes) -> Answered:
        asked = read_question(question, data)
        found = await self._reached(book, asked)
        async with self._turn:
            return await asyncio.to_thread(answer, found, asked, self._context())

    async def _reached(self, book: str, asked: Asked) -> LiveBook:
        """Open a book; wait until it has the position that is asked for, so that a writer reads what it wrote."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (asked.wait_seconds if asked.at_least else 0)
        while True:
            try:
                found = await asyncio.to_thread(self._open, book)
                head = await asyncio.to_thread(found.store.head) if asked.at_least else 0
            except BookNotFound:
                if self._ending.is_set() or loop.time() >= deadline:
                    raise
            else:
                if head >= asked.at_least:
                    return found
                if self._ending.is_set() or loop.time() >= deadline:
                    raise PositionNotReached(book=book, head=head, at_least=asked.at_least)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), LOOK_SECONDS)


def _failed(error: Exception) -> Refused:
    """Return what an answer says of a store that failed."""
    if not isinstance(error, StoreFailure):
        return Refused(code="internal", sv=program_wrong("sv", error), en=program_wrong("en", error), facts={})
    said = Refused(code=error.code, sv=error.sentence("sv"), en=error.sentence("en"), facts={})
    said.facts.update({name: str(fact) for name, fact in error.facts.items()})
    return said
