"""Hundreds of histories of faults from seeds; after each the book, the streams and the bucket must tell the same story.

`GRUNDBOK_BUS_SEEDS=10000` tries more seeds, `GRUNDBOK_BUS_SEED=n` one, as a failure says.
"""

import asyncio
import os
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from random import Random

import msgspec
import pytest

from domain.catalogue import AnyEvent
from services.application.writer import BookWriter
from services.contract.answers import Answer, Receipt, Refused
from services.contract.envelope import Message
from services.contract.outgoing import EventEncoder, owner_of
from services.contract.printed import ReportsShown
from services.contract.subjects import (
    CODE_HEADER,
    CURSORS_BUCKET,
    DEAD_STREAM,
    IN_STREAM,
    REPORTS_BUCKET,
    SEQUENCE_HEADER,
    bucket_stream,
    bucket_subject,
    dead_subject,
    events_stream,
    events_subject,
    in_subject,
    receipts_stream,
    report_key,
)
from services.event_store.shelves import open_shelf
from services.event_store.store import BookStore
from services.messaging.inbound import IN_PLAN
from services.messaging.port import Outgoing, Stored, StreamFull
from services.messaging.writing import heard_of, read_heard
from tests.messaging.bus_model import inline
from tests.messaging.bus_workload import BOOKS, disordered, messages
from tests.messaging.bus_world import CLOCK, KINDS, MAPPER, Process, World, content_of, receipt_holds, reports_of

pytestmark = pytest.mark.slow

SEEDS = int(os.environ.get("GRUNDBOK_BUS_SEEDS", "400"))
ONE_SEED = os.environ.get("GRUNDBOK_BUS_SEED")
CHUNKS = 8
"""Tests that the seeds are divided among, so that several processes can share them."""

SENT_AGAIN = 0.05
"""How often a sender does not hear that its message was taken, and repeats it."""

KEPT = 7
LATER_BEGINNING = 3

_answer = msgspec.json.Decoder(Answer).decode


