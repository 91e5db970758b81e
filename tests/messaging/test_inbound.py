"""Messages in: wherever it is interrupted, each is in the book once, has its answer, and is left behind only then."""

import asyncio
from collections.abc import Collection
from functools import partial

import msgspec
import pytest

from domain.kernel.refusal import InvariantBroken
from services.application.incoming import Incoming
from services.contract.answers import Answer, Receipt, Refused
from services.contract.subjects import (
    CODE_HEADER,
    CURSORS_BUCKET,
    DEAD_STREAM,
    FIELD_HEADER,
    IN_STREAM,
    MADE_HEADER,
    REASON_EN_HEADER,
    REASON_HEADER,
    SEQUENCE_HEADER,
    bucket_stream,
    bucket_subject,
    cursor_key,
    events_stream,
    events_subject,
    events_subjects,
    in_subject,
    receipts_stream,
)
from services.messaging import inbound
from services.messaging.ahead import BusAhead, BusDiffers
from services.messaging.inbound import DEAD_BYTES_MAX, NOTHING, SAVE_EVERY, Cursor, Inbound
from services.messaging.port import BusUnavailable, Outgoing, StreamPlan, WrongSequence
from services.messaging.writing import Answered, write_messages
from tests.builders import a_voucher, lines
from tests.messaging.bus_model import Fault, ModelBus
from tests.messaging.bus_world import World, answers, crash, kept, letters, receipt_holds, send, tell, work
from tests.services.messages import envelope, founding, vouchers

BOOK = "alfa"
CURSORS, ANSWERS = f"append {bucket_stream(CURSORS_BUCKET)}", f"append {receipts_stream(BOOK)}"
CURSOR = bucket_subject(CURSORS_BUCKET, cursor_key(BOOK))
UNBALANCED = envelope(a_voucher(lines=lines((6570, 1), (1930, -2))), "x-1")


@pytest.fixture
def world() -> World:
    """Return a world with nothing in it."""
    return World([BOOK, "beta"])


def told(world: World) -> None:
    """Publish a founding, two vouchers, a message that is refused, and one that cannot be read: eight messages."""
    tell(world, BOOK, *founding(), *vouchers(2), UNBALANCED)
    send(world, BOOK, b"{")


def cursor(world: World) -> Cursor | None:
    """Return the saved cursor."""
    saved = kept(world, bucket_stream(CURSORS_BUCKET))
    return msgspec.json.decode(saved[-1].data, type=Cursor) if saved else None


def head(world: World) -> int:
    """Return the head of the book."""
    return world.shelf.open(BOOK).head()


def all_holds(world: World) -> bool:
    """Tell whether each message has an answer, and each receipt's position its message, once."""
    store = world.shelf.open(BOOK)
    given = answers(world, BOOK)
    assert {sequence for sequence, _ in given} == {
        stored.sequence for stored in kept(world, IN_STREAM) if stored.subject == in_subject(BOOK)
    }
    assert len(store.all_identities()) == len({event.recorded.message_id for _, event in store.events()})
    return all(receipt_holds(store, answer) for _, answer in given if isinstance(answer, Receipt))


def test_answers_each_message_and_moves_on(world: World) -> None:
    told(world)

    did = work(world, "inbound", BOOK)

    assert did == Answered(6, 0, {"voucher_not_balanced": 1, "not_json": 1}, 6)
    assert did.messages == 8
    assert [sequence for sequence, _ in answers(world, BOOK)] == list(range(1, 9))
    assert [answer.position for _, answer in answers(world, BOOK) if isinstance(answer, Receipt)] == list(range(1, 7))
    assert all((answer.file, answer.line) == (in_subject(BOOK), number) for number, answer in answers(world, BOOK)[6:])
    assert cursor(world) is None
    assert work(world, "inbound", BOOK) == NOTHING
    saved = cursor(world)
    assert saved is not None
    assert (saved.sequence, saved.answered) == (8, 8)
    assert all_holds(world)


