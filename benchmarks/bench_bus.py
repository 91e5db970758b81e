"""The bus: messages in to receipts, events out, and how long one message takes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.synthetic import messages
from domain.catalogue import AnyEvent
from services.application.incoming import Unread
from services.application.writer import BookWriter
from services.clock import SystemClock
from services.contract.subjects import IN_STREAM, events_stream, events_subject, in_subject
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from services.messaging.inbound import IN_PLAN, Inbound
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_server import NatsServer
from services.messaging.port import Outgoing, StreamPlan
from services.messaging.relay import Relay
from services.messaging.writer_process import WriterProcess
from services.messaging.writing import Heard, read_heard
from services.settings import Settings
from services.writing import writer_process

MESSAGES, MESSAGES_SMOKE = 50_000, 1_500
ONE_BY_ONE, ONE_BY_ONE_SMOKE = 500, 20
BATCH = 1_000
WINDOW = 1_000
WINDOWED, WINDOWED_SMOKE = 5_000, 100
BOOK = "bench"


class Place:
    """A server, a connection and a shelf of books for one benchmark."""

    def __init__(self, client: Client, shelf: BookShelf[AnyEvent], process: WriterProcess) -> None:
        self.client = client
        self.bus = NatsBus(client)
        self.shelf = shelf
        self._process = process

    def writer(self, book: str = BOOK) -> BookWriter:
        """Return the writer of a new book."""
        return BookWriter(self.shelf.create(book), SystemClock())

    def inbound(self) -> Inbound:
        """Return the reader of messages for a book, which is written as the service does it."""
        return Inbound(BOOK, self.bus, partial(self._process.write, BOOK), lambda: None)


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    """Give a place on SQLite files and a server that acknowledges what is on disk."""
    with NatsServer(folder / "bus") as server, open_shelf(folder / "books", catalogue_mapper()) as shelf:
        client = await nats.connect(server.url, skip_subject_validation=True)
        process = writer_process(Settings(data=folder / "books"))
        process.start()
        try:
            yield Place(client, shelf, process)
        finally:
            process.close()
            await client.close()


async def seconds(work: Awaitable[object]) -> float:
    """Return how long something takes."""
    started = perf_counter()
    await work
    return perf_counter() - started


def lines(count: int) -> list[bytes]:
    """Return so many messages."""
    return [line.rstrip() for line in messages(count)]


async def send_all(at: Place, waiting: list[bytes]) -> None:
    """Publish messages as fast as the stream keeps them."""
    await at.bus.make(IN_PLAN)
    await at.bus.append(IN_STREAM, [Outgoing(in_subject(BOOK), line) for line in waiting])


async def take_all(inbound: Inbound, count: int) -> None:
    """Read, write and answer messages until so many are answered."""
    answered = 0
    while answered < count:
        answered += (await inbound.step(5.0)).messages
    await inbound.close()


async def write_all(writer: BookWriter, waiting: list[bytes]) -> None:
    """Write the same messages without a bus: the store's own limit."""
    for start in range(0, len(waiting), BATCH):
        some = [Heard(number, "", line) for number, line in enumerate(waiting[start : start + BATCH], start + 1)]
        writer.write(Unread(partial(map, read_heard, some), len(some)))