class History:
    """One history: what its seed lets happen, and what was seen on the way."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        self.random = random
        self.world = World(
            tuple(BOOKS), processes=random.choice((1, 1, 2)), keep=random.choice((0, 0, KEPT)), random=random
        )
        self.world.weather.chance = random.choice((0.0, 0.01, 0.05))
        self.kill_chance = random.choice((0.0, 0.002, 0.01))
        self.misfortunes: list[Callable[[], None]] = random.sample(
            [self.restart, self.silence, self.fill, self.wipe, self.put_back, self.purge, self.hole, self.shorten],
            random.randint(0, 4),
        )
        self.lost = False
        self.copies = [self.world.server.snapshot()]
        self.seen: dict[str, dict[bytes, Receipt]] = defaultdict(dict)
        self.happened: Counter[str] = Counter()
        self.queues = {
            book: disordered(random, list(messages(random, book, random.randint(5, 30)))) for book in self.world.books
        }

    def live(self) -> None:
        """Let everybody do their work, and everything happen, until all messages are sent; then let it calm down."""
        world, random = self.world, self.random
        for _ in range(random.randint(300, 1500)):
            chance = random.random()
            if chance < 0.15:
                self.send()
            elif chance < 0.155 and self.misfortunes:
                self.note_receipts()
                happens = random.choice(self.misfortunes)
                self.happened[happens.__name__] += 1
                happens()
            elif chance < 0.155 + self.kill_chance:
                world.kill(random.choice(world.processes))
            else:
                world.advance(random.choice(world.processes), random.choice(KINDS), random.choice(world.books))
        world.server.full = False
        while any(self.queues.values()):
            self.send()
        if self.happened["shorten"]:
            self.let_all_restart()
        world.settle()
        self.note_receipts()

    def send(self) -> None:
        """Publish the next message for some book; an answer that is lost makes the sender repeat it."""
        server = self.world.server
        book = self.random.choice(self.world.books)
        queue = self.queues[book]
        if not queue:
            return
        server.make(IN_PLAN)
        try:
            server.append(IN_STREAM, [Outgoing(in_subject(book), queue[0])])
        except StreamFull:
            return
        if self.random.random() > SENT_AGAIN:
            del queue[0]

    def note_receipts(self) -> None:
        """Let the senders see every receipt there is."""
        for book in self.world.books:
            for answer in answers_of(self.world, book).values():
                for one in answer:
                    if isinstance(one, Receipt):
                        self.seen[book][f"{one.source} {one.id} {one.position}".encode()] = one

    # ------------------------------------------------------------------------------------------------ misfortunes

    def restart(self) -> None:
        """Start the server anew."""
        self.world.server.restart()

    def silence(self) -> None:
        """Let the server answer nothing for a while."""
        self.world.server.calls_unanswered = self.random.randint(1, 30)

    def fill(self) -> None:
        """Fill the disk of the server, or make room again."""
        self.world.server.full = not self.world.server.full

    def wipe(self) -> None:
        """Lose everything on the bus."""
        self.lost = True
        self.world.server.wipe()

    def put_back(self) -> None:
        """Put the bus back to an earlier copy, or make one."""
        if self.random.random() < 0.5:
            self.copies.append(self.world.server.snapshot())
            return
        self.lost = True
        self.world.server.put_back(self.random.choice(self.copies))
        if len(self.world.processes) > 1:
            # One process notices that its answers are gone; two can take each other's for their own.
            self.let_all_restart()

    def purge(self) -> None:
        """Lose the beginning of a stream of events, or of the messages in."""
        name = self.random.choice([*map(events_stream, self.world.books), IN_STREAM])
        stream = self.world.server.streams.get(name)
        if stream is not None and stream.kept:
            self.lost |= name == IN_STREAM
            self.world.server.purge(name, self.random.choice(list(stream.kept)))

    def hole(self) -> None:
        """Lose a message in the middle of a stream, or a cursor."""
        streams = [*map(events_stream, self.world.books), IN_STREAM, bucket_stream(CURSORS_BUCKET)]
        name = self.random.choice(streams)
        stream = self.world.server.streams.get(name)
        if stream is not None and stream.kept:
            self.lost |= name == IN_STREAM
            self.world.server.lose(name, self.random.choice(list(stream.kept)))

    def shorten(self) -> None:
        """Let the streams of events hold another number of events from the next start on."""
        self.world.keep = self.random.choice((0, KEPT, LATER_BEGINNING))

    def let_all_restart(self) -> None:
        """Start every process anew, in good order or not."""
        for process in list(self.world.processes):
            self.world.kill(process)

    # ------------------------------------------------------------------------------------------------------- checks

    def check(self) -> None:
        """Compare everything with the book."""
        world = self.world
        assert not {"bus_ahead", "bus_differs"} & set(world.errors)
        assert all(isinstance(process, Process) for process in world.processes)
        for book in world.books:
            self.check_messages(book)
            if not world.shelf.exists(book):
                assert not self.seen[book]
                assert events_stream(book) not in world.server.streams
                continue
            store = world.shelf.open(book)
            assert all(receipt_holds(store, receipt) for receipt in self.seen[book].values())
            check_once(store)
            check_events(world, store)
            check_reports(world, store)

    def check_messages(self, book: str) -> None:
        """Check that each message that is there has its answer, and that the book holds what was accepted."""
        world = self.world
        waiting = messages_of(world, book)
        answers = answers_of(world, book)
        letters = letters_of(world, book)
        twice = world.decided[book].twice
        for sequence, stored in waiting.items():
            read = read_heard(heard_of(stored))
            given = [answer for answer in answers.get(sequence, []) if speaks_of(answer, read)]
            assert given, f"{book} {sequence} has no answer"
            refusals = {answer.code for answer in given if isinstance(answer, Refused)}
            if refusals:
                # Read again after a crash, it may have been refused for another reason.
                refusals |= (
                    world.decided[book].refused.get(content_of(read), set()) if isinstance(read, Message) else set()
                )
                assert any(
                    letter.data == stored.data and letter.headers[CODE_HEADER] in refusals
                    for letter in letters.get(sequence, [])
                ), f"{book} {sequence} was refused and is not among the dead letters"
            elif not self.lost and not (isinstance(read, Message) and content_of(read) in twice):
                assert sequence not in letters, f"{book} {sequence} was accepted and is among the dead letters"
        if not self.lost:
            assert set(answers) == set(waiting)
            assert set(letters) <= set(waiting)
            assert all(len(same) == 1 for same in letters.values())
            # What was refused and decided again, after a crash or a lost answer, may come after what came later.
            if not twice and not world.decided[book].uncertain:
                check_told_in_order(world, book, waiting)


def messages_of(world: World, book: str) -> dict[int, Stored]:
    """Return the messages for a book that are in the stream."""
    stream = world.server.streams.get(IN_STREAM)
    kept = {} if stream is None else stream.kept
    return {sequence: stored for sequence, stored in kept.items() if stored.subject == in_subject(book)}


def answers_of(world: World, book: str) -> dict[int, list[Answer]]:
    """Return the answers for a book by the sequence they are for."""
    stream = world.server.streams.get(receipts_stream(book))
    found: dict[int, list[Answer]] = defaultdict(list)
    for stored in [] if stream is None else stream.kept.values():
        found[int(stored.headers[SEQUENCE_HEADER])].append(_answer(stored.data))
    return found


def letters_of(world: World, book: str) -> dict[int, list[Stored]]:
    """Return the dead letters of a book by the sequence they had."""
    stream = world.server.streams.get(DEAD_STREAM)
    found: dict[int, list[Stored]] = defaultdict(list)
    for stored in [] if stream is None else stream.kept.values():
        if stored.subject == dead_subject(book):
            found[int(stored.headers[SEQUENCE_HEADER])].append(stored)
    return found


def speaks_of(answer: Answer, read: Message | Refused) -> bool:
    """Tell whether an answer is for this message; the bus may have had another under its sequence before."""
    if isinstance(read, Refused):
        return isinstance(answer, Refused) and (answer.code, answer.id) == (read.code, read.id)
    return (answer.source, answer.id) == (read.source, read.id)


def check_once(store: BookStore[AnyEvent]) -> None:
    """Check that no message is in the book twice."""
    identities = store.all_identities()
    told = [(event.recorded.source, event.recorded.message_id) for _, event in store.events()]
    changes = sum(one != other for one, other in pairwise(told)) + bool(told)

    assert len(set(told)) == len(identities) == changes
    assert sum(identity.count for identity in identities) == len(told)


def check_told_in_order(world: World, book: str, waiting: dict[int, Stored]) -> None:
    """Check that the book is what one writer makes of the messages, one by one in the order of the stream."""
    with open_shelf("memory:", MAPPER) as shelf:
        store = shelf.create(book)
        writer = BookWriter(store, CLOCK)
        for stored in waiting.values():
            writer.write([read_heard(heard_of(stored))])
        expected = store.read(0, 10_000)
    assert (world.shelf.open(book).read(0, 10_000) if world.shelf.exists(book) else []) == expected


def check_events(world: World, store: BookStore[AnyEvent]) -> None:
    """Check that the stream of events is the book, or its end, byte by byte."""
    stream = world.server.streams[events_stream(store.name)]
    head, state = store.head(), stream.state()
    owner = owner_of(store.name, store.read(0, 1)[0][1], MAPPER.decode)
    encoder = EventEncoder(store.name, owner, MAPPER.decode)

    assert state.last == head
    assert state.first <= (max(1, head - world.keep + 1) if world.keep else 1)
    assert list(stream.kept) == list(range(state.first, head + 1))
    for position, data in store.read(state.first - 1, head):
        tag, expected = encoder.encode(position, data)
        assert stream.kept[position].data == expected
        assert stream.kept[position].subject == events_subject(store.name, tag)


def check_reports(world: World, store: BookStore[AnyEvent]) -> None:
    """Check that the bucket holds the reports of the book at its head, and nothing else of it."""
    latest = reports_of(store)
    stream = world.server.streams[bucket_stream(REPORTS_BUCKET)]
    prefix = bucket_subject(REPORTS_BUCKET, report_key(store.name, ""))
    held = {
        one.subject.removeprefix(prefix): one.data for one in stream.kept.values() if one.subject.startswith(prefix)
    }
    shown = msgspec.json.decode(held.pop("position"), type=ReportsShown)

    assert held == latest.reports
    assert (shown.position, shown.as_of, set(shown.reports)) == (latest.position, latest.as_of, set(held))


# -------------------------------------------------------------------------------------------------------- the tests


@pytest.fixture(autouse=True)
def _without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do between two turns what would be done in a thread, and let no writer wait."""
    monkeypatch.setattr(asyncio, "to_thread", inline)
    monkeypatch.setattr("services.application.writer.PAUSE_SECONDS", 0)


