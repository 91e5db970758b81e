"""Those who read: one that is slow, one that the server drops, and all of them over a server that comes back."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from nats.aio.msg import Msg

from services.contract.subjects import events_stream, events_subjects
from services.messaging.consumer import Consumer
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from tests.messaging.agreement import Correspondence, agree
from tests.messaging.serving import DEADLINE_SECONDS, Serving, until
from tests.messaging.steady_senders import BOOK, Senders
from tests.servers.nats import TestServer
from tests.services.messages import founding, vouchers

pytestmark = [pytest.mark.server, pytest.mark.slow]

Story = Callable[[NatsBus, Correspondence], Awaitable[None]]


class Reading:
    """What a consumer that keeps its position has handled."""

    def __init__(self, server: TestServer, *, pauses: Callable[[], float] = lambda: 0.0) -> None:
        self.positions: list[int] = []
        self.filled = 0
        self._server = server
        self._pauses = pauses

    async def upto(self, position: int) -> None:
        """Read on, over a connection of its own, until a position is handled."""
        async with connected(Access(urls=(self._server.url,)), "consumer") as client:
            consumer = Consumer(NatsBus(client, answer_seconds=1), BOOK)
            after = self.positions[-1] if self.positions else 0
            async for event in consumer.events(after):
                self.positions.append(event.position)
                if pause := self._pauses():
                    await asyncio.sleep(pause)  # its work is slow
                if event.position >= position:
                    break
            self.filled += consumer.filled

    def check(self, position: int) -> None:
        """Check that everything was handled once and in order."""
        assert self.positions == list(range(1, position + 1))


def happens(server: TestServer, tmp_path: Path, story: Story, environment: dict[str, str] | None = None) -> None:
    """Run the service and let a story happen."""

    async def told() -> None:
        letters = Correspondence(BOOK)
        async with connected(Access(urls=(server.url,)), "test") as client:
            bus = NatsBus(client, answer_seconds=1)
            await letters.insist(bus, founding())
            await asyncio.wait_for(story(bus, letters), 2 * DEADLINE_SECONDS)
            if not environment:
                await agree(bus, tmp_path / "books", letters)

    with Serving(tmp_path / "books", tmp_path / "serve", nats=server.url, environment=environment) as serving:
        try:
            asyncio.run(told())
        except (AssertionError, TimeoutError) as error:
            error.add_note(serving.told()[-3000:])
            raise


def test_gives_a_slow_consumer_everything_once(nats_server: TestServer, tmp_path: Path) -> None:
    chance = Random(9)
    reading = Reading(nats_server, pauses=lambda: chance.choice((0, 0, 0.01)))

    async def story(bus: NatsBus, told: Correspondence) -> None:
        slow = asyncio.create_task(reading.upto(304))
        await told.insist(bus, vouchers(300))
        await slow
        reading.check(304)

    happens(nats_server, tmp_path, story)


def test_gives_everything_once_over_a_server_that_restarts(nats_server: TestServer, tmp_path: Path) -> None:
    reading = Reading(nats_server)

    async def story(bus: NatsBus, told: Correspondence) -> None:
        going = asyncio.create_task(reading.upto(104))
        await told.insist(bus, vouchers(50))
        await asyncio.to_thread(nats_server.kill9)
        await asyncio.to_thread(nats_server.start)
        await told.insist(bus, vouchers(50, first=51))
        await going
        reading.check(104)

    happens(nats_server, tmp_path, story)


def test_gives_everything_once_over_a_server_that_is_wiped(nats_server: TestServer, tmp_path: Path) -> None:
    reading = Reading(nats_server)

    async def story(bus: NatsBus, told: Correspondence) -> None:
        await told.insist(bus, vouchers(50))
        await reading.upto(30)
        going = asyncio.create_task(reading.upto(104))
        await asyncio.to_thread(nats_server.stop)
        nats_server.wipe()
        await asyncio.to_thread(nats_server.start)
        await told.insist(bus, vouchers(50, first=51))
        await going
        reading.check(104)

    happens(nats_server, tmp_path, story)


def test_fills_from_the_book_what_the_stream_no_longer_has(nats_server: TestServer, tmp_path: Path) -> None:
    reading = Reading(nats_server)

    async def story(bus: NatsBus, told: Correspondence) -> None:
        for first in range(1, 101, 20):
            await told.insist(bus, vouchers(20, first=first))

        async def missing() -> str:
            state = await bus.state(events_stream(BOOK))
            return "" if state is not None and (state.first, state.last) == (95, 104) else f"the stream is {state}"

        await until(missing)
        await reading.upto(104)
        reading.check(104)
        assert reading.filled == 94

    happens(nats_server, tmp_path, story, {"GRUNDBOK_EVENTS_KEEP": "10"})


def test_is_not_held_up_by_a_subscriber_that_is_dropped(nats_server: TestServer, tmp_path: Path) -> None:
    """A subscriber that takes nothing off its connection loses messages; nobody else does, and it can read them up."""
    heard: list[Msg] = []
    held = asyncio.Event()

    async def hold(message: Msg) -> None:
        heard.append(message)
        await held.wait()

    async def story(bus: NatsBus, told: Correspondence) -> None:
        async with connected(Access(urls=(nats_server.url,)), "deaf") as deaf:
            await deaf.subscribe(events_subjects(BOOK), cb=hold, pending_msgs_limit=10)
            await deaf.flush()
            async with Senders(bus, told, 10).at_work():

                async def enough() -> str:
                    return "" if len(told.answers) > 300 else f"{len(told.answers)} answers"

                await until(enough)
            await agree(bus, tmp_path / "books", told)
            held.set()
        last = await bus.state(events_stream(BOOK))
        assert last is not None
        assert len(heard) < last.last, "it lost some"
        reading = Reading(nats_server)
        await reading.upto(last.last)
        reading.check(last.last)

    happens(nats_server, tmp_path, story)
