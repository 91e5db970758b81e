"""What a part says of itself: how far behind it is, which is none of the steps' own business."""

import asyncio

import pytest
import structlog
from structlog.testing import capture_logs

from services.messaging import inbound
from services.messaging.observed import HANGS_SECONDS, Observed
from services.messaging.parts import Hints, IngestPart, keep_going
from services.messaging.port import BusUnavailable
from tests.messaging.bus_world import World, tell
from tests.services.messages import founding, vouchers

BOOK = "alfa"


def lag(observed: Observed) -> float | None:
    """Return how many messages are said to wait."""
    return observed.registry.get_sample_value("grundbok_lag", {"part": "ingest", "book": BOOK})


def test_says_how_many_messages_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "BATCH_MESSAGES", 4)
    world, observed, hints = World([BOOK]), Observed(), Hints()
    tell(world, BOOK, *founding(), *vouchers(2))
    hint = hints.listen(BOOK)

    async def work() -> list[tuple[bool, float | None]]:
        part = IngestPart(world.processes[0].inbound(BOOK), observed, hints)
        return [(await part.step(), lag(observed)) for _ in range(3)]

    assert asyncio.run(work()) == [(True, 2), (True, 0), (False, 0)]
    assert hint.is_set()


class Halting:
    """A part whose steps end when they are told to, in a service whose time the test sets."""

    name, book, waits = "ingest", BOOK, True

    def __init__(self) -> None:
        self.now = 100.0
        self.observed = Observed(structlog.get_logger(), lambda: self.now)
        self.stopping = asyncio.Event()
        self._goes_on = asyncio.Event()
        self._error: Exception | None = None

    async def step(self) -> bool:
        """Do nothing until it is told to end."""
        await self._goes_on.wait()
        self._goes_on.clear()
        if self._error is not None:
            raise self._error
        return False

    async def close(self) -> None:
        """Keep nothing."""

    async def later(self, seconds: float) -> None:
        """Let time go by, and the loop do what is due."""
        self.now += seconds
        for _ in range(3):
            await asyncio.sleep(0)

    async def goes_on(self, error: Exception | None = None) -> None:
        """End the step, and let the next one begin."""
        self._error = error
        self._goes_on.set()
        await self.later(0)

    def seen(self) -> tuple[list[tuple[str, str]], float | None]:
        """Return how parts are said to fare, and what the figure says."""
        figure = self.observed.registry.get_sample_value("grundbok_part_ok", {"part": self.name, "book": BOOK})
        return [(condition.state, condition.code) for *_, condition in self.observed.parts()], figure


HANGING: tuple[list[tuple[str, str]], float] = ([("waiting", "part_hangs")], 0)
WORKING: tuple[list[tuple[str, str]], float] = ([("ok", "")], 1)


def hang(part: Halting, monkeypatch: pytest.MonkeyPatch, *, first: bool) -> None:
    async def told() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: part.now)
        keeping = asyncio.create_task(keep_going(part, part.observed, part.stopping, asyncio.Event()))
        await part.later(0)
        if not first:
            await part.goes_on()
            assert part.seen() == WORKING
        await part.later(HANGS_SECONDS - 0.5)
        assert part.seen() == (([], None) if first else WORKING)
        await part.later(1)
        assert part.seen() == HANGING
        await part.later(100)
        assert part.seen() == HANGING
        said = part.observed.parts()[0][2]
        assert said.sv == "Delen ingest av boken alfa har arbetat med samma steg i 115 sekunder."
        assert said.en == "The part ingest of the book alfa has worked on the same step for 115 seconds."
        await part.goes_on()
        assert part.seen() == WORKING
        await part.later(HANGS_SECONDS - 0.5)
        assert part.seen() == WORKING, "time is counted from the beginning of each step"
        part.stopping.set()
        await part.goes_on()
        await keeping

    asyncio.run(told())


@pytest.mark.parametrize("first", [True, False])
def test_a_step_that_does_not_end_is_seen_and_logged_once(monkeypatch: pytest.MonkeyPatch, *, first: bool) -> None:
    with capture_logs() as logged:
        hang(Halting(), monkeypatch, first=first)

    told = [(line["log_level"], line["state"], line.get("code")) for line in logged]
    begun = [] if first else [("info", "ok", None)]
    assert told == [*begun, ("warning", "waiting", "part_hangs"), ("info", "ok", None)]
    assert logged[len(begun)]["reason"].endswith(f"for {HANGS_SECONDS:.0f} seconds.")


def test_a_step_that_ends_with_an_error_no_longer_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    part = Halting()

    async def told() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: part.now)
        keeping = asyncio.create_task(keep_going(part, part.observed, part.stopping, asyncio.Event()))
        await part.later(0)
        await part.later(HANGS_SECONDS)
        assert part.seen() == HANGING
        await part.goes_on(BusUnavailable(reason="gone"))
        assert part.seen() == ([("waiting", "bus_unavailable")], 0)
        await part.later(HANGS_SECONDS - 0.5)
        assert part.seen() == ([("waiting", "bus_unavailable")], 0), "it rested, and began anew"
        await part.goes_on()
        assert part.seen() == WORKING
        part.stopping.set()
        await part.goes_on()
        await keeping

    asyncio.run(told())


def test_a_hint_that_comes_late_says_nothing() -> None:
    part = Halting()
    part.observed.works(part.name, part.book)
    part.observed.begins(part.name, part.book)
    part.now += HANGS_SECONDS
    part.observed.ends(part.name, part.book)
    part.observed.hangs(part.name, part.book)

    assert part.seen() == WORKING
