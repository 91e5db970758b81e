"""`grundbok serve` from outside: how it begins and ends, what it says of itself, its server, and its parts apart."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from pathlib import Path

import pytest

from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.nats_server import NatsServer
from tests.messaging.agreement import Correspondence, agree
from tests.messaging.serving import Serving, until, until_health
from tests.messaging.steady_senders import BOOK
from tests.servers.nats import TestServer
from tests.services.messages import founding, vouchers

pytestmark = [pytest.mark.server, pytest.mark.slow]

STOP_SECONDS = 10.0


def own_server(place: Path) -> int:
    """Return the process of the server that `serve` has started itself."""
    return NatsServer(place / "bus").pid


def is_running(pid: int) -> bool:
    """Tell whether there is such a process."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_ends_in_good_order_with_its_own_server(tmp_path: Path) -> None:
    with Serving(tmp_path / "books", tmp_path / "serve") as serving:
        server = own_server(tmp_path / "books")
        assert is_running(server)
        assert serving.ended(STOP_SECONDS) == 0
        assert not is_running(server)
    assert "Traceback" not in serving.told()


def test_leaves_no_server_behind_when_killed(tmp_path: Path) -> None:
    async def gone(server: int) -> None:
        async def missing() -> str:
            return "the server runs" if is_running(server) else ""

        await until(missing, STOP_SECONDS)

    with Serving(tmp_path / "books", tmp_path / "serve") as serving:
        server = own_server(tmp_path / "books")
        serving.kill9()
        asyncio.run(gone(server))


def test_starts_its_own_server_again(tmp_path: Path) -> None:
    async def told(serving: Serving) -> None:
        letters = Correspondence(BOOK)
        async with connected(Access(urls=(serving.bus,)), "test") as client:
            bus = NatsBus(client, answer_seconds=1)
            await letters.insist(bus, founding())
            os.kill(own_server(tmp_path / "books"), signal.SIGKILL)
            await letters.insist(bus, vouchers(20))
            await agree(bus, tmp_path / "books", letters)
            await until_health(serving, lambda health: health.ready)

    with Serving(tmp_path / "books", tmp_path / "serve") as serving:
        asyncio.run(told(serving))


def test_says_how_it_is(nats_server: TestServer, tmp_path: Path) -> None:
    async def told() -> None:
        letters = Correspondence(BOOK)
        async with connected(Access(urls=(nats_server.url,)), "test") as client:
            bus = NatsBus(client)
            await letters.insist(bus, [*founding(), *vouchers(3), {**vouchers(1)[0], "id": "odd", "subject": "2"}])
            await agree(bus, tmp_path / "books", letters)

    with Serving(tmp_path / "books", tmp_path / "serve", nats=nats_server.url) as serving:
        asyncio.run(told())
        assert serving.get("/livez") == (200, b'{"alive":true}\n')
        assert serving.health().ready
        status, metrics = serving.get("/metrics")
        assert status == 200
        text = metrics.decode()
        assert 'grundbok_messages_total{book="varend",outcome="accepted"} 7.0' in text
        assert 'grundbok_messages_total{book="varend",outcome="refused"} 1.0' in text
        assert 'grundbok_events_position{book="varend"} 7.0' in text
        assert 'grundbok_reports_position{book="varend"} 7.0' in text
        assert serving.get("/nothing")[0] == 404
        nats_server.stop()
        asyncio.run(_not_ready(serving))
        assert serving.get("/livez")[0] == 200, "a bus that is gone is no reason to kill the process"
        assert serving.ended(STOP_SECONDS) == 0, serving.told()[-3000:]


async def _not_ready(serving: Serving) -> None:
    await until_health(serving, lambda health: not health.ready)


def test_says_when_a_port_is_taken(nats_server: TestServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        page = Serving(
            tmp_path / "a", tmp_path / "serve-a", nats=nats_server.url, environment={"GRUNDBOK_STATUS": address}
        )
        page.launch()
        assert page.exit_code() not in (0, 130)
        assert address in page.told()
        assert "Traceback" not in page.told()
        ours = Serving(tmp_path / "b", tmp_path / "serve-b", arguments=["--nats-port", address.rpartition(":")[2]])
        ours.launch()
        assert ours.exit_code() not in (0, 130)
        assert "port is taken" in ours.told()
        assert "Traceback" not in ours.told()


def test_works_in_four_processes(nats_server: TestServer, tmp_path: Path) -> None:
    async def told() -> None:
        letters = Correspondence(BOOK)
        async with connected(Access(urls=(nats_server.url,)), "test") as client:
            bus = NatsBus(client)
            await letters.insist(bus, [*founding(), *vouchers(30)])
            await agree(bus, tmp_path / "books", letters)
            reply = await client.request(f"grundbok.query.{BOOK}.position", b"", timeout=10)
            assert json.loads(reply.data)["head"] == 34

    with contextlib.ExitStack() as stack:
        parts = [
            Serving(tmp_path / "books", tmp_path / kind, nats=nats_server.url, only=[kind])
            for kind in ("ingest", "relay", "reports", "query")
        ]
        for part in parts:
            stack.callback(part.close)
            part.launch()
        asyncio.run(_all_begun(parts))
        asyncio.run(told())
        for part in parts:
            assert part.ended(STOP_SECONDS) == 0


async def _all_begun(parts: list[Serving]) -> None:
    async def missing() -> str:
        return ", ".join(part.log.name for part in parts if not part.has_begun())

    await until(missing)