def test_leaves_the_messages_of_others_alone(world: World) -> None:
    tell(world, "beta", *founding())
    told(world)

    work(world, "inbound", BOOK)

    assert [sequence for sequence, _ in answers(world, BOOK)] == list(range(5, 13))
    assert not world.shelf.exists("beta")
    assert not answers(world, "beta")


def test_begins_after_the_cursor(world: World) -> None:
    told(world)
    work(world, "inbound", BOOK)
    work(world, "inbound", BOOK)
    world.kill(world.processes[0])

    assert work(world, "inbound", BOOK) == NOTHING
    tell(world, BOOK, *vouchers(1, first=3))
    assert work(world, "inbound", BOOK) == Answered(1, 0, {}, 7)

    assert len(answers(world, BOOK)) == 9


@pytest.mark.parametrize(
    ("where", "fault", "times"),
    [
        ("book", Fault.KILLED_BEFORE, 1),
        ("book", Fault.KILLED_AFTER, 1),
        (f"append {DEAD_STREAM}", Fault.KILLED_BEFORE, 1),
        (f"append {DEAD_STREAM}", Fault.KILLED_AFTER, 1),
        (ANSWERS, Fault.KILLED_BEFORE, 1),
        (ANSWERS, Fault.KILLED_AFTER, 2),
    ],
)
def test_a_crash_loses_and_doubles_nothing(world: World, where: str, fault: Fault, times: int) -> None:
    told(world)
    crash(world, "inbound", BOOK, where, fault)

    work(world, "inbound", BOOK)

    assert head(world) == 6
    assert len(answers(world, BOOK)) == 8 * times
    assert [int(letter.headers[SEQUENCE_HEADER]) for letter in letters(world, BOOK)] == [7, 8]
    assert all_holds(world)


@pytest.mark.parametrize("fault", [Fault.KILLED_BEFORE, Fault.KILLED_AFTER])
def test_a_crash_between_the_answers_and_the_cursor(world: World, fault: Fault) -> None:
    told(world)
    work(world, "inbound", BOOK)
    first = answers(world, BOOK)
    crash(world, "inbound", BOOK, CURSORS, fault)

    did = work(world, "inbound", BOOK)

    if fault is Fault.KILLED_AFTER:
        assert did == NOTHING
        return
    assert (did.accepted, did.known, did.messages) == (0, 6, 8)
    again = answers(world, BOOK)[8:]
    assert all(answer.duplicate for _, answer in again if isinstance(answer, Receipt))
    assert [(number, _once(answer)) for number, answer in again] == first
    assert len(letters(world, BOOK)) == 2
    assert all_holds(world)


def _once(answer: Answer) -> Answer:
    return msgspec.structs.replace(answer, duplicate=False) if isinstance(answer, Receipt) else answer


@pytest.mark.parametrize("fault", [Fault.REQUEST_LOST, Fault.ANSWER_LOST])
@pytest.mark.parametrize("where", [ANSWERS, f"append {DEAD_STREAM}", "reader", "make", "last", "make_bucket"])
def test_a_call_that_fails_is_made_good(world: World, where: str, fault: Fault) -> None:
    told(world)
    world.weather.planned.append((where, fault))

    with pytest.raises(BusUnavailable):
        work(world, "inbound", BOOK)
    assert cursor(world) is None
    work(world, "inbound", BOOK)

    assert head(world) == 6
    assert len(letters(world, BOOK)) == 2
    assert all_holds(world)


@pytest.mark.parametrize("fault", [Fault.CONSUMER_LOST, Fault.DELIVERY_SKIPPED])
def test_a_reader_in_doubt_is_replaced(world: World, fault: Fault) -> None:
    told(world)
    world.weather.planned.append(("next", fault))

    for _ in range(4):
        try:
            work(world, "inbound", BOOK)
        except BusUnavailable:
            continue

    assert head(world) == 6
    assert len(letters(world, BOOK)) == 2
    assert all_holds(world)


# ----------------------------------------------------------------------------------------------------- the cursor


