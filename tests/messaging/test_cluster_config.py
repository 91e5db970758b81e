"""docker-compose.yml names what there is, and its servers make a cluster that survives the loss of one of them."""

import asyncio
import json
import re
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
import trustme

from domain.kernel.refusal import Refusal
from services.cli.main import program
from services.messaging.keys import NODES, SERVER_FILES, make_keys
from services.messaging.nats_bus import NatsBus
from services.messaging.permissions import SERVICES
from services.messaging.port import BusUnavailable, Outgoing, StreamPlan
from services.messaging.settings import VARIABLES as BUS_VARIABLES
from services.settings import VARIABLES
from tests.messaging.test_keys import certificates, trusting
from tests.messaging.users import A, connected, run
from tests.servers.nats import Cluster

ROOT = Path(__file__).parents[2]
PARTS = ("ingest", "relay", "reports", "query")
PLAN = StreamPlan(name=f"grundbok-events-{A}", subjects=(f"grundbok.events.{A}.>",))


def events(first: int, last: int) -> list[Outgoing]:
    return [Outgoing(f"grundbok.events.{A}.voucher", b"%d" % number) for number in range(first, last + 1)]


async def appended(bus: NatsBus, messages: list[Outgoing], after: int, seconds: float) -> int:
    """Append as the relay does: on any doubt look again where the stream ends. A new leader takes a few seconds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            state = await bus.state(PLAN.name)
            if state is not None and state.last == after + len(messages):
                return state.last
            return await bus.append(PLAN.name, messages, after=after)
        except Refusal:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)


async def cluster_of(bus: NatsBus) -> dict[str, Any]:
    reply = await bus.client.request(f"$JS.API.STREAM.INFO.{PLAN.name}", b"", timeout=5)
    found: dict[str, Any] = json.loads(reply.data)["cluster"]
    return found


@pytest.mark.server
def test_three_servers_keep_a_stream_when_its_leader_is_lost_and_the_leader_catches_up(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, [A])

    async def work() -> None:
        async with connected(cluster.urls[0], cluster.keys, "relay") as first:
            bus = NatsBus(first.client, replicas=3)
            await bus.make(PLAN)
            assert await appended(bus, events(1, 100), 0, seconds=20) == 100
            placed = await cluster_of(bus)
        assert len(placed["replicas"]) == 2
        number = int(placed["leader"].removeprefix("nats-")) - 1
        lost, other = cluster.nodes[number], cluster.nodes[number - 1]
        lost.stop()

        async with connected(other.url, cluster.keys, "relay") as second:
            bus = NatsBus(second.client, replicas=3, answer_seconds=1)
            assert await appended(bus, events(101, 200), 100, seconds=40) == 200
            lost.start(healthy=False)
            lost.wait_until_healthy(30)
            assert {one["name"] for one in (await cluster_of(bus))["replicas"]} >= {f"nats-{number + 1}"}
            deadline = time.monotonic() + 20
            while not all(one["current"] for one in (await cluster_of(bus))["replicas"]):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)

        async with connected(lost.url, cluster.keys, "relay") as third:
            for sequence in (1, 100, 101, 200):
                stored = await NatsBus(third.client).get(PLAN.name, sequence)
                assert stored is not None
                assert stored.data == b"%d" % sequence

    with cluster.running():
        run(work)


@pytest.mark.server
def test_one_server_of_three_acknowledges_nothing(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, [A])

    async def work() -> None:
        async with connected(cluster.urls[0], cluster.keys, "relay") as user:
            bus = NatsBus(user.client, replicas=3, answer_seconds=1)
            await bus.make(PLAN)
            assert await appended(bus, events(1, 10), 0, seconds=20) == 10
            for node in cluster.nodes[1:]:
                node.stop()
            with pytest.raises(BusUnavailable):
                await bus.append(PLAN.name, events(11, 11), after=10)

    with cluster.running():
        run(work)


@pytest.mark.server
def test_the_servers_speak_tls_with_each_other_and_with_clients(tmp_path: Path) -> None:
    authority = trustme.CA()
    cluster = Cluster(tmp_path, [A], certificates(tmp_path / "certificates", authority))

    async def work() -> None:
        for url in cluster.urls:
            safe = url.replace("nats://", "tls://")
            async with connected(safe, cluster.keys, "relay", tls=trusting(authority)) as user:
                await NatsBus(user.client, replicas=3).make(PLAN)
            with pytest.raises(ssl.SSLCertVerificationError):
                async with connected(url, cluster.keys, "relay"):
                    pass

    with cluster.running():
        run(work)


def logs(cluster: Cluster) -> list[str]:
    return [node.log.read_text() for node in cluster.nodes]


@pytest.mark.server
def test_no_server_joins_without_the_password(tmp_path: Path) -> None:
    cluster, other = Cluster(tmp_path, [A]), tmp_path / "other"
    other.mkdir()
    stranger = Cluster(other, [A])
    routes = cluster.keys / SERVER_FILES / "cluster.conf"
    password = (cluster.keys / "cluster.password").read_text().strip()
    wrong = (stranger.keys / "cluster.password").read_text().strip()
    (stranger.keys / SERVER_FILES / "cluster.conf").write_text(routes.read_text().replace(password, wrong))

    with cluster.running():
        node = stranger.nodes[0].start(healthy=False)
        try:
            deadline = time.monotonic() + 20
            while not any("Router connection closed: Authentication Failure" in log for log in logs(cluster)):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            node.stop()


def composed(file: str) -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: docker-compose.yml is not checked")
    text = (ROOT / file).read_text("utf-8")
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    text = re.sub(r"\$\{(\w+):\?[^}]*\}", r"<\1>", text)
    assert "${" not in text
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_the_composition_mounts_only_files_that_are_here_or_that_bus_keys_makes(tmp_path: Path) -> None:
    composition = composed("docker-compose.yml")
    make_keys(tmp_path / "var" / "keys", [A])

    mounted = [mount for one in composition["services"].values() for mount in one.get("volumes", [])]
    sources = [mount.split(":")[0] for mount in mounted]
    files = [secret["file"] for secret in composition["secrets"].values() if "file" in secret]
    for source in {*sources, *files}:
        if source.startswith("./var/keys"):
            assert (tmp_path / source).exists(), source
        elif source.startswith("./deploy"):
            assert (ROOT / source).exists(), source
        else:
            assert source in composition["volumes"] or source == "./messages", source
    for name, one in composition["services"].items():
        assert set(one.get("secrets", [])) <= set(composition["secrets"]), name
        assert set(one["networks"]) <= set(composition["networks"]), name
        assert set(one.get("depends_on", {})) <= set(composition["services"]), name


def test_the_composition_gives_every_server_the_variables_of_its_configuration() -> None:
    composition = composed("docker-compose.yml")
    text = (ROOT / "deploy" / "nats" / "nats.conf").read_text("utf-8")
    named = set(re.findall(r"^\s*\w+: \$(\w+)$", text, re.MULTILINE))

    servers = {name: one for name, one in composition["services"].items() if name.startswith("nats-")}
    assert [f"{name}:6222" for name in servers] == list(NODES)
    for name, server in servers.items():
        assert set(server["environment"]) == named, name
        assert server["environment"]["NATS_NAME"] == name
        targets = {mount.split(":")[1] for mount in server["volumes"]}
        assert targets == {"/etc/nats/nats.conf", "/etc/nats/tls", "/etc/nats/keys", "/data"}


def test_the_composition_runs_every_part_with_its_own_key_and_commands_that_parse() -> None:
    composition = composed("docker-compose.yml")
    ours = {name: one for name, one in composition["services"].items() if one["image"] == "grundbok"}

    assert set(ours) == {*PARTS, "grundbok"}
    for name, part in ours.items():
        program().parse_args(part["command"], print_error=False, exit_on_error=False)
        environment = part["environment"]
        known = {*VARIABLES, *BUS_VARIABLES, "PGPASSWORD"}
        assert set(environment) <= known, name
        (secret,) = part["secrets"]
        assert environment["GRUNDBOK_NATS_SEED_FILE"] == f"/run/secrets/{secret}"
        assert secret.removesuffix(".seed") == ("operator" if name == "grundbok" else name)
        assert secret.removesuffix(".seed") in SERVICES
    assert [ours[name]["command"] for name in PARTS] == [["serve", "--only", name] for name in PARTS]


def test_the_composition_with_tls_replaces_what_it_should() -> None:
    plain, secure = composed("docker-compose.yml")["services"], composed("deploy/compose.tls.yml")["services"]

    assert set(secure) == set(plain) - {"postgres"}
    for name, one in secure.items():
        if name.startswith("nats-"):
            assert "./deploy/nats/with-tls:/etc/nats/tls:ro" in one["volumes"]
        else:
            assert set(one["environment"]) == {"GRUNDBOK_NATS", "GRUNDBOK_NATS_CA"}
            assert one["environment"]["GRUNDBOK_NATS"] == plain[name]["environment"]["GRUNDBOK_NATS"].replace(
                "nats://", "tls://"
            )
            assert any(mount.split(":")[1] == one["environment"]["GRUNDBOK_NATS_CA"] for mount in one["volumes"])
