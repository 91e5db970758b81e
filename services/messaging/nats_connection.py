"""Connecting to the bus: with which key, over TLS or not, and again and again when the connection is lost."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import nats
import nats.errors
from nats.aio.client import Client

from services.messaging.nats_bus import check_version
from services.messaging.port import BusForbidden, BusUnavailable

NOT_ENCRYPTED = "the server offers no TLS"

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 1.0
RECONNECT_SECONDS = 0.2
PING_SECONDS = 5
DRAIN_SECONDS = 5

Told = Callable[[str, str], None]
"""Takes what happened to a connection, and what is known of it."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Where the bus is and how it is entered: URLs, the seed of an nkey, and the authority to trust for TLS.

    `inbox` is the prefix of the subjects answers come to; a user may listen below its own only.
    """

    urls: tuple[str, ...]
    seed: str = ""
    authority: Path | None = None
    inbox: str = "_INBOX"

    @property
    def places(self) -> str:
        """Return the URLs as they may be shown: without users and passwords."""
        return without_passwords(",".join(self.urls))

    def __repr__(self) -> str:
        """Return what may be shown, which the seed may not."""
        return f"Access({self.places})"


def without_passwords(urls: str) -> str:
    """Return URLs without the user and the password that may be in them."""
    return re.sub(r"//[^/,]*@", "//…@", urls)


@asynccontextmanager
async def connected(access: Access, name: str, told: Told = lambda *_: None) -> AsyncIterator[Client]:
    """Give a connection that mends itself; raises `BusUnavailable`, `BusForbidden` or `BusTooOld` if there is none."""
    refused: list[Exception] = []

    async def failed(error: Exception) -> None:
        refused.append(error)
        told("error", str(error) or type(error).__name__)

    async def lost() -> None:
        if not client.is_closed:
            told("disconnected", "")

    async def back() -> None:
        if _wants_tls(access) and not _has_tls(client):
            told("error", NOT_ENCRYPTED)
            await client.close()
            return
        told("reconnected", _place(client))

    client = Client()
    try:
        connecting = client.connect(
            servers=list(access.urls),
            name=name,
            nkeys_seed_str=access.seed or None,
            tls=ssl.create_default_context(cafile=str(access.authority)) if access.authority else None,
            inbox_prefix=access.inbox,
            skip_subject_validation=True,  # subjects are made of the names of books, which are checked
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]  # fractions work
            ping_interval=PING_SECONDS,
            drain_timeout=DRAIN_SECONDS,
            error_cb=failed,
            disconnected_cb=lost,
            reconnected_cb=back,
        )
        await asyncio.wait_for(connecting, CONNECT_SECONDS)
    except (nats.errors.Error, TimeoutError, OSError) as error:
        await _given_up(client)
        raise _refusal(access, refused[-1] if refused else error) from error
    except asyncio.CancelledError:
        await _given_up(client)
        raise
    try:
        _check(client, access)
        told("connected", _place(client))
        yield client
    finally:
        with contextlib.suppress(OSError):  # a server that is gone is not told
            await client.close()


def _refusal(access: Access, error: Exception) -> BusForbidden | BusUnavailable:
    reason = str(error) or type(error).__name__
    kind = BusForbidden if "authorization" in reason.lower() else BusUnavailable
    return kind(reason=f"{access.places}: {reason}")


async def _given_up(client: Client) -> None:
    """Close a connection that did not come about."""
    # After a failed handshake the library waits for a farewell that never comes.
    with contextlib.suppress(TimeoutError, OSError):
        await asyncio.wait_for(client.close(), CLOSE_SECONDS)


def _place(client: Client) -> str:
    return without_passwords(f"//{client.connected_url.netloc}")[2:] if client.connected_url else ""


def _check(client: Client, access: Access) -> None:
    """Refuse a server that is not encrypted though TLS was asked for, or that is too old."""
    if _wants_tls(access) and not _has_tls(client):
        raise BusForbidden(reason=f"{access.places}: {NOT_ENCRYPTED}")
    version = client.connected_server_version
    check_version((version.major, version.minor), f"{version.major}.{version.minor}.{version.patch}")


def _wants_tls(access: Access) -> bool:
    return access.authority is not None or any(url.startswith(("tls://", "wss://")) for url in access.urls)


def _has_tls(client: Client) -> bool:
    """Tell whether the connection is encrypted; the library goes on in plain text where a server offers no TLS."""
    url = client.connected_url
    return bool(client._server_info.get("tls_required")) or (url is not None and url.scheme == "wss")  # noqa: SLF001