def test_the_cursor_is_saved_also_while_messages_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "BATCH_MESSAGES", 1)
    tell(world, BOOK, *founding(), *vouchers(SAVE_EVERY))

    for _ in range(SAVE_EVERY - 1):
        work(world, "inbound", BOOK)
    assert cursor(world) is None
    work(world, "inbound", BOOK)

    saved = cursor(world)
    assert saved is not None
    assert saved.sequence == SAVE_EVERY


def _put(world: World, data: bytes) -> None:
    world.server.append(bucket_stream(CURSORS_BUCKET), [Outgoing(CURSOR, data)])


def _saved_and_ended(world: World) -> Cursor:
    told(world)
    work(world, "inbound", BOOK)
    work(world, "inbound", BOOK)
    world.kill(world.processes[0])
    saved = cursor(world)
    assert saved is not None
    return saved


@pytest.mark.parametrize("changed", [{"made": "another"}, {"sequence": 999}, {"at": None}, {"answered": 999}])
def test_a_cursor_that_does_not_fit_counts_as_none(world: World, changed: dict[str, object]) -> None:
    saved = _saved_and_ended(world)
    _put(world, msgspec.json.encode(msgspec.structs.replace(saved, **changed)))

    assert work(world, "inbound", BOOK).known == 6

    assert len(letters(world, BOOK)) == 2
    assert all_holds(world)


@pytest.mark.parametrize("data", [b"", b"{", b'"x"', b'{"sequence":"8"}'])
def test_a_cursor_that_cannot_be_read_counts_as_none(world: World, data: bytes) -> None:
    _saved_and_ended(world)
    _put(world, data)

    assert work(world, "inbound", BOOK).known == 6


def test_a_stream_made_anew_is_read_from_its_beginning(world: World) -> None:
    _saved_and_ended(world)
    del world.server.streams[IN_STREAM]
    tell(world, BOOK, *vouchers(8, first=2), UNBALANCED)

    did = work(world, "inbound", BOOK)

    assert (did.accepted, did.known, did.refused) == (7, 1, {"voucher_not_balanced": 1})
    # The last dead letter has a sequence of the stream there was before.
    assert [int(letter.headers[SEQUENCE_HEADER]) for letter in letters(world, BOOK)] == [7, 8, 9]


def test_a_cursor_from_before_the_bus_was_put_back_skips_nothing(world: World) -> None:
    tell(world, BOOK, *founding(), *vouchers(1))
    copy = world.server.snapshot()
    tell(world, BOOK, *vouchers(3, first=2))
    work(world, "inbound", BOOK)
    work(world, "inbound", BOOK)
    late = kept(world, bucket_stream(CURSORS_BUCKET))[-1].data
    world.kill(world.processes[0])

    # Put back to when five messages had come; others then take the sequences of those that are lost.
    world.server.put_back(copy)
    tell(world, BOOK, *vouchers(5, first=11))
    work(world, "inbound", BOOK)
    _put(world, late)
    world.kill(world.processes[0])
    work(world, "inbound", BOOK)

    assert all_holds(world)
    assert {event.recorded.message_id for _, event in world.shelf.open(BOOK).events()} >= {
        f"v-{n}" for n in range(11, 16)
    }


def test_a_letter_from_before_the_bus_was_put_back_hides_nothing(world: World) -> None:
    tell(world, BOOK, *founding())
    copy = world.server.snapshot()
    send(world, BOOK, b"1", b"2", b"3")
    work(world, "inbound", BOOK)
    late = world.server.streams[DEAD_STREAM]

    world.server.put_back(copy)
    world.server.streams[DEAD_STREAM] = late
    world.kill(world.processes[0])
    send(world, BOOK, b"4", b"5", b"6")
    work(world, "inbound", BOOK)

    assert [letter.data for letter in letters(world, BOOK)] == [b"1", b"2", b"3", b"4", b"5", b"6"]
    assert all_holds(world)


