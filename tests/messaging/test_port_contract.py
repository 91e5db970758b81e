"""The contract of the bus, kept by the server and by the model alike: what the model says of a part holds for both."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count

import pytest

from domain.kernel.refusal import Refusal
from services.contract.subjects import bucket_stream, bucket_subject
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.port import (
    Bus,
    BusUnavailable,
    Outgoing,
    Stored,
    StreamFull,
    StreamMissing,
    StreamPlan,
    StreamState,
    WrongSequence,
)
from tests.messaging.bus_model import BATCH_MAX, ModelBus, Server
from tests.messaging.reading import PATIENT, all_of

NUMBERS = count(1)
SHORT = 0.05
"""Seconds that a test waits for what must not come."""

Told = Callable[[Bus], Awaitable[None]]
On = Callable[[Told], None]


@pytest.fixture(params=["model", pytest.param("server", marks=pytest.mark.server)])
def on(request: pytest.FixtureRequest) -> On:
    """Run a story on a bus: the model of one, or a connection to a server."""
    if request.param == "model":
        return lambda told: asyncio.run(_on_model(told))
    url = request.getfixturevalue("nats_url")
    return lambda told: asyncio.run(_on_server(told, url))


async def _on_model(told: Told) -> None:
    await told(ModelBus(Server()))


async def _on_server(told: Told, url: str) -> None:
    async with connected(Access(urls=(url,)), "contract") as client:
        await told(NatsBus(client))


@pytest.fixture
def name() -> str:
    """Return a stream, and first token of its subjects, that no other test has."""
    return f"contract-{next(NUMBERS)}"


def plan(name: str, **changes: object) -> StreamPlan:
    """Return a stream of all subjects below its name."""
    return StreamPlan(name=name, subjects=(f"{name}.>",), **changes)  # type: ignore[arg-type]


def some(subject: str, number: int, first: int = 1) -> list[Outgoing]:
    """Return so many different messages."""
    return [Outgoing(subject, str(place).encode()) for place in range(first, first + number)]


def plain(stored: Stored | None) -> tuple[int, str, bytes, dict[str, str]] | None:
    """Return what was published; the server's own headers and its clock are its own business."""
    if stored is None:
        return None
    kept = {name: value for name, value in stored.headers.items() if not name.startswith("Nats-")}
    return stored.sequence, stored.subject, stored.data, kept


async def state_of(bus: Bus, name: str) -> tuple[int, int, int]:
    """Return first and last sequence and number of messages of a stream that exists."""
    state = await bus.state(name)
    assert state is not None
    return state.first, state.last, state.messages


async def refused(work: Awaitable[object], kind: type[Refusal]) -> None:
    """Check that a call is refused, and that the refusal speaks both languages."""
    with pytest.raises(kind) as raised:
        await work
    assert type(raised.value) is kind
    assert "{" not in raised.value.sentence("sv") + raised.value.sentence("en")


# --------------------------------------------------------------------------------------------- streams come and go


