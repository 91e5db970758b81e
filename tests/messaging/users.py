"""Users of a real server: connected with their keys, with what the server forbids them put on record."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from nats.aio.client import Client
from nats.aio.msg import Msg

from services.messaging.keys import AUTHORIZATION, SERVER_FILES, make_keys
from services.messaging.permissions import inbox_prefix
from tests.servers.nats import TestServer

A, B = "varend", "timra"
"""Two associations that must not know of each other."""


class User:
    """A connection of one user."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client = Client()
        self.forbidden: list[str] = []

    async def heard(self, error: Exception) -> None:
        """Put on record what the server says between answers."""
        self.forbidden.append(str(error))

    async def is_forbidden(self, subject: str, *, listening: bool = False) -> bool:
        """Try to publish, or to listen, and tell whether the server forbids it.

        The payload makes no sense to the server's API, so that what is allowed does no harm.
        """
        self.forbidden.clear()
        if listening:
            subscription = await self.client.subscribe(subject)
            await self.settled()
            if not self.forbidden:
                await subscription.unsubscribe()
        else:
            await self.client.publish(subject, b"{nonsense")
            await self.settled()
        return any("permissions violation" in said.lower() for said in self.forbidden)

    async def settled(self) -> None:
        """Wait until the server has said what it has to say.

        The client's first ping overtakes what it still has to send.
        """
        await self.client.flush()
        await self.client.flush()

    async def answers(self, subject: str, data: bytes = b"", seconds: float = 1.0) -> list[Msg]:
        """Ask, and return all answers until the one that says there are no more."""
        inbox, got = self.client.new_inbox(), []
        subscription = await self.client.subscribe(inbox)
        await self.client.publish(subject, data, reply=inbox)
        while True:
            message = await subscription.next_msg(seconds)
            if (message.headers or {}).get("Status"):
                break
            got.append(message)
        await subscription.unsubscribe()
        return got


def abandon(client: Client) -> None:
    """Let go of a connection that was never made; to close it would wait for ever when TLS had failed."""
    if client._transport is not None:
        client._transport._io_writer.transport.abort()  # type: ignore[attr-defined]  # a TCP one


@contextlib.asynccontextmanager
async def connected(
    url: str | Sequence[str], keys: Path, name: str, tls: ssl.SSLContext | None = None
) -> AsyncIterator[User]:
    """Connect a user with its seed and its own inboxes."""
    user = User(name)
    try:
        await user.client.connect(
            list(url) if not isinstance(url, str) else url,
            nkeys_seed=str(keys / f"{name}.seed"),
            inbox_prefix=inbox_prefix(name),
            error_cb=user.heard,
            allow_reconnect=False,
            connect_timeout=2,
            tls=tls,
        )
    except BaseException:
        abandon(user.client)
        raise
    try:
        yield user
    finally:
        await user.client.close()


@contextlib.contextmanager
def guarded_server(place: Path, includes: Sequence[Path] = ()) -> Iterator[tuple[str, Path]]:
    """Run a server that knows the users of two associations; gives its address and the directory of the keys."""
    keys = place / "keys"
    make_keys(keys, [A, B])
    with TestServer(place / "nats", includes=[keys / SERVER_FILES / AUTHORIZATION, *includes]) as server:
        yield server.url, keys


def run(work: Callable[[], Awaitable[None]]) -> None:
    """Run what a test does with the server."""

    async def done() -> None:
        await work()

    asyncio.run(done())
