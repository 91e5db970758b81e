"""The server killed, standing still, and back with its storage, without it, or with an older copy of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random

import pytest

from services.contract.answers import Receipt
from services.contract.subjects import IN_STREAM, in_subject
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.port import BusUnavailable, Outgoing
from tests.messaging.agreement import Agreed, Correspondence, agree, whole
from tests.messaging.serving import ROUNDS, Serving, until, until_health
from tests.messaging.steady_senders import BOOK, Senders
from tests.servers.nats import TestServer
from tests.services.messages import founding, vouchers

pytestmark = [pytest.mark.server, pytest.mark.slow]

KILLS = 3 * ROUNDS
HANGS = 1 * ROUNDS
ENDS = ("stopped", "killed")
ANSWER_SECONDS = 1.0
"""How long the senders' own connection waits for the server."""


class World:
    """A server, the service on it, and a sender."""

    def __init__(self, server: TestServer, serving: Serving, bus: NatsBus, place: Path) -> None:
        self.server = server
        self.serving = serving
        self.bus = bus
        self.place = place
        self.told = Correspondence(BOOK)

    async def agree(self) -> Agreed:
        """Compare everything."""
        return await agree(self.bus, self.place, self.told)

    async def more_answers(self, count: int) -> None:
        """Wait until so many more answers have come."""
        before = len(self.told.answers)

        async def missing() -> str:
            return "" if len(self.told.answers) >= before + count else f"{len(self.told.answers) - before} answers"

        await until(missing)

    async def server_does(self, *doings: Callable[[], object]) -> None:
        """Do things to the server while everything else goes on."""
        for doing in doings:
            await asyncio.to_thread(doing)


@contextlib.asynccontextmanager
async def a_world(server: TestServer, tmp_path: Path) -> AsyncIterator[World]:
    """Run the service on a server."""
    place = tmp_path / "books"
    with Serving(place, tmp_path / "serve", nats=server.url) as serving:
        async with connected(Access(urls=(server.url,)), "test") as client:
            world = World(server, serving, NatsBus(client, answer_seconds=ANSWER_SECONDS), place)
            try:
                yield world
            except AssertionError as error:
                error.add_note(serving.told()[-4000:])
                raise


def happens(server: TestServer, tmp_path: Path, story: Callable[[World], Awaitable[None]]) -> None:
    """Let a story happen, and compare everything at its end."""

    async def told() -> None:
        async with a_world(server, tmp_path) as world:
            await story(world)
            agreed = await world.agree()
        said = f"{agreed}, {len(world.told.sent)} sent, again {world.told.repeated}"
        print(said)  # noqa: T201 - shown with -rP

    asyncio.run(told())


