"""`grundbok serve` from outside: how it begins and ends, what it says of itself, its server, and its parts apart."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from pathlib import Path
from typing import Self

import pytest

from services import serving as serving_module
from services.application.writer import BookWriter
from services.clock import SystemClock
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from services.messaging import nats_server as module
from services.messaging.keys import AUTHORIZATION, SERVER_FILES, make_keys
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import CONNECT_SECONDS, Access, connected
from services.messaging.nats_server import NatsPortTaken, NatsServer
from services.messaging.observed import Observed
from services.messaging.port import Outgoing
from tests.messaging.agreement import Correspondence, agree
from tests.messaging.serving import Serving, until, until_health
from tests.messaging.steady_senders import BOOK
from tests.messaging.users import A, B
from tests.messaging.users import connected as user_connected
from tests.processes import is_running
from tests.servers.nats import TestServer
from tests.servers.ports import free_ports
from tests.services.messages import founding, read, vouchers

pytestmark = [pytest.mark.server, pytest.mark.slow]

STOP_SECONDS = 10.0


def own_server(place: Path) -> int:
    """Return the process of the server that `serve` has started itself."""
    return NatsServer(place / "bus").pid


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


def test_goes_on_trying_to_start_its_own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_module, "SERVER_LOOK_SECONDS", 0.01)
    observed, stopping, tries = Observed(), asyncio.Event(), []

    class Hindered(NatsServer):
        def start(self, *, healthy: bool = True) -> Self:
            tries.append(observed.parts())
            if len(tries) < 3:
                raise NatsPortTaken(reason="127.0.0.1:1")
            return super().start(healthy=healthy)

    async def told() -> None:
        keeping = asyncio.create_task(serving_module._keep_up(server, observed, stopping))

        async def missing() -> str:
            return "" if server.running else "it does not run"

        await until(missing, STOP_SECONDS)
        stopping.set()
        await keeping

    server = Hindered(tmp_path)
    try:
        asyncio.run(told())
        assert [[condition.code for *_, condition in fares] for fares in tries] == [
            [],
            ["nats_port_taken"],
            ["nats_port_taken"],
        ]
        assert [condition.state for *_, condition in observed.parts()] == ["ok"]
    finally:
        server.stop()


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


def test_waits_for_a_bus_that_is_away_and_says_so(nats_server: TestServer, tmp_path: Path) -> None:
    url = nats_server.url
    nats_server.stop()
    status = f"127.0.0.1:{free_ports(1)[0]}"
    serving = Serving(tmp_path / "books", tmp_path / "serve", nats=url, environment={"GRUNDBOK_STATUS": status})
    serving.asks_at(status)

    async def away() -> None:
        async def missing() -> str:
            with contextlib.suppress(OSError):
                said = json.loads((await asyncio.to_thread(serving.get, "/readyz"))[1])
                return (
                    "" if "refused" in said["connection"]["en"] or "failed" in said["connection"]["en"] else str(said)
                )
            return "no status page"

        await until(missing)

    with contextlib.closing(serving):
        serving.launch()
        asyncio.run(away())
        code, body = serving.get("/readyz")
        said = json.loads(body)
        assert (code, said["ready"], said["connected"], said["parts"]) == (503, False, False, [])
        assert said["connection"]["sv"].startswith(f"Bussen svarar inte; besked från NATS: {url}: ")
        assert serving.get("/livez")[0] == 200
        assert serving.get("/metrics")[0] == 200
        # Longer than an attempt takes: it begins anew and says nothing new.
        asyncio.run(asyncio.sleep(CONNECT_SECONDS + 2))
        assert not serving.has_begun()
        assert serving.told().count('"what": "error"') == 1, serving.told()

        nats_server.start()
        asyncio.run(until_health(serving, lambda health: health.ready))
        assert '"what": "connected"' in serving.told()
        assert serving.ended(STOP_SECONDS) == 0

        nats_server.stop()
        serving.launch()
        asyncio.run(away())
        assert serving.ended(CONNECT_SECONDS / 2) == 0, "it is told to end while it waits"
    assert "Traceback" not in serving.told()


def test_a_second_one_on_the_same_directory_says_at_once_why_it_ends(tmp_path: Path) -> None:
    with Serving(tmp_path / "books", tmp_path / "first") as first:
        second = Serving(tmp_path / "books", tmp_path / "second")
        second.launch()
        assert second.exit_code(module.STOP_SECONDS / 2) == 1
        assert "nats_directory_in_use" in second.told()
        assert first.bus in second.told()
        beside = Serving(tmp_path / "books", tmp_path / "beside", nats=first.bus)
        with beside:
            asyncio.run(until_health(beside, lambda health: health.ready))


def test_books_are_shared_out_between_services_on_one_bus(nats_server: TestServer, tmp_path: Path) -> None:
    names = ("varend", "timra")
    shards = {
        name: Serving(
            tmp_path / name, tmp_path / "log" / name, nats=nats_server.url, arguments=("--associations", name)
        )
        for name in names
    }

    async def told() -> None:
        async with connected(Access(urls=(nats_server.url,)), "test") as client:
            bus = NatsBus(client)
            for count, name in enumerate(names, start=3):
                letters = Correspondence(name)
                await letters.insist(bus, [*founding(), *vouchers(count)])
                await agree(bus, tmp_path / name, letters)
            await bus.append("grundbok-in", [Outgoing("grundbok.in.other", b"{}"), Outgoing("grundbok.in.No", b"{}")])
            for _ in range(20):
                heads = [
                    json.loads((await client.request(f"grundbok.query.{name}.position", b"", timeout=10)).data)["head"]
                    for name in names
                ]
                assert heads == [7, 8], "each question comes to the service that has the book"
        for name, serving in shards.items():
            health = await until_health(serving, lambda health: health.ready)
            assert {part["book"] for part in health.parts} == {"", name}

    with contextlib.ExitStack() as stack:
        for serving in shards.values():
            stack.enter_context(serving)
        asyncio.run(told())
        for name in names:
            assert [file.name for file in (tmp_path / name).glob("*.sqlite")] == [f"{name}.sqlite"]


def test_a_service_with_keys_for_some_books_leaves_the_others_alone(tmp_path: Path) -> None:
    for name in (A, B):
        with open_shelf(tmp_path / "books", catalogue_mapper()) as shelf:
            BookWriter(shelf.create(name), SystemClock()).write(read(*founding()))
    make_keys(tmp_path / "keys", [A])
    seed = {"GRUNDBOK_NATS_SEED_FILE": str(tmp_path / "keys" / "relay.seed")}

    async def head(url: str) -> None:
        async with user_connected(url, tmp_path / "keys", "operator") as operator:
            reply = await operator.client.request(f"grundbok.query.{A}.position", b"", timeout=10)
            assert json.loads(reply.data)["head"] == 4

    includes = [tmp_path / "keys" / SERVER_FILES / AUTHORIZATION]
    with TestServer(tmp_path / "nats", includes=includes) as server:
        every, some = (
            Serving(tmp_path / "books", tmp_path / kind, nats=server.url, only=["relay"], environment={**seed, **names})
            for kind, names in (("every", {}), ("some", {"GRUNDBOK_ASSOCIATIONS": A}))
        )
        with some:
            asyncio.run(until_health(some, lambda health: health.code("relay", A) == "ok"))
            assert some.health().ready
            assert B not in some.told()
        questions = {"GRUNDBOK_NATS_SEED_FILE": str(tmp_path / "keys" / "query.seed"), "GRUNDBOK_ASSOCIATIONS": A}
        with Serving(
            tmp_path / "books", tmp_path / "q", nats=server.url, only=["query"], environment=questions
        ) as asked:
            asyncio.run(head(server.url))
            assert '"what": "error"' not in asked.told()
        with every:
            asyncio.run(until_health(every, lambda health: bool(health.code("relay", B)) and not health.ready))


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
