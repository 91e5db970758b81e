"""A world for the parts of the bus: books, processes that run the parts and are killed, and a server that suffers.

Nothing runs at the same time: every coroutine is taken a turn further by hand, in an order that the seed decides.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from datetime import date
from functools import partial
from random import Random
from typing import Any, NamedTuple

import msgspec
import pytest

from domain.catalogue import AnyEvent
from domain.kernel.refusal import Refusal
from projections.report import Question
from services.application.incoming import Incoming
from services.application.latest import Latest
from services.application.queries import Layouts, report
from services.application.unborn import UnbornBook
from services.application.writer import BookWriter
from services.clock import FixedClock
from services.contract.answers import Answer, Receipt, Refused
from services.contract.envelope import Message
from services.contract.subjects import (
    DEAD_STREAM,
    IN_STREAM,
    SEQUENCE_HEADER,
    dead_subject,
    in_subject,
    receipts_stream,
)
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.failures import Conflict, OutcomeUnknown, StoreFailure
from services.event_store.positioned import Identity
from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from services.event_store.store import BookStore
from services.formats.as_json import report_json
from services.messaging.inbound import IN_PLAN, Inbound
from services.messaging.port import Outgoing, Stored
from services.messaging.relay import Relay
from services.messaging.report_board import ReportBoard
from services.messaging.writing import write_messages
from tests.builders import TODAY
from tests.messaging.bus_model import Fault, Killed, ModelBus, Server, Weather
from tests.services.messages import NOON, line_of

MAPPER = catalogue_mapper()
CLOCK = FixedClock(NOON)
REPORTS = ("trial-balance", "grants")
KINDS = ("inbound", "relay", "board")
QUIET_ROUNDS = 50
"""Rounds without any effect after which nothing more will happen: longer than a part rests on what it knows."""

ROUNDS_MAX = 3000

Step = Callable[[], Coroutine[Any, Any, object]]


def reports_of(store: BookStore[AnyEvent]) -> Latest:
    """Return some reports of a book at its head."""
    head = store.head()
    made = {name: report_json(report(store, Question(name=name, as_of=TODAY), head, Layouts())) for name in REPORTS}
    return Latest(head, TODAY, made)


class Decided(NamedTuple):
    """What writers answered to the messages of one book, by content: also what nobody was told, after a crash."""

    accepted: set[bytes]
    refused: dict[bytes, set[str]]
    uncertain: list[int]
    """Heads of appends that nobody knew had been done: the batch was decided again."""

    @property
    def twice(self) -> set[bytes]:
        """Return what was refused first and accepted later, or the other way about."""
        return self.accepted & self.refused.keys()


class LoggedWriter:
    """A writer whose answers are remembered by the world."""

    def __init__(self, writer: BookWriter, decided: Decided) -> None:
        self._writer = writer
        self._decided = decided

    def write(self, batch: Collection[Incoming]) -> list[Answer]:
        """Answer a batch."""
        answers = self._writer.write(batch)
        for item, answer in zip(batch, answers, strict=True):
            if isinstance(item, Message) and isinstance(answer, Refused):
                self._decided.refused.setdefault(content_of(item), set()).add(answer.code)
            elif isinstance(item, Message):
                self._decided.accepted.add(content_of(item))
        return answers


class FragileBook(UnbornBook):
    """A book whose appends are interrupted before or after they are durable."""

    def __init__(self, shelf: BookShelf[AnyEvent], name: str, bus: ModelBus, decided: Decided) -> None:
        super().__init__(shelf, name)
        self._bus = bus
        self._decided = decided

    def append(self, events: Sequence[AnyEvent], *, after: int, identities: Sequence[Identity] = ()) -> int:
        """Append events, or fail as the seed says."""
        kinds = (Fault.KILLED_BEFORE, Fault.KILLED_AFTER, Fault.REQUEST_LOST, Fault.ANSWER_LOST)
        fault = self._bus.weather.strike("book", kinds)
        if fault is Fault.KILLED_BEFORE:
            self._bus.die()
        if fault is Fault.REQUEST_LOST:
            raise Conflict(book=self.name, after=after)
        last = super().append(events, after=after, identities=identities)
        if fault is Fault.KILLED_AFTER:
            self._decided.uncertain.append(last)
            self._bus.die()
        if fault is Fault.ANSWER_LOST:
            self._decided.uncertain.append(last)
            raise OutcomeUnknown(book=self.name, after=after)
        return last


class Process:
    """The parts of all books in one process; what it knows is gone when it is killed."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.bus = ModelBus(world.server, world.weather)
        self._parts: dict[tuple[str, str], Step] = {}
        self.running: dict[tuple[str, str], Coroutine[Any, Any, object]] = {}

    def step(self, kind: str, book: str) -> Coroutine[Any, Any, object] | None:
        """Return a step of a part that has not been begun, or None where there is nothing to work on."""
        if kind != "inbound" and not self._world.shelf.exists(book):
            return None
        if (kind, book) not in self._parts:
            self._parts[kind, book] = getattr(self, f"_{kind}")(book)
        return self._parts[kind, book]()

    def end(self) -> None:
        """Kill the process wherever it is."""
        self.bus.dead = True
        for work in self.running.values():
            work.close()
        self.running.clear()

    def inbound(self, book: str) -> Inbound:
        """Return a reader of the messages for a book."""
        world = self._world
        writer = BookWriter(FragileBook(world.shelf, book, self.bus, world.decided[book]), CLOCK)
        logged = LoggedWriter(writer, world.decided[book])
        return Inbound(book, self.bus, partial(write_messages, lambda: logged), lambda: self._opened(book))

    def _opened(self, book: str) -> BookStore[AnyEvent] | None:
        shelf = self._world.shelf
        return shelf.open(book) if shelf.exists(book) else None

    def _inbound(self, book: str) -> Step:
        inbound = self.inbound(book)
        return lambda: inbound.step(0)

    def _relay(self, book: str) -> Step:
        return Relay(self._world.shelf.open(book), self.bus, MAPPER.decode, keep=self._world.keep).step

    def _board(self, book: str) -> Step:
        store = self._world.shelf.open(book)
        return ReportBoard(book, self.bus, lambda _: self._world.reports(store), store.head, today).step


