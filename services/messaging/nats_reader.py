"""Reading a stream in order from an own position, with little talk: pull requests ahead, and no acknowledgements.

The consumer is ephemeral and numbers what it delivers. A number that is missing, silence where a heartbeat should be,
or a word from the server that the consumer is gone puts the reader in doubt: it says so and is not used again.
"""

import asyncio
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from domain.kernel.refusal import Refusal
from services.messaging.nats_errors import no_answer
from services.messaging.port import EPOCH, BusUnavailable, Stored

if TYPE_CHECKING:
    from nats.aio.subscription import Subscription

PULL = 500
"""Messages asked for at a time; as many again are asked for before the last of them has come."""

HEARTBEAT_SECONDS = 1.0
SILENCE_SECONDS = 2.5 * HEARTBEAT_SECONDS
EXPIRES_SECONDS = 30.0
NANOSECONDS = 1_000_000_000

ENDED = ("404", "408")
"""A pull request that ended without giving all it was asked for."""


class NatsReader:
    """Reads through an ephemeral consumer that exists."""

    def __init__(self, client: Client, stream: str, consumer: str) -> None:
        self._client = client
        self._stream = stream
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._delete = f"$JS.API.CONSUMER.DELETE.{stream}.{consumer}"
        self._pull = msgspec.json.encode(
            {
                "batch": PULL,
                "expires": int(EXPIRES_SECONDS * NANOSECONDS),
                "idle_heartbeat": int(HEARTBEAT_SECONDS * NANOSECONDS),
            }
        )
        self._come: deque[Stored] = deque()
        self._arrived = asyncio.Event()
        self._asked = 0
        self._delivered = 0
        self._heard = 0.0
        self._connection = 0
        self._doubt: Refusal | None = None
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None

    async def start(self) -> None:
        """Listen, and ask for the first messages."""
        self._heard = asyncio.get_running_loop().time()
        self._connection = self._client.stats["reconnects"]
        try:
            self._subscription = await self._client.subscribe(
                self._inbox, cb=self._receive, pending_msgs_limit=0, pending_bytes_limit=0
            )
        except nats.errors.Error as error:
            raise no_answer(self._client, error) from error
        await self._ask()

    async def next(self, limit: int, wait_seconds: float) -> list[Stored]:
        """Return what has come, at most `limit`; wait for the first, and return nothing when none came in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while not self._come:
            self._raise_doubt(loop.time())
            left = min(deadline - loop.time(), HEARTBEAT_SECONDS)
            if left <= 0:
                return []
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), left)
            except TimeoutError:
                continue
        taken = [self._come.popleft() for _ in range(min(limit, len(self._come)))]
        await self._ask()
        return taken

    async def close(self) -> None:
        """Stop reading; the server forgets the consumer by itself if it cannot be told."""
        if self._subscription is None:
            return
        try:
            await self._subscription.unsubscribe()
            if self._client.is_connected:
                await self._client.publish(self._delete, b"")
        except nats.errors.Error:
            return
        finally:
            self._subscription = None

    def _raise_doubt(self, now: float) -> None:
        if self._doubt is not None:
            raise self._doubt
        if self._client.stats["reconnects"] != self._connection:
            raise BusUnavailable(reason=f"{self._stream}: the connection was lost")
        if now - self._heard > SILENCE_SECONDS:
            raise BusUnavailable(reason=f"{self._stream}: no heartbeat")

    async def _ask(self) -> None:
        """Keep requests ahead of what is held, and no more, so that a slow handler slows the server down."""
        while self._asked + len(self._come) <= PULL and self._doubt is None:
            self._asked += PULL
            try:
                await self._client.publish(self._next, self._pull, reply=self._inbox)
            except nats.errors.Error as error:
                raise no_answer(self._client, error) from error

    async def _receive(self, message: Msg) -> None:
        self._heard = asyncio.get_running_loop().time()
        headers = message.headers
        # What the server says comes to the inbox itself; a message keeps its subject, and may have any header.
        status = headers.get("Status") if headers and message.subject == self._inbox else None
        if status is None:
            self._take(message)
        elif status in ENDED:
            self._asked -= int((headers or {}).get("Nats-Pending-Messages", self._asked))
            await self._ask_again()
        elif status != "100":
            description = (headers or {}).get("Description", "")
            self._doubt = BusUnavailable(reason=f"{self._stream}: {status} {description}")
        self._arrived.set()

    async def _ask_again(self) -> None:
        try:
            await self._ask()
        except Refusal as refusal:
            self._doubt = refusal

    def _take(self, message: Msg) -> None:
        stream_sequence, delivered, nanoseconds = places_of(message.reply)
        if delivered != self._delivered + 1:
            self._doubt = BusUnavailable(
                reason=f"{self._stream}: delivery {self._delivered} was followed by {delivered}"
            )
            return
        self._delivered = delivered
        self._asked -= 1
        at = EPOCH + timedelta(microseconds=nanoseconds // 1000)
        self._come.append(Stored(stream_sequence, message.subject, message.data, message.headers or {}, at))


def places_of(reply: str) -> tuple[int, int, int]:
    """Return the sequence in the stream, the number of the delivery and the time (ns) that a reply subject tells."""
    parts = reply.split(".")
    # $JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<in stream>.<delivery>.<time>.<pending>[.<token>]
    first = 5 if len(parts) < 11 else 7
    return int(parts[first]), int(parts[first + 1]), int(parts[first + 2])