def test_loses_nothing_when_the_server_is_killed(nats_server: TestServer, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        chance = Random(4)
        async with Senders(world.bus, world.told, 4).at_work():
            for _ in range(KILLS):
                await world.more_answers(1)
                await asyncio.sleep(chance.uniform(0, 0.1))
                await world.server_does(nats_server.kill9, nats_server.start)

    happens(nats_server, tmp_path, story)


def test_knows_what_was_published_when_the_acknowledgement_is_lost(nats_server: TestServer, tmp_path: Path) -> None:
    """The server is killed with a message before it: nobody knows whether it was kept."""
    chance = Random(6)
    outcomes: list[str] = []

    async def kept(world: World, number: int) -> str:
        before = world.bus.client.stats["out_msgs"]
        (line,) = world.told.wrote(vouchers(1, first=number))
        sending = asyncio.create_task(world.bus.append(IN_STREAM, [Outgoing(in_subject(BOOK), line)]))
        await until(lambda: _gone_out(world.bus, before))
        await asyncio.sleep(chance.uniform(0, 0.004))
        await world.server_does(nats_server.kill9, nats_server.start)
        try:
            await sending
        except BusUnavailable:
            found = [stored for stored in await whole(world.bus, IN_STREAM) if stored.data == line]
            return "kept" if found else "lost"
        return "acknowledged"

    async def story(world: World) -> None:
        await world.told.insist(world.bus, founding())
        for number in range(1, KILLS + 1):
            outcomes.append(await kept(world, number))
            (answer,) = await world.told.insist(world.bus, vouchers(1, first=number))
            assert isinstance(answer, Receipt)
            assert answer.position == 4 + number

    happens(nats_server, tmp_path, story)
    print(outcomes)  # noqa: T201 - shown with -rP


async def _gone_out(bus: NatsBus, before: int) -> str:
    """Tell whether a message has gone out of the program to the machine."""
    gone = bus.client.stats["out_msgs"] > before and bus.client.pending_data_size == 0
    return "" if gone else "the message waits to be sent"


def test_waits_for_a_server_that_stands_still(nats_server: TestServer, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with Senders(world.bus, world.told, 5).at_work():
            for _ in range(HANGS):
                await world.more_answers(1)
                nats_server.pause()
                await until_health(world.serving, lambda health: health.code("ingest", BOOK) == "bus_unavailable")
                nats_server.resume()
                await world.more_answers(1)
        await until_health(world.serving, lambda health: health.ready)

    happens(nats_server, tmp_path, story)


def test_goes_on_where_it_was_after_a_restart(nats_server: TestServer, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        first = await world.told.insist(world.bus, [*founding(), *vouchers(20)])
        await world.agree()
        await world.server_does(nats_server.restart)
        again = await world.told.insist(world.bus, [*founding(), *vouchers(30)])
        assert [answer.position for answer in again[:24]] == [answer.position for answer in first]  # type: ignore[union-attr]

    happens(nats_server, tmp_path, story)


@pytest.mark.parametrize("how", ENDS[:ROUNDS])
def test_fills_a_server_that_was_wiped(nats_server: TestServer, tmp_path: Path, how: str) -> None:
    end = nats_server.stop if how == "stopped" else nats_server.kill9

    async def story(world: World) -> None:
        await world.told.insist(world.bus, [*founding(), *vouchers(50)])
        await world.agree()
        await world.server_does(end, nats_server.wipe, nats_server.start)
        await asyncio.wait_for(_shown_again(world), 30)  # though nobody sends anything
        again = await world.told.insist(world.bus, [*founding(), *vouchers(60)])
        assert sum(isinstance(answer, Receipt) and answer.duplicate for answer in again) == 54

    happens(nats_server, tmp_path, story)


@pytest.mark.parametrize("how", ENDS[-ROUNDS:])
def test_fills_a_server_that_was_put_back(nats_server: TestServer, tmp_path: Path, how: str) -> None:
    end = nats_server.stop if how == "stopped" else nats_server.kill9

    async def story(world: World) -> None:
        await world.told.insist(world.bus, [*founding(), *vouchers(20)])
        await world.agree()
        await world.server_does(end, lambda: nats_server.save("old"), nats_server.start)
        await world.told.insist(world.bus, vouchers(50, first=21))
        await world.agree()
        await world.server_does(end, lambda: nats_server.put_back("old"), nats_server.start)
        await asyncio.wait_for(_shown_again(world), 30)
        await world.told.insist(world.bus, [*vouchers(90)])

    happens(nats_server, tmp_path, story)


def test_answers_what_was_published_and_lost_when_it_is_sent_again(nats_server: TestServer, tmp_path: Path) -> None:
    """Messages lie unanswered on the server, which then loses them; the senders wait, and send again."""

    async def story(world: World) -> None:
        await world.told.insist(world.bus, [*founding(), *vouchers(10)])
        await world.agree()
        world.serving.kill9()
        sending = asyncio.create_task(world.told.insist(world.bus, vouchers(20)))
        await until(lambda: _published(world, 34))
        await world.server_does(nats_server.kill9, nats_server.wipe, nats_server.start, world.serving.start)
        assert len(await sending) == 20

    happens(nats_server, tmp_path, story)


def test_takes_in_the_first_messages_on_a_server_that_was_wiped(nats_server: TestServer, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.server_does(nats_server.stop, nats_server.wipe, nats_server.start)
        await asyncio.wait_for(world.told.insist(world.bus, founding()), 20)

    happens(nats_server, tmp_path, story)


async def _published(world: World, last: int) -> str:
    try:
        state = await world.bus.state(IN_STREAM)
    except BusUnavailable as unavailable:
        return str(unavailable)
    return "" if state is not None and state.last >= last else f"the stream is {state}"


async def _shown_again(world: World) -> None:
    """Wait until the stream and the reports show the whole book."""
    await world.agree()
