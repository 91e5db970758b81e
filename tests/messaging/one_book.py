"""A book on a bus, and the parts of the service that a test starts, steps and stops by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from nats.aio.client import Client

from domain.catalogue import AnyEvent
from services.application.asking import Context
from services.application.latest import Latest, latest_reports
from services.application.live_book import LiveBook
from services.application.queries import Layouts, book_layout, facts_of
from services.application.writer import BookWriter
from services.clock import FixedClock, swedish_day
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from services.messaging.consumer import Consumer
from services.messaging.inbound import IN_PLAN, Inbound
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.observed import Observed
from services.messaging.parts import Hints, IngestPart, keep_going
from services.messaging.query_service import QueryService
from services.messaging.relay import Relay
from services.messaging.report_board import ReportBoard
from services.messaging.sender import Sender
from services.messaging.writing import write_messages
from tests.services.messages import NOON, read

DECODE = catalogue_mapper().decode
LAYOUTS = Layouts()


class OneBook:
    """A book, its writer, and its place on the bus."""

    def __init__(self, name: str, shelf: BookShelf[AnyEvent], client: Client) -> None:
        self.name = name
        self.client = client
        self.clock = FixedClock(NOON)
        self.bus = NatsBus(client)
        self.store = shelf.create(name)
        self.relay = Relay(self.store, self.bus, DECODE)
        self._writer = BookWriter(self.store, self.clock)

    @property
    def consumer(self) -> Consumer:
        """Return a consumer that has seen nothing yet."""
        return Consumer(self.bus, self.name)

    @property
    def sender(self) -> Sender:
        """Return a sender."""
        return Sender(self.bus, self.name)

    def write(self, *messages: dict[str, Any]) -> int:
        """Write messages past the bus; return the head of the book."""
        self._writer.write(read(*messages))
        return self.store.head()

    async def publish(self, *messages: dict[str, Any]) -> int:
        """Write messages past the bus, and publish the events; return the head of the book."""
        head = self.write(*messages)
        await self.relayed()
        return head

    async def relayed(self, *, keep: int = 0) -> None:
        """Publish what there is; with `keep`, by a relay that begins anew."""
        if keep:
            self.relay = Relay(self.store, self.bus, DECODE, keep=keep)
        while await self.relay.step():
            pass

    async def shown(self) -> int:
        """Put up the reports; return their position."""

        def made(today: date) -> Latest:
            facts = facts_of(self.store, None)
            return latest_reports(facts, book_layout(facts, LAYOUTS), today)

        board = ReportBoard(self.name, self.bus, made, self.store.head, lambda: swedish_day(self.clock.now()))
        return await board.step()

    @asynccontextmanager
    async def ingesting(self) -> AsyncIterator[None]:
        """Take in messages from the bus while the block runs."""
        stopping, hint = asyncio.Event(), asyncio.Event()
        inbound = Inbound(self.name, self.bus, partial(write_messages, lambda: self._writer), lambda: self.store)
        part = IngestPart(inbound, Observed(), Hints())
        work = asyncio.create_task(keep_going(part, Observed(), stopping, hint))
        try:
            yield
        finally:
            stopping.set()
            await work


@asynccontextmanager
async def one_book(url: str, place: Path, name: str) -> AsyncIterator[OneBook]:
    """Give a new, empty book whose questions are answered."""
    with open_shelf(place, catalogue_mapper()) as shelf:
        async with connected(Access(urls=(url,)), name) as client:
            book = OneBook(name, shelf, client)

            def context() -> Context:
                return Context(LAYOUTS, swedish_day(book.clock.now()), DECODE)

            await book.bus.make(IN_PLAN)  # as the service does before it says that it runs
            async with QueryService(client, lambda name: LiveBook(shelf.open(name)), context, Observed()).running():
                yield book