def run(benchmark: BenchmarkFixture, measure: Callable[[], Awaitable[dict[str, object]]]) -> None:
    """Run a measurement once, and keep what it found."""

    def work() -> dict[str, object]:
        return asyncio.run(_measured(measure))

    found = benchmark.pedantic(work, rounds=1, iterations=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info.update(found)


async def _measured(measure: Callable[[], Awaitable[dict[str, object]]]) -> dict[str, object]:
    return await measure()


@pytest.mark.benchmark(group="bus")
def bench_messages_to_receipts(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How fast do waiting messages become events on disk with receipts, against the store and the bus alone?"""
    waiting = lines(MESSAGES if benchmark.enabled else MESSAGES_SMOKE)

    async def measure() -> dict[str, object]:
        async with place(tmp_path) as at:
            store = await seconds(write_all(at.writer("alone"), waiting))
            bus = await seconds(send_all(at, waiting))
            whole = await seconds(take_all(at.inbound(), len(waiting)))
            assert at.shelf.open(BOOK).head() == at.shelf.open("alone").head() == len(waiting)
        limit = max(store, bus)
        return {
            "what": f"{len(waiting)} messages waiting, to receipts; limit: the slower of store and bus alone",
            "ours": round(len(waiting) / whole),
            "limit": round(len(waiting) / limit),
            "unit": "messages/s",
            "ratio": round(limit / whole, 3),
            "store_alone": round(len(waiting) / store),
            "bus_alone": round(len(waiting) / bus),
        }

    run(benchmark, measure)


@pytest.mark.benchmark(group="bus")
def bench_relay_of_events(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How fast are the events of a book published, against a plain publisher of the same bytes with a window?"""
    waiting = lines(MESSAGES if benchmark.enabled else MESSAGES_SMOKE)

    async def measure() -> dict[str, object]:
        async with place(tmp_path) as at:
            await write_all(at.writer(), waiting)
            relay = Relay(at.shelf.open(BOOK), at.bus, catalogue_mapper().decode)
            ours = await seconds(_relay_all(relay))
            events = await _events(at.bus, len(waiting))
            await at.bus.make(StreamPlan(name="plain", subjects=("plain.>",)))
            some = events[: WINDOWED if benchmark.enabled else WINDOWED_SMOKE]
            window = await seconds(_publish_with_window(at.client, "plain.x", some)) * len(events) / len(some)
            batches = await seconds(at.bus.append("plain", [Outgoing("plain.x", data) for data in events]))
        return {
            "what": f"{len(events)} events published; limit: one by one with {WINDOW} not yet acknowledged",
            "ours": round(len(events) / ours),
            "limit": round(len(events) / window),
            "unit": "events/s",
            "ratio": round(window / ours, 3),
            "atomic_batches_alone": round(len(events) / batches),
            "ratio_to_atomic_batches": round(batches / ours, 3),
        }

    run(benchmark, measure)


async def _relay_all(relay: Relay) -> None:
    while await relay.step():
        pass


async def _events(bus: NatsBus, count: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < count:
        found += [stored.data for stored in await bus.fetch(events_stream(BOOK), len(found), BATCH)]
    assert events_subject(BOOK, "voucher.posted") == (await bus.get(events_stream(BOOK), count)).subject  # type: ignore[union-attr]
    return found


async def _publish_with_window(client: Client, subject: str, data: list[bytes]) -> None:
    """Publish messages one by one, at most so many without an acknowledgement at a time."""
    inbox, room, done = client.new_inbox(), asyncio.Semaphore(WINDOW), asyncio.Event()
    left = len(data)

    async def acknowledged(message: Msg) -> None:
        nonlocal left
        assert b"error" not in message.data
        left -= 1
        room.release()
        if not left:
            done.set()

    subscription = await client.subscribe(inbox, cb=acknowledged)
    for one in data:
        await room.acquire()
        await client.publish(subject, one, reply=inbox)
    await done.wait()
    await subscription.unsubscribe()


@pytest.mark.benchmark(group="bus")
def bench_one_message_at_a_time(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How long does one message take from publishing to its receipt, against writing it without a bus?"""
    count = ONE_BY_ONE if benchmark.enabled else ONE_BY_ONE_SMOKE
    waiting = lines(count)

    async def measure() -> dict[str, object]:
        async with place(tmp_path) as at:
            alone = at.writer("alone")
            direct = [await seconds(write_all(alone, [line])) for line in waiting]
            inbound = at.inbound()
            await at.bus.make(IN_PLAN)
            await inbound.step(0.0)
            times = []
            for line in waiting:
                stepping = asyncio.create_task(inbound.step(5.0))
                times.append(await seconds(_sent_and_answered(at, line, stepping)))
            await inbound.close()
        return {
            "what": f"{count} messages, one at a time, to the receipt (50 %); limit: written without a bus",
            "ours": round(_p(times, 50), 2),
            "limit": round(_p(direct, 50), 2),
            "unit": "ms",
            "ratio": round(_p(times, 50) / _p(direct, 50), 2),
            "p99_ms": round(_p(times, 99), 2),
            "direct_p99_ms": round(_p(direct, 99), 2),
        }

    run(benchmark, measure)


async def _sent_and_answered(at: Place, line: bytes, stepping: "asyncio.Task[object]") -> None:
    await at.bus.append(IN_STREAM, [Outgoing(in_subject(BOOK), line)])
    await stepping


def _p(values: list[float], percent: int) -> float:
    """Return a percentile in milliseconds."""
    return quantiles(values, n=100)[percent - 1] * 1000
