"""Our own processes killed at any moment while messages come in and events go out, and two of them on one book."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from tests.contracts.conftest import postgres_database, postgres_dsn  # noqa: F401 - fixtures
from tests.messaging.agreement import Agreed, Correspondence, agree
from tests.messaging.serving import ROUNDS, Serving, until
from tests.messaging.steady_senders import BOOK, Senders
from tests.servers.nats import TestServer

pytestmark = [pytest.mark.server, pytest.mark.slow]

KILLS = 8 * ROUNDS
PLACES = ("sqlite", "postgres")


async def killed_often(serving: Serving, chance: Random, told: Correspondence) -> None:
    """Kill a process again and again while it starts, as soon as it has begun and while it works; leave it running."""
    for moment in _moments(chance):
        serving.launch()
        if moment != "starting":
            await until(lambda: _has_begun(serving))
        if moment == "at work":
            await _another_answer(told)
        await asyncio.sleep(chance.uniform(0, 0.3))
        await asyncio.to_thread(serving.kill9)
    await asyncio.to_thread(serving.start)


def _moments(chance: Random) -> list[str]:
    """Return when to kill: half of the time something has been done, however slow the machine is."""
    moments = ["at work", "begun", "at work", "starting"] * (KILLS // 4)
    chance.shuffle(moments)
    return moments


async def _another_answer(told: Correspondence) -> None:
    """Wait until a sender has got an answer that it has not got yet."""
    before = len(told.answers)

    async def missing() -> str:
        return "" if len(told.answers) > before else "no other answer"

    await until(missing)


async def _has_begun(serving: Serving) -> str:
    assert serving.alive, serving.told()
    return "" if serving.has_begun() else "serve has not begun"


async def survived(
    server: TestServer,
    place: str | Path,
    processes: Sequence[Serving],
    seed: int,
    data: Path,
    kill: Callable[[Serving, Random, Correspondence], Awaitable[None]] = killed_often,
) -> Agreed:
    """Send while the processes are killed, each by itself, and compare everything at the end."""
    told = Correspondence(BOOK)
    with contextlib.ExitStack() as stack:
        for serving in processes:
            stack.callback(serving.close)
        async with connected(Access(urls=(server.url,)), "test") as client:
            bus = NatsBus(client)
            async with Senders(bus, told, seed).at_work():
                killers = [kill(one, Random(f"{seed} {one.log.name}"), told) for one in processes]
                await asyncio.gather(*killers)
            try:
                agreed = await agree(bus, place, told, data=data)
            except AssertionError as error:
                for one in processes:
                    error.add_note(f"{one.log.name}:\n{one.told()[-2000:]}\n{one.get('/readyz')}")
                raise
    kills = sum(one.kills for one in processes)
    print(f"{kills} kills, {agreed}, {len(told.sent)} sent, again {told.repeated}")  # noqa: T201 - shown with -rP
    return agreed


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name where the books are."""
    return str(request.getfixturevalue("postgres_dsn")) if request.param == "postgres" else str(tmp_path / "books")


MakeServing = Callable[..., Serving]


@pytest.fixture
def serving(nats_server: TestServer, place: str, tmp_path: Path) -> MakeServing:
    """Make processes on the same bus and books."""

    def make(name: str, *only: str) -> Serving:
        return Serving(place, tmp_path / name, nats=nats_server.url, only=only)

    return make


def data_of(place: str, tmp_path: Path) -> Path:
    """Return the directory of layouts."""
    return tmp_path if "://" in place else Path(place)


@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_loses_nothing_when_killed(nats_server: TestServer, place: str, serving: MakeServing, tmp_path: Path) -> None:
    agreed = asyncio.run(survived(nats_server, place, [serving("one")], 1, data_of(place, tmp_path)))
    assert agreed.events > KILLS


@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_loses_nothing_when_the_process_that_writes_is_killed(
    nats_server: TestServer, place: str, serving: MakeServing, tmp_path: Path
) -> None:
    async def writer_killed_often(one: Serving, chance: Random, told: Correspondence) -> None:
        await asyncio.to_thread(one.start)
        while one.kills < KILLS:
            if one.kills % 2:
                await _another_answer(told)
            await asyncio.sleep(chance.uniform(0, 0.5))
            one.kill9_writer()

    data = data_of(place, tmp_path)
    agreed = asyncio.run(survived(nats_server, place, [serving("one")], 4, data, writer_killed_often))
    assert agreed.events > KILLS


@pytest.mark.parametrize("place", PLACES[:ROUNDS], indirect=True)
def test_loses_nothing_when_each_part_is_killed(
    nats_server: TestServer, place: str, serving: MakeServing, tmp_path: Path
) -> None:
    parts = [serving(kind, kind) for kind in ("ingest", "relay", "reports")]
    agreed = asyncio.run(survived(nats_server, place, parts, 2, data_of(place, tmp_path)))
    assert agreed.events > KILLS


@pytest.mark.parametrize("place", PLACES[:ROUNDS], indirect=True)
def test_two_processes_on_the_same_book_are_one(
    nats_server: TestServer, place: str, serving: MakeServing, tmp_path: Path
) -> None:
    async def side_by_side() -> Agreed:
        told = Correspondence(BOOK)
        with serving("one"), serving("two"):
            async with connected(Access(urls=(nats_server.url,)), "test") as client:
                bus = NatsBus(client)
                async with Senders(bus, told, 3).at_work():

                    async def enough() -> str:
                        return "" if len(told.answers) > 1000 * ROUNDS else f"{len(told.answers)} answers"

                    await until(enough)
                return await agree(bus, place, told, data=data_of(place, tmp_path))

    agreed = asyncio.run(side_by_side())
    assert agreed.receipts >= 2 * agreed.events - 4, "both answer everything"