def lived(seed: int) -> History:
    """Return a history that was lived and is as it should be; a failure names its seed."""
    history = History(seed)
    try:
        history.live()
        history.check()
    except BaseException as error:
        error.add_note(f"GRUNDBOK_BUS_SEED={seed} replays it; it had {dict(history.happened)}")
        raise
    return history


@pytest.mark.parametrize("chunk", range(CHUNKS) if ONE_SEED is None else [0])
def test_every_history_ends_well(chunk: int, record_testsuite_property: Callable[[str, object], None]) -> None:
    seeds = list(range(chunk + 1, SEEDS + 1, CHUNKS)) if ONE_SEED is None else [int(ONE_SEED)]
    happened: Counter[str] = Counter()
    for seed in seeds:
        history = lived(seed)
        happened += history.happened + history.world.weather.struck
        happened["killed"] += history.world.kills
        happened["strict"] += not history.lost
        happened["messages"] += sum(len(messages_of(history.world, book)) for book in history.world.books)
    said = f"{len(seeds)} histories, seeds {seeds[0]} to {seeds[-1]}: {dict(sorted(happened.items()))}"
    record_testsuite_property(f"bus histories {chunk}", said)
    print(said)  # noqa: T201 - shown with -rP, and when a seed fails


def test_the_same_seed_is_the_same_history() -> None:
    first, second = lived(3), lived(3)

    assert first.happened == second.happened
    assert first.world.errors == second.world.errors
    assert first.world.server.effects == second.world.server.effects
    assert first.world.server.snapshot().keys() == second.world.server.snapshot().keys()
    assert all(
        stream.kept == second.world.server.streams[name].kept for name, stream in first.world.server.streams.items()
    )
