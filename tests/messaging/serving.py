"""`grundbok serve` as a process of its own, that is started, watched, killed by its number and started again."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
POLL_SECONDS = 0.01
DEADLINE_SECONDS = 60.0
STOP_SECONDS = 20.0

RUNS = re.compile(r"^grundbok runs .*: bus (?P<bus>\S+), health and metrics http://(?P<status>\S+)\. End", re.MULTILINE)

ROUNDS = int(os.environ.get("GRUNDBOK_FAULT_ROUNDS", "1"))
"""By how much the rounds of fault tests are multiplied."""


class Health(NamedTuple):
    """What `/readyz` says."""

    ready: bool
    parts: list[dict[str, str]]

    def code(self, part: str, book: str) -> str:
        """Return what stands in the way of a part of a book: a code; `ok`, or nothing where it does not run."""
        for one in self.parts:
            if (one["part"], one["book"]) == (part, book):
                return one["code"] or one["state"]
        return ""


class Serving:
    """A process of `grundbok serve`; the place of the books is a directory or a DSN, `prefix` words before it."""

    def __init__(
        self,
        place: str | Path,
        directory: Path,
        *,
        nats: str = "",
        only: Sequence[str] = (),
        arguments: Sequence[str] = ("--nats-port", "0"),
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.log = directory / f"serve-{'-'.join(only) or 'all'}.log"
        self.kills = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._said: dict[str, str] = {}
        self._status = ""
        self._read_from = 0
        kinds = [word for kind in only for word in ("--only", kind)]
        program = [sys.executable, "-m", "services.cli.main", "serve", "--lang", "en", *arguments]
        self._command = [*prefix, *program, *kinds]
        store = {"GRUNDBOK_POSTGRES": str(place)} if "://" in str(place) else {}
        data = directory / "data" if store else Path(place)
        inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("GRUNDBOK_")}
        bus = {"GRUNDBOK_NATS": nats, "GRUNDBOK_STATUS": "127.0.0.1:0", "GRUNDBOK_DATA": str(data)}
        self._environment = {**inherited, "PYTHONPATH": str(ROOT), **bus, **store, **(environment or {})}

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def bus(self) -> str:
        """Return where the bus is that it uses."""
        return self._said["bus"]

    def launch(self) -> None:
        """Start the process, and do not wait for it."""
        self._read_from = self.log.stat().st_size if self.log.exists() else 0
        self._said = {}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stderr=log, stdout=log, cwd=ROOT, env=self._environment)

    def start(self) -> Self:
        """Start the process and wait until it says that it runs."""
        self.launch()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self.has_begun():
            if not self.alive or time.monotonic() > deadline:
                raise RuntimeError(f"serve did not start: {self.told()}")
            time.sleep(POLL_SECONDS)
        return self

    def has_begun(self) -> bool:
        """Tell whether the process has said that it runs."""
        found = RUNS.search(self.told())
        if found:
            self._said = found.groupdict()
        return found is not None

    def told(self) -> str:
        """Return what the process has printed since it was started."""
        with self.log.open("rb") as log:
            log.seek(self._read_from)
            return log.read().decode(errors="replace")

    def kill9(self) -> None:
        """End the process without a chance to tidy up."""
        self._running().kill()
        self._running().wait(STOP_SECONDS)
        self.kills += 1

    def kill9_writer(self) -> None:
        """End the process that writes the books, if it runs."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for begun in Path(f"/proc/{self.pid}/task").glob("*/children"):  # by each thread
                for child in begun.read_text().split():
                    if b"services.writing" in Path(f"/proc/{child}/cmdline").read_bytes():
                        os.kill(int(child), signal.SIGKILL)
                        self.kills += 1

    def ended(self, seconds: float = STOP_SECONDS) -> int:
        """Ask the process to end, and return its exit code."""
        self._running().terminate()
        return self._running().wait(seconds)

    def exit_code(self, seconds: float = STOP_SECONDS) -> int:
        """Wait until the process ends by itself, and return its exit code."""
        return self._running().wait(seconds)

    def asks_at(self, status: str) -> None:
        """Ask the status page at this address, of a process that has not said that it runs."""
        self._status = status

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask the status page: the status and the body of its answer."""
        where = urlsplit(f"//{self._status or self._said['status']}")
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def health(self) -> Health:
        """Ask whether it is ready, and how each part fares."""
        status, body = self.get("/readyz")
        said: dict[str, Any] = json.loads(body)
        if (status == http.HTTPStatus.OK) is not said["ready"]:
            raise AssertionError(f"{status} but {said}")
        return Health(said["ready"], said["parts"])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process whatever it does."""
        if self.alive:
            self._running().terminate()
            try:
                self._running().wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill9()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("serve was not started")
        return self._process


async def until(condition: Callable[[], Awaitable[str]], seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until a condition that says what is missing says nothing."""
    deadline = asyncio.get_running_loop().time() + seconds
    while missing := await condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"after {seconds:g} s: {missing}")
        await asyncio.sleep(POLL_SECONDS)


async def until_health(serving: Serving, wanted: Callable[[Health], bool], seconds: float = DEADLINE_SECONDS) -> Health:
    """Wait until health says what is wanted, and return it."""
    seen: list[Health] = []

    async def missing() -> str:
        seen.append(await asyncio.to_thread(serving.health))
        return "" if wanted(seen[-1]) else f"health says {seen[-1]}"

    await until(missing, seconds)
    return seen[-1]
