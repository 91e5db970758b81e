"""One of three servers lost, the leader of the messages: nothing stops for long, and it catches up when it is back."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.contract.answers import Receipt
from services.contract.subjects import IN_STREAM, events_stream, receipts_stream
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.permissions import inbox_prefix, user_name
from services.messaging.port import BusUnavailable, Stored
from tests.messaging.agreement import Correspondence, agree, whole
from tests.messaging.serving import ROUNDS, Serving, until
from tests.messaging.steady_senders import BOOK
from tests.servers.nats import Cluster
from tests.services.messages import founding, vouchers

pytestmark = [pytest.mark.server, pytest.mark.slow]

SENDER, OPERATOR = user_name("sender", BOOK), "operator"
PARTS = ("ingest", "relay", "reports")


class Everything(NatsBus):
    """Looks at streams as the operator does, and at the answers as their sender: nobody may read all of it."""

    def __init__(self, operator: NatsBus, sender: NatsBus) -> None:
        super().__init__(operator.client, replicas=3)
        self._sender = sender

    async def fetch(self, stream: str, after: int, limit: int) -> list[Stored]:
        """Return messages of a stream."""
        if stream == receipts_stream(BOOK):
            return await self._sender.fetch(stream, after, limit)
        return await super().fetch(stream, after, limit)


@contextlib.asynccontextmanager
async def a_user(cluster: Cluster, name: str, *urls: str) -> AsyncIterator[NatsBus]:
    """Connect a user to the cluster, or to one server of it."""
    seed = (cluster.keys / f"{name}.seed").read_text().strip()
    access = Access(urls=urls or tuple(cluster.urls), seed=seed, inbox=inbox_prefix(name))
    async with connected(access, name) as client:
        yield NatsBus(client, replicas=3, answer_seconds=2)


async def placed(bus: NatsBus, stream: str) -> dict[str, Any]:
    """Return where a stream is: its leader and how its replicas stand."""
    reply = await bus.client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=5)
    found: dict[str, Any] = json.loads(reply.data)["cluster"]
    return found


class Story:
    """What happens to a cluster, and what is the same at its end."""

    def __init__(self, cluster: Cluster, place: Path) -> None:
        self.told = Correspondence(BOOK)
        self._cluster = cluster
        self._place = place

    async def happens(self) -> None:
        """Lose the leader again and again, and compare everything."""
        async with a_user(self._cluster, SENDER) as sender, a_user(self._cluster, OPERATOR) as operator:
            await self.told.insist(sender, founding())
            for number in range(ROUNDS):
                await self._lose_the_leader(operator, sender, 60 * number + 1)
            await agree(Everything(operator, sender), self._place, self.told)
        streams = [await self._stream_at(url) for url in self._cluster.urls]
        assert streams[0] == streams[1] == streams[2]
        assert len(streams[0]) == 4 + 60 * ROUNDS

    async def _lose_the_leader(self, operator: NatsBus, sender: NatsBus, first: int) -> None:
        leader = (await placed(operator, IN_STREAM))["leader"]
        node = self._cluster.nodes[int(leader.removeprefix("nats-")) - 1]
        sending = asyncio.create_task(self.told.insist(sender, vouchers(30, first=first)))
        os.kill(node.pid, signal.SIGKILL)
        node.stop()
        assert all(isinstance(answer, Receipt) for answer in await sending)
        await self.told.insist(sender, vouchers(30, first=first + 30))
        await asyncio.to_thread(node.start, healthy=False)
        await asyncio.to_thread(node.wait_until_healthy)
        for stream in (IN_STREAM, receipts_stream(BOOK), events_stream(BOOK)):
            await until(partial(_all_current, operator, stream))

    async def _stream_at(self, url: str) -> list[bytes]:
        async with a_user(self._cluster, OPERATOR, url) as operator:
            return [stored.data for stored in await whole(operator, events_stream(BOOK))]


def test_loses_nothing_with_the_leader(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, [BOOK])
    with cluster.running(), contextlib.ExitStack() as stack:
        parts = [_part(cluster, tmp_path, kind) for kind in PARTS]
        for part in parts:
            stack.enter_context(part)
        try:
            asyncio.run(Story(cluster, tmp_path / "books").happens())
        except AssertionError as error:
            for part in parts:
                error.add_note(part.told()[-3000:])
            raise


def _part(cluster: Cluster, tmp_path: Path, kind: str) -> Serving:
    environment = {"GRUNDBOK_NATS_SEED_FILE": str(cluster.keys / f"{kind}.seed"), "GRUNDBOK_NATS_REPLICAS": "3"}
    urls = ",".join(cluster.urls)
    return Serving(tmp_path / "books", tmp_path / kind, nats=urls, only=[kind], environment=environment)


async def _all_current(bus: NatsBus, stream: str) -> str:
    try:
        replicas = (await placed(bus, stream))["replicas"]
    except (BusUnavailable, KeyError, TimeoutError) as error:
        return f"{stream}: {error!r}"
    return "" if len(replicas) == 2 and all(one["current"] for one in replicas) else f"{stream}: {replicas}"
