"""The service: finds the books, gives each its parts, and ends them all in good order."""

import asyncio
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from domain.kernel.refusal import Refusal
from services.contract.subjects import IN_STREAM, IN_SUBJECTS, book_of
from services.event_store.failures import StoreFailure
from services.messaging.inbound import IN_PLAN
from services.messaging.observed import Observed
from services.messaging.parts import Hints, Part, either, keep_going
from services.messaging.port import Bus, BusUnavailable, StreamFull, StreamMissing

LOOK_SECONDS = 0.25
"""How often new books are looked for."""

NO_STREAM_NAME = frozenset("/\\*>\x7f")
NAME_MAX = 200
"""What may be in a subject but not in the name of a stream: nobody can be answered there."""

MakePart = Callable[[str], Part]


def every(_: str) -> bool:
    """Work for every book."""
    return True


class Service:
    """Runs the parts of all books, those there are and those that come.

    `makers` makes the part of each kind for a book, `books` names the books on the shelf. Kind `ingest` also runs for
    books that are only named in a subject of a message, for the message may register an association. `works_for`
    tells the books that are ours from those that another service on the bus works for.
    """

    def __init__(
        self,
        bus: Bus,
        makers: Mapping[str, MakePart],
        books: Callable[[], Iterable[str]],
        observed: Observed,
        hints: Hints,
        *,
        works_for: Callable[[str], bool] = every,
        stopping: asyncio.Event,
    ) -> None:
        self.stopping = stopping
        self._works_for = works_for
        self._bus = bus
        self._makers = makers
        self._books = books
        self._observed = observed
        self._hints = hints
        self._strays: set[str] = set()
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Run until `stopping` is set; every part has ended when this returns. Call `prepare` first."""
        try:
            while not self.stopping.is_set():
                await self._look()
                await either(self.stopping, seconds=LOOK_SECONDS)
        finally:
            self.stopping.set()
            await asyncio.gather(*self._running.values())

    async def prepare(self) -> None:
        """Make the stream of messages, so that they can be published before there is any book."""
        while "ingest" in self._makers and not self.stopping.is_set():
            try:
                await self._bus.make(IN_PLAN)
            except BusUnavailable as unavailable:
                self._observed.fails("service", "", unavailable)
                await either(self.stopping, seconds=LOOK_SECONDS)
            else:
                self._observed.works("service", "")
                return

    async def _look(self) -> None:
        """Begin the parts that are not running yet."""
        try:
            on_shelf = await asyncio.to_thread(lambda: set(filter(self._works_for, self._books())))
        except StoreFailure as failure:
            self._observed.fails("service", "", failure)
            return
        for kind in self._makers:
            named = on_shelf | await self._named() if kind == "ingest" else on_shelf
            for book in sorted(named):
                if (kind, book) not in self._running:
                    self._begin(kind, book)

    def _begin(self, kind: str, book: str) -> None:
        """Begin a part; a book that cannot be opened stops nobody else, and is looked at again."""
        try:
            part = self._makers[kind](book)
        except (Refusal, StoreFailure) as error:
            self._observed.fails(kind, book, error)
            return
        work = keep_going(part, self._observed, self.stopping, self._hints.listen(book))
        self._running[kind, book] = asyncio.create_task(work, name=f"{kind} {book}")

    async def _named(self) -> set[str]:
        """Return the books that messages are for; make the stream of messages again if the server has lost it.

        No part of a book would, as long as there is no book: nobody could publish the first message.
        """
        try:
            subjects = await self._bus.subjects(IN_STREAM, IN_SUBJECTS)
            if not subjects:
                await self._bus.make(IN_PLAN)
        except (BusUnavailable, StreamFull, StreamMissing) as refusal:
            self._observed.fails("service", "", refusal)
            return set()
        self._observed.works("service", "")
        named = set(filter(self._works_for, map(book_of, subjects)))
        answered = {book for book in named if _has_answers(book)}
        for stray in named - answered - self._strays:
            self._strays.add(stray)
            self._observed.log.warning("messages to a name that no book can have", name=stray[:NAME_MAX])
        return answered


def _has_answers(book: str) -> bool:
    """Tell whether there can be a stream of answers for a name; whoever publishes to such a subject hears nothing."""
    return len(book) <= NAME_MAX and not NO_STREAM_NAME.intersection(book)


@contextmanager
def until_told(stopping: asyncio.Event) -> Iterator[None]:
    """Set the event when the process is told to end, by Ctrl-C or by whoever supervises it."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
