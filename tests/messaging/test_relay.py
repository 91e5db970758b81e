"""Events out: the stream is the book, position by position, whatever is lost, and it is never made to say less."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from domain.catalogue import AnyEvent
from services.application.writer import BookWriter
from services.contract.answers import Receipt
from services.contract.outgoing import EventEncoder, owner_of
from services.contract.subjects import events_stream, events_subject
from services.event_store.store import BookStore
from services.messaging import relay
from services.messaging.ahead import BusAhead, BusDiffers
from services.messaging.port import BusUnavailable, Outgoing, StreamState, WrongSequence
from services.messaging.relay import LOOK_AGAIN_STEPS, Relay
from tests.messaging.bus_model import Fault, ModelBus, Weather
from tests.messaging.bus_world import CLOCK, MAPPER, World, crash, kept, work
from tests.services.messages import founding, read, vouchers

BOOK = "alfa"
STREAM = events_stream(BOOK)


@pytest.fixture
def world() -> World:
    """Return a world with a book of ten events."""
    return begun()


def begun(*, keep: int = 0, processes: int = 1) -> World:
    """Return a world with a book of ten events."""
    world = World([BOOK], keep=keep, processes=processes)
    write(world.shelf.create(BOOK), *founding(), *vouchers(6))
    return world


def write(store: BookStore[AnyEvent], *messages: dict[str, Any]) -> None:
    """Write messages that are all accepted."""
    assert all(isinstance(answer, Receipt) for answer in BookWriter(store, CLOCK).write(read(*messages)))


def more(world: World, number: int) -> None:
    """Let the book grow."""
    write(book(world), *vouchers(number, first=book(world).head()))


def book(world: World) -> BookStore[AnyEvent]:
    """Return the book."""
    return world.shelf.open(BOOK)


def is_the_book(world: World, first: int = 1) -> bool:
    """Tell whether the stream has all events of the book from a position on, byte by byte, and no other."""
    store = book(world)
    encoder = EventEncoder(BOOK, owner_of(BOOK, store.read(0, 1)[0][1], MAPPER.decode), MAPPER.decode)
    expected = []
    for position, data in store.read(first - 1, 10_000):
        tag, told = encoder.encode(position, data)
        expected.append((position, events_subject(BOOK, tag), told))
    return [(one.sequence, one.subject, one.data) for one in kept(world, STREAM)] == expected


def steps(world: World, number: int, process: int = 0) -> list[object]:
    """Return what so many steps did, or the code of what stood in their way."""
    return [work(world, "relay", BOOK, process) for _ in range(number)]


def test_publishes_each_event_at_its_position(world: World) -> None:
    assert steps(world, 2) == [10, 0]

    assert is_the_book(world)
    more(world, 2)
    assert steps(world, 2) == [2, 0]
    assert is_the_book(world)


def test_publishes_batch_by_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "BATCH_EVENTS", 4)

    assert steps(world, 4) == [4, 4, 2, 0]

    assert is_the_book(world)


def test_a_book_without_events_has_an_empty_stream() -> None:
    world = World([BOOK])
    world.shelf.create(BOOK)

    assert steps(world, 2) == [0, 0]

    assert kept(world, STREAM) == []


@pytest.mark.parametrize("fault", [Fault.REQUEST_LOST, Fault.ANSWER_LOST])
@pytest.mark.parametrize("where", [f"append {STREAM}", "make", "state"])
def test_a_call_that_fails_is_made_good(world: World, where: str, fault: Fault) -> None:
    world.weather.planned.append((where, fault))

    with pytest.raises(BusUnavailable):
        work(world, "relay", BOOK)
    steps(world, 2)

    assert is_the_book(world)
    more(world, 3)
    assert steps(world, 1) == [3]
    assert is_the_book(world)


@pytest.mark.parametrize("fault", [Fault.KILLED_BEFORE, Fault.KILLED_AFTER])
def test_another_process_goes_on(world: World, fault: Fault) -> None:
    steps(world, 1)
    more(world, 3)
    crash(world, "relay", BOOK, f"append {STREAM}", fault)

    steps(world, 2)

    assert is_the_book(world)


def test_two_relays_fence_each_other() -> None:
    world = begun(processes=2)
    steps(world, 1, process=0)
    steps(world, 1, process=1)
    more(world, 3)

    assert steps(world, 1, process=1) == [3]
    with pytest.raises(WrongSequence):
        work(world, "relay", BOOK, 0)

    assert steps(world, 1, process=0) == [0]
    assert is_the_book(world)


# ------------------------------------------------------------------------------------------------- what befalls it


def purged(world: World) -> None:
    """Lose the beginning of the stream."""
    world.server.purge(STREAM, 4)


def holed(world: World) -> None:
    """Lose an event in the middle of the stream."""
    world.server.lose(STREAM, 5)


def wiped(world: World) -> None:
    """Lose everything."""
    world.server.wipe()


def emptied(world: World) -> None:
    """Lose all events; the stream stays."""
    world.server.purge(STREAM, 10)


@pytest.mark.parametrize("befalls", [purged, holed, wiped, emptied])
@pytest.mark.parametrize("grows", [0, 3])
def test_a_stream_that_lacks_something_is_made_anew(world: World, befalls: Callable[[World], None], grows: int) -> None:
    steps(world, 1)
    befalls(world)
    more(world, grows)
    world.kill(world.processes[0])

    steps(world, 2)

    assert is_the_book(world)


@pytest.mark.parametrize("befalls", [purged, holed, wiped, emptied])
def test_the_loss_is_seen_also_while_nothing_happens(world: World, befalls: Callable[[World], None]) -> None:
    steps(world, 2)
    befalls(world)

    steps(world, LOOK_AGAIN_STEPS + 1)

    assert is_the_book(world)


@pytest.mark.parametrize("befalls", [purged, holed, wiped, emptied])
def test_the_loss_is_seen_at_once_after_an_outage(world: World, befalls: Callable[[World], None]) -> None:
    steps(world, 2)
    befalls(world)
    world.processes[0].bus.connections += 1

    steps(world, 2)

    assert is_the_book(world)


def test_a_stream_put_back_to_an_earlier_copy_is_continued(world: World) -> None:
    steps(world, 1)
    copy = world.server.snapshot()
    more(world, 3)
    steps(world, 1)
    world.server.put_back(copy)
    more(world, 1)
    made = world.server.streams[STREAM].made

    with pytest.raises(WrongSequence):
        work(world, "relay", BOOK)
    assert steps(world, 1) == [4]

    assert is_the_book(world)
    assert world.server.streams[STREAM].made == made


# ------------------------------------------------------------------------------------------------- the last events only


def test_begins_where_retention_would() -> None:
    world = begun(keep=4)

    assert steps(world, 2) == [4, 0]

    assert is_the_book(world, first=7)
    more(world, 3)
    assert steps(world, 1) == [3]
    assert is_the_book(world, first=10)


def test_a_stream_of_the_last_events_is_continued_after_a_rest() -> None:
    world = begun(keep=4)
    steps(world, 1)
    made = world.server.streams[STREAM].made
    more(world, 20)
    world.kill(world.processes[0])

    assert steps(world, 1) == [20]

    assert is_the_book(world, first=27)
    assert world.server.streams[STREAM].made == made


def test_a_stream_that_is_to_hold_more_is_made_anew() -> None:
    world = begun(keep=4)
    steps(world, 1)
    world.keep = 0
    world.kill(world.processes[0])

    assert steps(world, 1) == [10]

    assert is_the_book(world)


# -------------------------------------------------------------------------------------------- what the bus knows better


def test_a_bus_that_is_ahead_stops_the_relay_and_is_left_alone(world: World) -> None:
    steps(world, 1)
    world.server.append(STREAM, [Outgoing(events_subject(BOOK, "voucher.posted"), b"{}")])
    world.kill(world.processes[0])
    before = kept(world, STREAM)

    with pytest.raises(BusAhead) as raised:
        work(world, "relay", BOOK)

    assert raised.value.facts == {"stream": STREAM, "last": 11, "book": BOOK, "head": 10}
    assert "{" not in raised.value.sentence("sv") + raised.value.sentence("en")
    assert kept(world, STREAM) == before


def test_a_bus_that_says_something_else_stops_the_relay_and_is_left_alone(world: World) -> None:
    steps(world, 1)
    other = World([BOOK])
    write(other.shelf.create(BOOK), *founding(), *vouchers(7, first=20))
    before = kept(world, STREAM)
    stranger = Relay(book(other), ModelBus(world.server), MAPPER.decode)

    with pytest.raises(BusDiffers) as raised:
        asyncio.run(stranger.step())

    assert raised.value.facts == {"stream": STREAM, "book": BOOK, "position": 10}
    assert "{" not in raised.value.sentence("sv") + raised.value.sentence("en")
    assert kept(world, STREAM) == before
    asyncio.run(stranger.rebuild())
    assert asyncio.run(stranger.step()) == 11


@pytest.mark.parametrize("garbage", [b"", b"{", b'{"id":1}', b'{"id":"alfa/10","data":{}}'])
def test_a_last_event_that_cannot_be_read_differs(world: World, garbage: bytes) -> None:
    steps(world, 1)
    world.server.lose(STREAM, 10)
    world.server.streams[STREAM].last = 9
    world.server.append(STREAM, [Outgoing(events_subject(BOOK, "voucher.posted"), garbage)])
    world.kill(world.processes[0])

    with pytest.raises(BusDiffers):
        work(world, "relay", BOOK)


class Overtaken(ModelBus):
    """A bus that others use just before it is asked how a stream stands."""

    def __init__(self, world: World, others: Callable[[], None]) -> None:
        super().__init__(world.server, Weather())
        self._others = others

    async def state(self, stream: str) -> StreamState | None:
        """Return how a stream stands when the others are done."""
        await asyncio.to_thread(self._others)
        return await super().state(stream)


def test_what_others_write_and_publish_meanwhile_is_not_ahead(world: World) -> None:
    def others() -> None:
        more(world, 2)
        steps(world, 1)

    steps(world, 1)

    assert asyncio.run(Relay(book(world), Overtaken(world, others), MAPPER.decode).step()) == 0
    assert is_the_book(world)


def test_says_how_far_behind_it_is(world: World) -> None:
    async def lived() -> list[int]:
        mine = Relay(book(world), ModelBus(world.server), MAPPER.decode)
        seen = [await mine.behind()]
        await mine.step()
        seen.append(await mine.behind())
        await asyncio.to_thread(more, world, 2)
        seen.append(await mine.behind())
        for _ in range(2 * LOOK_AGAIN_STEPS):
            await mine.step()
            seen.append(await mine.behind())
        return seen

    assert asyncio.run(lived()) == [10, 0, 2, *[0] * 2 * LOOK_AGAIN_STEPS]