def test_a_stream_that_is_not_there(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        assert await bus.state(name) is None
        assert await bus.subjects(name, f"{name}.>") == {}
        await bus.drop(name)
        await refused(bus.reader(name, f"{name}.a", 0), StreamMissing)
        await refused(bus.delete(name, 1), StreamMissing)
        # Nobody answers where there is no stream, as when there is no server.
        await refused(bus.append(name, some(f"{name}.a", 1)), BusUnavailable)
        await refused(bus.append(name, some(f"{name}.a", 2)), BusUnavailable)
        await refused(bus.get(name, 1), BusUnavailable)
        await refused(bus.last(name, f"{name}.a"), BusUnavailable)

    on(told)


def test_an_empty_stream(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        made = await bus.make(plan(name))

        assert (made.first, made.last, made.messages) == (1, 0, 0)
        assert await bus.state(name) == made
        assert await bus.get(name, 1) is None
        assert await bus.last(name, f"{name}.a") is None
        assert await bus.subjects(name, f"{name}.>") == {}

    on(told)


def test_a_stream_that_is_there_is_left_as_it_is(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        made = await bus.make(plan(name))
        await bus.append(name, some(f"{name}.a", 3))

        again = await bus.make(plan(name, first=10, max_messages=1))

        assert again == StreamState(1, 3, 3, made.made)
        await bus.append(name, some(f"{name}.a", 1))
        assert await state_of(bus, name) == (1, 4, 4)

    on(told)


def test_a_stream_made_anew_is_another(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        first = await bus.make(plan(name))
        await bus.append(name, some(f"{name}.a", 3))

        await bus.drop(name)

        assert await bus.state(name) is None
        second = await bus.make(plan(name))
        assert (second.first, second.last, second.messages) == (1, 0, 0)
        assert second.made != first.made
        assert await bus.get(name, 1) is None

    on(told)


def test_a_stream_begins_where_it_is_told(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        made = await bus.make(plan(name, first=5))

        assert (made.first, made.last, made.messages) == (5, 4, 0)
        await refused(bus.append(name, some(f"{name}.a", 1), after=0), WrongSequence)
        assert await bus.append(name, some(f"{name}.a", 2), after=4) == 6
        assert await state_of(bus, name) == (5, 6, 2)
        assert await bus.get(name, 4) is None

    on(told)


# ------------------------------------------------------------------------------------------------------ appending


@pytest.mark.parametrize("number", [1, 2, BATCH_MAX, BATCH_MAX + 1, 2 * BATCH_MAX + 500])
def test_keeps_what_was_appended_in_order(on: On, name: str, number: int) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        await bus.append(name, some(f"{name}.z", 1))

        assert await bus.append(name, some(f"{name}.a", number), after=1) == number + 1

        assert await state_of(bus, name) == (1, number + 1, number + 1)
        reader = await bus.reader(name, f"{name}.a", 0)
        found = await all_of(reader, number)
        assert [stored.sequence for stored in found] == list(range(2, number + 2))
        assert [stored.data for stored in found] == [str(place).encode() for place in range(1, number + 1)]
        await reader.close()

    on(told)


def test_nothing_is_appended_of_nothing(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))

        assert await bus.append(name, []) == 0
        assert await bus.append(name, [], after=7) == 7
        assert await state_of(bus, name) == (1, 0, 0)

    on(told)


@pytest.mark.parametrize("number", [1, 2, BATCH_MAX + 1])
def test_appends_only_to_the_end_it_knew(on: On, name: str, number: int) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        await bus.append(name, some(f"{name}.a", 3))

        for wrong in (0, 2, 4):
            await refused(bus.append(name, some(f"{name}.a", number), after=wrong), WrongSequence)

        assert await state_of(bus, name) == (1, 3, 3)
        assert await bus.append(name, some(f"{name}.a", number), after=3) == 3 + number

    on(told)


def test_a_batch_is_taken_whole_or_not_at_all(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        await bus.append(name, some(f"{name}.a", 2))
        foreign = [*some(f"{name}.a", 1), Outgoing("another-stream.a", b"x"), *some(f"{name}.a", 1)]

        await refused(bus.append(name, foreign), BusUnavailable)
        await refused(bus.append(name, [*some(f"{name}.b", 2), Outgoing(f"{name}.a", b"x", {}, 1)]), WrongSequence)

        assert await state_of(bus, name) == (1, 2, 2)

    on(told)


def test_a_message_of_another_stream_is_not_taken(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        await bus.make(plan(f"{name}-b"))

        await refused(bus.append(name, some(f"{name}-b.a", 1)), BusUnavailable)

        assert await state_of(bus, name) == (1, 0, 0)
        assert await state_of(bus, f"{name}-b") == (1, 0, 0)

    on(told)


def test_the_end_of_a_subject_can_be_expected(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        a, b = f"{name}.a", f"{name}.b"

        assert await bus.append(name, [Outgoing(a, b"1", {}, 0)]) == 1
        await refused(bus.append(name, [Outgoing(a, b"2", {}, 0)]), WrongSequence)
        assert await bus.append(name, [Outgoing(b, b"1", {}, 0), *some(f"{name}.c", 2)]) == 4
        assert await bus.append(name, [Outgoing(a, b"2", {}, 1), Outgoing(b, b"2", {}, 2)]) == 6
        await refused(bus.append(name, [Outgoing(b, b"3"), Outgoing(a, b"3", {}, 1)]), WrongSequence)
        await refused(bus.append(name, [Outgoing(b, b"3"), Outgoing(b, b"4", {}, 7)]), WrongSequence)
        assert await state_of(bus, name) == (1, 6, 6)

    on(told)


def test_headers_and_any_bytes_are_kept(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        data = bytes(range(256))
        headers = {"Grundbok-Code": "kod", "X-Path": "räksmörgås"}

        await bus.append(name, [Outgoing(f"{name}.a", data, headers), Outgoing(f"{name}.a", b"")])

        assert plain(await bus.get(name, 1)) == (1, f"{name}.a", data, headers)
        reader = await bus.reader(name, f"{name}.a", 0)
        first, second = await all_of(reader, 2)
        assert plain(first) == (1, f"{name}.a", data, headers)
        assert plain(second) == (2, f"{name}.a", b"", {})
        assert first.at <= second.at
        await reader.close()

    on(told)


# --------------------------------------------------------------------------------------------------------- limits


def test_the_oldest_goes_where_old_is_discarded(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name, max_messages=3))
        await bus.append(name, some(f"{name}.a", 2))

        assert await bus.append(name, some(f"{name}.b", 3)) == 5

        assert await state_of(bus, name) == (3, 5, 3)
        assert await bus.subjects(name, f"{name}.*") == {f"{name}.b": 3}
        assert await bus.get(name, 2) is None
        assert await bus.last(name, f"{name}.a") is None

    on(told)


def test_each_subject_may_have_its_own_limit(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name, max_messages_per_subject=2))

        await bus.append(name, [*some(f"{name}.b", 1), *some(f"{name}.a", 3)])

        assert await bus.subjects(name, f"{name}.*") == {f"{name}.a": 2, f"{name}.b": 1}
        assert await state_of(bus, name) == (1, 4, 3)
        assert await bus.get(name, 2) is None

    on(told)


def test_a_stream_can_refuse_what_it_has_no_room_for(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name, max_messages_per_subject=2, refuse_when_full=True))
        await refused(bus.append(name, some(f"{name}.a", 3)), StreamFull)
        assert await state_of(bus, name) == (1, 0, 0)
        await bus.append(name, some(f"{name}.a", 2))

        await refused(bus.append(name, some(f"{name}.a", 1)), StreamFull)
        await refused(bus.append(name, [*some(f"{name}.b", 1), *some(f"{name}.a", 1)]), StreamFull)

        assert await bus.append(name, some(f"{name}.b", 2)) == 4
        assert await bus.subjects(name, f"{name}.*") == {f"{name}.a": 2, f"{name}.b": 2}

    on(told)


def test_a_message_can_be_deleted_where_that_is_allowed(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name, deletable=True))
        await bus.append(name, some(f"{name}.a", 3))

        await bus.delete(name, 2)
        assert await state_of(bus, name) == (1, 3, 2)
        assert await bus.get(name, 2) is None
        await refused(bus.delete(name, 2), BusUnavailable)
        await bus.delete(name, 1)
        assert await state_of(bus, name) == (3, 3, 1)
        await bus.delete(name, 3)
        assert await state_of(bus, name) == (4, 3, 0)
        assert await bus.last(name, f"{name}.a") is None
        assert await bus.append(name, some(f"{name}.a", 1), after=3) == 4

    on(told)


def test_no_message_is_deleted_elsewhere(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        await bus.append(name, some(f"{name}.a", 1))

        await refused(bus.delete(name, 1), BusUnavailable)

        assert await state_of(bus, name) == (1, 1, 1)

    on(told)


# --------------------------------------------------------------------------------------------- looking things up


def test_finds_the_last_of_a_subject(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        await bus.append(name, [*some(f"{name}.a", 2), *some(f"{name}.b.c", 1)])

        assert plain(await bus.last(name, f"{name}.a")) == (2, f"{name}.a", b"2", {})
        assert plain(await bus.last(name, f"{name}.b.c")) == (3, f"{name}.b.c", b"1", {})
        assert plain(await bus.last(name, f"{name}.>")) == (3, f"{name}.b.c", b"1", {})
        assert plain(await bus.last(name, f"{name}.*")) == (2, f"{name}.a", b"2", {})
        assert await bus.last(name, f"{name}.c") is None

    on(told)


def test_counts_the_messages_of_subjects(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        await bus.append(name, [*some(f"{name}.a", 2), *some(f"{name}.b.c", 1), *some(f"{name}.b.d", 1)])

        assert await bus.subjects(name, f"{name}.>") == {f"{name}.a": 2, f"{name}.b.c": 1, f"{name}.b.d": 1}
        assert await bus.subjects(name, f"{name}.*") == {f"{name}.a": 2}
        assert await bus.subjects(name, f"{name}.b.*") == {f"{name}.b.c": 1, f"{name}.b.d": 1}
        assert await bus.subjects(name, f"{name}.c") == {}

    on(told)


def test_a_bucket_keeps_the_last_value_of_each_key(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        stream, one, other = bucket_stream(name), bucket_subject(name, "a.one"), bucket_subject(name, "a.other")
        await bus.make_bucket(name)
        assert await bus.last(stream, one) is None

        assert await bus.append(stream, [Outgoing(one, b"1", {}, 0), Outgoing(other, b"1")]) == 2
        await bus.make_bucket(name)
        assert await bus.append(stream, [Outgoing(one, b"2", {}, 1), Outgoing(other, b"2")]) == 4
        await refused(bus.append(stream, [Outgoing(one, b"3", {}, 1), Outgoing(other, b"3")]), WrongSequence)

        assert plain(await bus.last(stream, one)) == (3, one, b"2", {})
        assert plain(await bus.last(stream, other)) == (4, other, b"2", {})
        assert await bus.subjects(stream, bucket_subject(name, ">")) == {one: 1, other: 1}

    on(told)


@pytest.mark.parametrize("header", ["Sökväg", "A/B", "(x)", "a b"])
def test_not_every_header_can_be_sent(on: On, name: str, header: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))

        await refused(bus.append(name, [Outgoing(f"{name}.a", b"1", {header: "x"})]), BusUnavailable)

        assert await bus.append(name, some(f"{name}.a", 1)) == 1

    on(told)


# -------------------------------------------------------------------------------------------------------- reading


def test_reads_what_comes_after_a_sequence(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        await bus.append(name, [*some(f"{name}.a", 2), *some(f"{name}.b", 2), *some(f"{name}.a", 2, 3)])
        for subject, after, expected in (
            ("a", 0, [1, 2, 5, 6]),
            ("a", 1, [2, 5, 6]),
            ("b", 0, [3, 4]),
            ("*", 2, [3, 4, 5, 6]),
            (">", 5, [6]),
        ):
            reader = await bus.reader(name, f"{name}.{subject}", after)
            assert [one.sequence for one in await all_of(reader, len(expected))] == expected
            assert await reader.next(10, SHORT) == []
            await reader.close()

    on(told)


def test_gives_no_more_at_a_time_than_was_asked_for(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        await bus.append(name, some(f"{name}.a", 5))
        reader = await bus.reader(name, f"{name}.a", 0)

        first = await reader.next(2, PATIENT)

        assert 1 <= len(first) <= 2
        rest = await all_of(reader, 5 - len(first))
        assert [one.sequence for one in (*first, *rest)] == [1, 2, 3, 4, 5]
        await reader.close()

    on(told)


def test_sees_what_is_appended_later(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        reader = await bus.reader(name, f"{name}.a", 0)
        assert await reader.next(10, SHORT) == []
        await bus.append(name, some(f"{name}.a", 1))
        assert [one.sequence for one in await all_of(reader, 1)] == [1]

        waiting = asyncio.ensure_future(reader.next(10, PATIENT))
        await asyncio.sleep(0)
        await bus.append(name, [*some(f"{name}.b", 1), *some(f"{name}.a", 1)])

        assert [one.sequence for one in await waiting] == [3]
        await reader.close()

    on(told)


def test_reads_beyond_the_end_when_it_comes(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        reader = await bus.reader(name, f"{name}.a", 2)
        await bus.append(name, some(f"{name}.a", 3))

        assert [one.sequence for one in await all_of(reader, 1)] == [3]
        await reader.close()

    on(told)


def test_passes_over_what_is_no_longer_there(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name, deletable=True, max_messages=4))
        await bus.append(name, some(f"{name}.a", 6))
        await bus.delete(name, 4)

        reader = await bus.reader(name, f"{name}.a", 0)

        assert [one.sequence for one in await all_of(reader, 3)] == [3, 5, 6]
        assert await reader.next(10, SHORT) == []
        await reader.close()

    on(told)


def test_two_readers_each_get_everything(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        readers = [await bus.reader(name, f"{name}.a", 0) for _ in range(2)]
        await bus.append(name, some(f"{name}.a", 30))

        for reader in readers:
            assert [one.sequence for one in await all_of(reader, 30)] == list(range(1, 31))
            await reader.close()

    on(told)


def test_a_reader_says_so_when_its_stream_is_gone(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        await bus.append(name, some(f"{name}.a", 1))
        reader = await bus.reader(name, f"{name}.a", 0)
        await all_of(reader, 1)

        await bus.drop(name)
        await bus.make(plan(name))
        await bus.append(name, some(f"{name}.a", 2))

        for _ in range(2):
            await refused(reader.next(10, PATIENT), BusUnavailable)
        await reader.close()

    on(told)


def test_a_reader_can_be_closed_twice(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        reader = await bus.reader(name, f"{name}.a", 0)

        await reader.close()
        await reader.close()

        with suppress(BusUnavailable):
            assert await reader.next(1, SHORT) == []

    on(told)


# A reader must not take a sender's header for a word of the server's own.
@pytest.mark.parametrize("status", ["100", "404", "408", "409", "503", ""])
def test_a_senders_header_can_have_any_name(on: On, name: str, status: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        headers = {"Status": status, "Description": "Consumer Deleted"}
        await bus.append(name, [Outgoing(f"{name}.a", b"1", headers), *some(f"{name}.a", 1, 2)])

        reader = await bus.reader(name, f"{name}.a", 0)

        assert [one.data for one in await all_of(reader, 2)] == [b"1", b"2"]
        assert plain(await bus.get(name, 1)) == (1, f"{name}.a", b"1", headers)
        await reader.close()

    on(told)


def test_a_message_that_is_too_large_hurts_nobody_else(on: On, name: str) -> None:
    async def told(bus: Bus) -> None:
        await bus.make(plan(name))
        large = Outgoing(f"{name}.a", b"x" * (8 * 1024 * 1024 - 10), {"Grundbok-Code": "y" * 100})

        await refused(bus.append(name, [large]), StreamFull)

        assert await bus.append(name, some(f"{name}.a", 1)) == 1

    on(told)
