"""NATS servers for tests: one that can be hurt in every way, and the three of docker-compose.yml without Docker."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from services.messaging.keys import NODES, SERVER_FILES, make_keys
from services.messaging.nats_server import LOOPBACK, START_SECONDS, NatsProcess, NatsServer
from tests.servers.ports import free_ports

DEPLOYED = Path(__file__).parents[2] / "deploy" / "nats"


class TestServer(NatsServer):
    """A server on a free port, which it keeps over restarts."""

    __test__ = False

    def kill9(self) -> None:
        """End it without a chance to tidy up; the machine goes on, so what it wrote is there."""
        os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def pause(self) -> None:
        """Make it stand still: connections stay open, and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)
        # Its threads stop one by one, and one of them could still answer.
        while not _stands_still(self.pid):
            time.sleep(0.001)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def reload(self) -> None:
        """Make it read its configuration again."""
        os.kill(self.pid, signal.SIGHUP)

    def restart(self) -> None:
        """Stop it in good order and start it again on the same port."""
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Lose the storage of a server that does not run."""
        self._ensure_stopped()
        shutil.rmtree(self.storage, ignore_errors=True)

    def save(self, name: str) -> None:
        """Copy the storage of a server that does not run."""
        self._ensure_stopped()
        shutil.copytree(self.storage, self._saved(name))

    def put_back(self, name: str) -> None:
        """Put a copy of the storage in the place of what is there; the server must not run."""
        self.wipe()
        shutil.copytree(self._saved(name), self.storage)

    def _saved(self, name: str) -> Path:
        return self.directory / f"saved-{name}"

    def _ensure_stopped(self) -> None:
        if self.running:
            raise RuntimeError("stop the server first: its files are open")


class Cluster:
    """Three servers on loopback with the configuration of docker-compose.yml; `keys` is as `bus keys` makes it."""

    def __init__(self, directory: Path, books: Sequence[str] = (), certificates: Path | None = None) -> None:
        self.keys = directory / "keys"
        self._place = directory / "etc"
        routes = free_ports(len(NODES))
        make_keys(self.keys, books, nodes=[f"{LOOPBACK}:{port}" for port in routes])
        self._lay_out(certificates)
        ports, monitors = free_ports(len(NODES)), free_ports(len(NODES))
        self.nodes = [
            NatsProcess(
                self._place / "nats.conf",
                directory / f"node-{number}",
                {
                    "NATS_NAME": f"nats-{number}",
                    "NATS_HOST": LOOPBACK,
                    "NATS_PORT": str(ports[number - 1]),
                    "NATS_CLUSTER_PORT": str(routes[number - 1]),
                    "NATS_MONITOR": f"{LOOPBACK}:{monitors[number - 1]}",
                    "NATS_STORE": str(directory / f"node-{number}" / "streams"),
                },
            )
            for number in range(1, len(NODES) + 1)
        ]

    @property
    def urls(self) -> list[str]:
        """Return where clients connect."""
        return [node.url for node in self.nodes]

    @contextlib.contextmanager
    def running(self) -> Iterator["Cluster"]:
        """Run all servers, and wait until they have found each other."""
        try:
            for node in self.nodes:
                node.start(healthy=False)
            for node in self.nodes:
                node.wait_until_healthy(START_SECONDS)
            self._wait_until_whole(time.monotonic() + START_SECONDS)
            yield self
        finally:
            for node in self.nodes:
                node.stop()

    def _wait_until_whole(self, deadline: float) -> None:
        """Wait until the leader has both others: two of three are healthy, and cannot place what wants three copies."""
        while not any(_leads_all(_others(node)) for node in self.nodes):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the servers have not found each other: {list(map(_others, self.nodes))}")
            time.sleep(0.05)

    def _lay_out(self, certificates: Path | None) -> None:
        """Make /etc/nats as docker-compose.yml does."""
        self._place.mkdir()
        shutil.copy(DEPLOYED / "nats.conf", self._place)
        (self._place / "keys").symlink_to(self.keys / SERVER_FILES)
        (self._place / "tls").symlink_to(DEPLOYED / ("with-tls" if certificates else "without-tls"))
        if certificates:
            (self._place / "certificates").symlink_to(certificates)


def _stands_still(pid: int) -> bool:
    stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


def _others(node: NatsProcess) -> list[dict[str, Any]]:
    """Ask a server how it sees the other servers that keep the list of streams."""
    connection = http.client.HTTPConnection(LOOPBACK, node.monitor_port, timeout=5)
    try:
        connection.request("GET", "/jsz")
        said = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    found: list[dict[str, Any]] = said.get("meta_cluster", {}).get("replicas", [])
    return found


def _leads_all(others: list[dict[str, Any]]) -> bool:
    """Tell whether this is the view of a leader of all: one that follows sees only its leader as current."""
    return len(others) == len(NODES) - 1 and all(one["current"] and not one.get("offline") for one in others)