def test_answers_that_were_put_back_are_given_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "BATCH_MESSAGES", 4)
    tell(world, BOOK, *founding(), *vouchers(8))
    work(world, "inbound", BOOK)
    copy = world.server.snapshot()
    work(world, "inbound", BOOK)

    # The reader holds the last four still, and goes on as if nothing had happened.
    world.server.put_back(copy)
    world.server.starts -= 1
    for _ in range(6):
        try:
            work(world, "inbound", BOOK)
        except BusUnavailable:
            continue
    world.kill(world.processes[0])
    work(world, "inbound", BOOK)

    assert all_holds(world)


def test_a_cursor_is_not_saved_where_its_answers_are_gone(world: World) -> None:
    told(world)
    work(world, "inbound", BOOK)
    world.server.purge(receipts_stream(BOOK), 8)
    del world.server.streams[receipts_stream(BOOK)]

    with pytest.raises(BusUnavailable):
        work(world, "inbound", BOOK)
    assert cursor(world) is None
    work(world, "inbound", BOOK)

    assert all_holds(world)


# ------------------------------------------------------------------------------------------------- dead letters


def test_a_dead_letter_has_the_bytes_the_headers_and_the_reason(world: World) -> None:
    headers = {"Traceparent": "00-1", "Nats-Msg-Id": "m-1", "Nats-Rollup": "all", "A/B (c)": "d", "Sökväg": "å"}
    send(world, BOOK, b"first")
    world.server.streams[IN_STREAM].kept[1].headers.update(headers)  # type: ignore[attr-defined]

    work(world, "inbound", BOOK)

    (letter,) = letters(world, BOOK)
    ((_, answer),) = answers(world, BOOK)
    assert isinstance(answer, Refused)
    assert letter.data == b"first"
    assert letter.headers == {
        "Traceparent": "00-1",
        "Grundbok-Had-Nats-Msg-Id": "m-1",
        "Grundbok-Had-Nats-Rollup": "all",
        "A_B__c_": "d",
        "S_kv_g": "å",
        SEQUENCE_HEADER: "1",
        MADE_HEADER: world.server.streams[IN_STREAM].made,
        CODE_HEADER: answer.code,
        FIELD_HEADER: answer.field,
        REASON_HEADER: answer.sv,
        REASON_EN_HEADER: answer.en,
    }


def test_a_message_as_large_as_the_server_takes_holds_nobody_up(world: World) -> None:
    send(world, BOOK, b"x" * (8 * 1024 * 1024 - 20), headers={"A": "b"})
    send(world, BOOK, b"y", headers={"A": "b" * 7_000_000, "C": "d"})
    tell(world, BOOK, *founding())

    did = work(world, "inbound", BOOK)

    assert (did.accepted, did.refused["line_too_long"]) == (4, 1)
    first, second = letters(world, BOOK)
    assert first.data == b"x" * DEAD_BYTES_MAX
    assert second.data == b"y"
    assert "A" not in second.headers
    world.kill(world.processes[0])
    assert work(world, "inbound", BOOK).known == 4
    assert len(letters(world, BOOK)) == 2


# ------------------------------------------------------------------------------------------- others, and what stops it


def test_two_processes_write_each_message_once() -> None:
    world = World([BOOK], processes=2)
    told(world)

    for process in (0, 1):
        work(world, "inbound", BOOK, process)
    tell(world, BOOK, *vouchers(2, first=3))
    for process in (1, 0):
        work(world, "inbound", BOOK, process)

    assert head(world) == 8
    assert len(answers(world, BOOK)) == 20
    assert len(letters(world, BOOK)) == 2
    assert all_holds(world)


def test_two_processes_bury_each_message_once() -> None:
    world = World([BOOK], processes=2)
    tell(world, BOOK, *founding())
    for process in (0, 1):
        work(world, "inbound", BOOK, process)
    send(world, BOOK, b"1", b"2")

    work(world, "inbound", BOOK, 0)
    with pytest.raises(WrongSequence):
        work(world, "inbound", BOOK, 1)
    send(world, BOOK, b"3")
    work(world, "inbound", BOOK, 1)
    with pytest.raises(WrongSequence):
        work(world, "inbound", BOOK, 0)
    work(world, "inbound", BOOK, 0)

    assert [letter.data for letter in letters(world, BOOK)] == [b"1", b"2", b"3"]
    assert all_holds(world)


