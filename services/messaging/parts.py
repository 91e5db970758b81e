"""The parts that work on one book each, and the loop that keeps a part going whatever happens around it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from services.messaging.inbound import Inbound
from services.messaging.observed import HANGS_SECONDS, Observed
from services.messaging.relay import Relay
from services.messaging.report_board import ReportBoard

POLL_SECONDS = 0.5
"""How often a part looks by itself; a hint that something happened makes it look at once."""

WAIT_SECONDS = 0.5
"""How long the reading of messages waits for the first one before it looks around."""

PAUSE_SECONDS, PAUSE_SECONDS_MAX = 0.05, 5.0
"""How long a part rests after an error, doubled each time."""


class Hints:
    """Tells the parts of a book that something happened to it; they would find out by themselves, later."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def listen(self, book: str) -> asyncio.Event:
        """Return an event that is set when something happened to a book."""
        event = asyncio.Event()
        self._waiting.setdefault(book, set()).add(event)
        return event

    def tell(self, book: str) -> None:
        """Say that something happened to a book."""
        for event in self._waiting.get(book, ()):
            event.set()


class Part(Protocol):
    """Works on one book, a step at a time."""

    name: str
    book: str
    waits: bool
    """Whether a step that finds nothing to do has waited a while for it."""

    async def step(self) -> bool:
        """Do what there is to do, at most a batch; tell whether there was anything. Raises what stands in the way."""

    async def close(self) -> None:
        """End in good order."""


class IngestPart:
    """Messages in."""

    name = "ingest"
    waits = True

    def __init__(self, inbound: Inbound, observed: Observed, hints: Hints) -> None:
        self.book = inbound.book
        self._inbound = inbound
        self._observed = observed
        self._hints = hints

    async def step(self) -> bool:
        """Write and answer a batch of messages; waits for the first by itself."""
        answered = await self._inbound.step(WAIT_SECONDS)
        if not answered.messages:
            self._observed.behind(self.name, self.book, 0)
            return False
        self._hints.tell(self.book)
        self._observed.answered(self.book, answered)
        self._observed.behind(self.name, self.book, await self._inbound.behind())
        return True

    async def close(self) -> None:
        """Save how far the messages were read."""
        await self._inbound.close()


class RelayPart:
    """Events out."""

    name = "relay"
    waits = False

    def __init__(self, relay: Relay, observed: Observed) -> None:
        self.book = relay.book
        self._relay = relay
        self._observed = observed

    async def step(self) -> bool:
        """Publish a batch of events."""
        count = await self._relay.step()
        self._observed.behind(self.name, self.book, await self._relay.behind())
        if count:
            self._observed.relayed(self.book, count, self._relay.published or 0)
        return count > 0

    async def close(self) -> None:
        """Nothing is kept: the stream's end is the cursor."""


class ReportsPart:
    """The latest reports out."""

    name = "reports"
    waits = False

    def __init__(self, board: ReportBoard, observed: Observed) -> None:
        self.book = board.book
        self._board = board
        self._observed = observed

    async def step(self) -> bool:
        """Put up the reports if the book or the day has changed."""
        position = await self._board.step()
        if position:
            self._observed.reported(self.book, position)
        return position > 0

    async def close(self) -> None:
        """Nothing is kept: the bucket says what it reflects."""


async def keep_going(part: Part, observed: Observed, stopping: asyncio.Event, hint: asyncio.Event) -> None:
    """Work until it is time to stop; after an error rest a while, longer each time, and look again."""
    pause = PAUSE_SECONDS
    clock = asyncio.get_running_loop().time
    while not stopping.is_set():
        hint.clear()
        started = clock()
        try:
            with _watched(part, observed):
                busy = await part.step()
        except Exception as error:  # noqa: BLE001 - the outer loop of a part: one book must not stop the others
            observed.fails(part.name, part.book, error)
            await either(stopping, seconds=pause)
            pause = min(2 * pause, PAUSE_SECONDS_MAX)
            continue
        pause = PAUSE_SECONDS
        observed.works(part.name, part.book)
        if busy:
            observed.took(part.name, clock() - started)
        elif not part.waits:
            await either(stopping, hint, seconds=POLL_SECONDS)
    await _closed(part, observed)


@contextmanager
def _watched(part: Part, observed: Observed) -> Iterator[None]:
    """Let a step that does not end be noticed: from its beginning on, by somebody else than itself."""
    observed.begins(part.name, part.book)
    late = asyncio.get_running_loop().call_later(HANGS_SECONDS, observed.hangs, part.name, part.book)
    try:
        yield
    finally:
        late.cancel()
        observed.ends(part.name, part.book)


async def _closed(part: Part, observed: Observed) -> None:
    try:
        await part.close()
    except Exception as error:  # noqa: BLE001 - see keep_going; what was not saved is read again
        observed.fails(part.name, part.book, error)


async def either(*events: asyncio.Event, seconds: float) -> None:
    """Wait until one of the events is set, or so long."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
