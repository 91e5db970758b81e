"""Waiting for something to be on the bus: a live message is a hint to look, and looking is what counts.

A subscriber sees the messages of an atomic batch when they are sent, before the stream has them and even if it never
will. So after a hint one looks soon and then less and less often.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.messaging.nats_errors import no_answer

SOON_SECONDS, LATE_SECONDS = 0.005, 1.0
"""How long to wait between two looks: at first, and at most; doubled each time."""


class Hearing:
    """Waits between two looks."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()
        self._pause = SOON_SECONDS

    async def tell(self, _: Msg) -> None:
        """Take a hint."""
        self._heard.set()

    async def wait(self) -> None:
        """Wait a while, longer each time; a hint ends the wait and begins anew with short ones."""
        try:
            await asyncio.wait_for(self._heard.wait(), self._pause)
        except TimeoutError:
            self._pause = min(2 * self._pause, LATE_SECONDS)
        else:
            self._heard.clear()
            self._pause = SOON_SECONDS


@asynccontextmanager
async def listening(client: Client, subject: str) -> AsyncIterator[Hearing]:
    """Give what waits for messages of a subject; raises `BusUnavailable`."""
    hearing = Hearing()
    try:
        subscription = await client.subscribe(subject, cb=hearing.tell)
    except nats.errors.Error as error:
        raise no_answer(client, error) from error
    try:
        yield hearing
    finally:
        if not client.is_closed:
            await subscription.unsubscribe()