class World:
    """Books, a server, and so many processes."""

    def __init__(
        self, books: Sequence[str], *, processes: int = 1, keep: int = 0, random: Random | None = None
    ) -> None:
        self.random = random or Random(0)
        self.shelf = open_shelf("memory:", MAPPER)
        self.server = Server()
        self.weather = Weather(random)
        self.books = tuple(books)
        self.keep = keep
        self.decided = {book: Decided(set(), {}, []) for book in books}
        self.kills = 0
        self.errors: list[str] = []
        self._reports: dict[tuple[str, int], Latest] = {}
        self.processes = [Process(self) for _ in range(processes)]

    def reports(self, store: BookStore[AnyEvent]) -> Latest:
        """Return the reports of a book at its head, made once for each position."""
        place = (store.name, store.head())
        if place not in self._reports:
            self._reports[place] = reports_of(store)
        return self._reports[place]

    def advance(self, process: Process, kind: str, book: str) -> None:
        """Take a part one turn further, beginning a step if it is in none."""
        running = process.running
        if (kind, book) not in running:
            begun = process.step(kind, book)
            if begun is None:
                return
            running[kind, book] = begun
        try:
            running[kind, book].send(None)
        except StopIteration:
            del running[kind, book]
        except (Refusal, StoreFailure) as error:
            del running[kind, book]
            self.errors.append(error.code)
        except Killed:
            self.kill(process)

    def kill(self, process: Process) -> None:
        """Kill a process and start another in its place."""
        process.end()
        self.kills += 1
        self.processes[self.processes.index(process)] = Process(self)

    def settle(self) -> None:
        """Let every part work, with nothing in its way, until nothing more happens."""
        server, weather = self.server, self.weather
        weather.chance, server.calls_unanswered, server.full = 0.0, 0, False
        weather.planned.clear()
        quiet = 0
        for _ in range(ROUNDS_MAX):
            before = (server.effects, [self.shelf.open(book).head() for book in self.shelf.names()])
            for place in range(len(self.processes)):
                for kind in KINDS:
                    for book in self.books:
                        self._whole_step(place, kind, book)
            after = (server.effects, [self.shelf.open(book).head() for book in self.shelf.names()])
            quiet = quiet + 1 if before == after else 0
            if quiet > QUIET_ROUNDS:
                return
        raise AssertionError(f"no rest after {ROUNDS_MAX} rounds; last errors: {self.errors[-5:]}")

    def _whole_step(self, place: int, kind: str, book: str) -> None:
        self.advance(self.processes[place], kind, book)
        while (kind, book) in self.processes[place].running:
            self.advance(self.processes[place], kind, book)


def content_of(message: Message) -> bytes:
    """Return what identifies a message together with what it says."""
    return f"{message.source} {message.id} ".encode() + message.digest


def receipt_holds(store: BookStore[AnyEvent], receipt: Receipt) -> bool:
    """Tell whether the positions of a receipt hold the message it is for, and nothing else does."""
    for position, event in store.events(receipt.position - 1, receipt.last_position):
        told = event.recorded
        if (told.source, told.message_id) != (receipt.source, receipt.id):
            return False
        if position == receipt.last_position:
            return True
    return False


def today() -> date:
    """Return the day on which histories happen."""
    return TODAY


def send(world: World, book: str, *data: bytes, headers: Mapping[str, str] | None = None) -> None:
    """Publish messages for a book."""
    world.server.make(IN_PLAN)
    world.server.append(IN_STREAM, [Outgoing(in_subject(book), one, headers or {}) for one in data])


def tell(world: World, book: str, *told: dict[str, Any]) -> None:
    """Publish messages that can be read for a book."""
    send(world, book, *map(line_of, told))


def work(world: World, kind: str, book: str, process: int = 0) -> Any:  # noqa: ANN401 - each part has its own
    """Run one step of a part to its end and return what it returned; raises what it raises."""
    step = world.processes[process].step(kind, book)
    assert step is not None
    return asyncio.run(_awaited(step))


async def _awaited(step: Coroutine[Any, Any, object]) -> object:
    return await step


def crash(world: World, kind: str, book: str, where: str, fault: Fault) -> None:
    """Run a step in which the process is killed at a call, and start another process."""
    world.weather.planned.append((where, fault))
    with pytest.raises(Killed):
        work(world, kind, book)
    assert not world.weather.planned
    world.kill(world.processes[0])


def kept(world: World, stream: str) -> list[Stored]:
    """Return the messages of a stream."""
    return kept_by(world.server, stream)


def kept_by(server: Server, stream: str) -> list[Stored]:
    """Return the messages of a stream."""
    found = server.streams.get(stream)
    return [] if found is None else list(found.kept.values())


def answers(world: World, book: str) -> list[tuple[int, Answer]]:
    """Return the answers for a book, and the sequence each is for."""
    decode = msgspec.json.Decoder(Answer).decode
    return [
        (int(stored.headers[SEQUENCE_HEADER]), decode(stored.data)) for stored in kept(world, receipts_stream(book))
    ]


def letters(world: World, book: str) -> list[Stored]:
    """Return the dead letters of a book."""
    return [stored for stored in kept(world, DEAD_STREAM) if stored.subject == dead_subject(book)]
