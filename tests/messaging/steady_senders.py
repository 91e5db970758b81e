"""Senders that do not stop while servers and processes are hurt around them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from random import Random
from typing import Any

from services.messaging.nats_bus import NatsBus
from tests.builders import a_voucher
from tests.messaging.agreement import Correspondence
from tests.services.messages import envelope, founding

BOOK = "varend"
SENDERS = 2
BATCH_MAX = 40


class Senders:
    """Several senders that never stop: each sends its messages in order, sometimes the same again."""

    def __init__(self, bus: NatsBus, told: Correspondence, seed: int) -> None:
        self._bus = bus
        self._told = told
        self._seed = seed
        self._enough = asyncio.Event()

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Found the book and send for as long as the block runs, and until all is answered."""
        works = [asyncio.create_task(self._work(number)) for number in range(SENDERS)]
        try:
            yield
            self._enough.set()
            await asyncio.gather(*works)
        finally:
            for work in works:
                work.cancel()

    async def _work(self, number: int) -> None:
        chance = Random(f"{self._seed} {number}")
        await self._told.insist(self._bus, founding())
        first = 1
        batch: list[dict[str, Any]] = []
        while not self._enough.is_set():
            again = batch if chance.random() < 0.2 else []
            count = chance.randint(1, BATCH_MAX)
            batch = [self._voucher(number, row) for row in range(first, first + count)]
            first += count
            await self._told.insist(self._bus, [*again, *batch])

    def _voucher(self, sender: int, row: int) -> dict[str, Any]:
        return envelope(a_voucher(text=f"Verifikation {sender} {row}"), f"v-{row}", source=f"/sender-{sender}")