class Broken:
    """A writer that has found a fault of the program."""

    def write(self, batch: Collection[Incoming]) -> list[Answer]:
        """Find it again."""
        raise InvariantBroken(f"the book is stopped before {len(batch)} messages")


def test_a_stopped_book_leaves_its_messages_where_they_are(world: World) -> None:
    told(world)
    stopped = Inbound(BOOK, ModelBus(world.server), partial(write_messages, Broken), lambda: None)

    for _ in range(2):
        with pytest.raises(InvariantBroken):
            asyncio.run(stopped.step(0))

    assert not answers(world, BOOK)
    assert cursor(world) is None
    assert work(world, "inbound", BOOK).accepted == 6


def test_says_how_far_behind_it_is_and_ends_in_good_order(world: World) -> None:
    async def lived() -> tuple[int, int]:
        mine = Inbound(BOOK, ModelBus(world.server), partial(write_messages, Answering), lambda: None)
        assert await mine.behind() == 0
        tell(world, BOOK, *founding())
        await mine.step(0)
        tell(world, BOOK, *vouchers(3))
        before = await mine.behind()
        await mine.step(0)
        await mine.close()
        return before, await mine.behind()

    assert asyncio.run(lived()) == (3, 0)
    saved = cursor(world)
    assert saved is not None
    assert saved.sequence == 7


class Answering:
    """A writer that refuses everything."""

    def write(self, batch: Collection[Incoming]) -> list[Answer]:
        """Refuse a batch."""
        return [Refused(code="no", sv="Nej.", en="No.", facts={}) for _ in batch]


def test_a_book_that_is_behind_its_stream_is_not_written(world: World) -> None:
    """It was put back to an older copy: its next position and voucher number have been given away already."""
    told(world)
    stream = events_stream(BOOK)
    world.server.make(StreamPlan(name=stream, subjects=(events_subjects(BOOK),)))
    world.server.append(stream, [Outgoing(events_subject(BOOK, "x.y"), b"{}")])

    with pytest.raises(BusAhead) as raised:
        work(world, "inbound", BOOK)

    assert (raised.value.facts["last"], raised.value.facts["head"]) == (1, 0)
    assert not world.shelf.exists(BOOK)
    assert not answers(world, BOOK)
    asyncio.run(world.processes[0].bus.drop(stream))
    work(world, "inbound", BOOK)
    assert head(world) == 6


def test_messages_are_read_again_when_somebody_says_so(world: World) -> None:
    told(world)
    work(world, "inbound", BOOK)
    work(world, "inbound", BOOK)
    world.kill(world.processes[0])

    asyncio.run(inbound.read_again(world.processes[0].bus, BOOK))

    again = work(world, "inbound", BOOK)
    assert (again.accepted, again.known) == (0, 6)
    assert len(letters(world, BOOK)) == 2


def test_a_book_that_differs_from_its_stream_is_not_written(world: World) -> None:
    """It is as long as the stream or longer, but another: an older copy that was written on past the bus."""
    told(world)
    work(world, "inbound", BOOK)
    work(world, "relay", BOOK)
    stream = events_stream(BOOK)
    world.server.lose(stream, 6)
    world.server.streams[stream].last = 5
    world.server.append(stream, [Outgoing(events_subject(BOOK, "voucher.posted"), b"{}")])
    world.kill(world.processes[0])
    tell(world, BOOK, *vouchers(2, first=30))

    with pytest.raises(BusDiffers) as raised:
        work(world, "inbound", BOOK)

    assert raised.value.facts == {"stream": stream, "book": BOOK, "position": 6}
    assert head(world) == 6
    asyncio.run(world.processes[0].bus.drop(stream))
    assert work(world, "inbound", BOOK).accepted == 2
