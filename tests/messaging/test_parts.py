"""What a part says of itself: how far behind it is, which is none of the steps' own business."""

import asyncio

import pytest

from services.messaging import inbound
from services.messaging.observed import Observed
from services.messaging.parts import Hints, IngestPart
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
