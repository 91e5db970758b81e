"""The NATS server of our own: it starts, says why it does not, keeps what it acknowledged, and never outlives us."""

import asyncio
import fcntl
import importlib.metadata
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import nats
import nats.errors
import pytest
from nats.aio.client import Client

from services.messaging import nats_server as module
from services.messaging.nats_server import (
    NatsDirectoryInUse,
    NatsNotStarted,
    NatsPortTaken,
    NatsServer,
    NatsServerMissing,
    find_binary,
)
from tests.servers.cut_line import CutLine
from tests.servers.nats import TestServer

pytestmark = pytest.mark.server

PARENT = """
import sys, time
from pathlib import Path
from services.messaging.nats_server import NatsServer
server = NatsServer(Path(sys.argv[1])).start()
print(server.pid, server.port, flush=True)
time.sleep(600)
"""


def talk(url: str, words: Callable[[Client], Awaitable[None]]) -> None:
    async def connected() -> None:
        client = await nats.connect(url, allow_reconnect=False)
        try:
            await words(client)
        finally:
            await client.close()

    asyncio.run(connected())


async def publish(client: Client) -> None:
    jetstream = client.jetstream()
    await jetstream.add_stream(name="kept", subjects=["kept.>"])
    await jetstream.publish("kept.one", b"1")


def messages(url: str) -> int:
    found: list[int] = []

    async def ask(client: Client) -> None:
        found.append((await client.jetstream().stream_info("kept")).state.messages)

    talk(url, ask)
    return found[0]


def ended(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_keeps_what_it_acknowledged_and_its_port_over_a_stop_and_a_crash(nats_server: TestServer) -> None:
    url = nats_server.url
    talk(url, publish)

    nats_server.restart()
    assert messages(url) == 1
    nats_server.kill9()
    assert not nats_server.running
    nats_server.start()

    assert nats_server.url == url
    assert messages(url) == 1


def test_writes_to_disk_before_it_acknowledges_and_listens_on_loopback_only(nats_server: TestServer) -> None:
    settings = (nats_server.directory / "nats-server.conf").read_text()
    listening = Path(f"/proc/{nats_server.pid}/net/tcp").read_text()

    assert "sync_interval: always" in settings
    assert "max_payload: 8MB" in settings
    for port in (nats_server.port, nats_server.monitor_port):
        assert f"0100007F:{port:04X} " in listening
        assert f"00000000:{port:04X} " not in listening


def test_takes_a_message_of_almost_eight_megabytes_and_no_larger(nats_server: TestServer) -> None:
    async def words(client: Client) -> None:
        assert client.max_payload == 8 * 1024 * 1024
        await client.jetstream().add_stream(name="large", subjects=["large"])
        assert (await client.jetstream().publish("large", bytes(8_000_000))).seq == 1
        with pytest.raises(nats.errors.MaxPayloadError):
            await client.publish("large", bytes(8 * 1024 * 1024 + 1))

    talk(nats_server.url, words)


def test_loses_and_gets_back_its_storage(nats_server: TestServer) -> None:
    talk(nats_server.url, publish)
    nats_server.stop()
    nats_server.save("one")
    nats_server.start()
    talk(nats_server.url, publish)
    assert messages(nats_server.url) == 2

    nats_server.stop()
    nats_server.put_back("one")
    nats_server.start()

    assert messages(nats_server.url) == 1
    with pytest.raises(RuntimeError, match="stop the server"):
        nats_server.wipe()


def test_a_server_that_stands_still_answers_nothing_until_it_goes_on(nats_server: TestServer) -> None:
    async def words(client: Client) -> None:
        await publish(client)
        nats_server.pause()
        with pytest.raises(nats.errors.TimeoutError):
            await client.jetstream(timeout=0.2).stream_info("kept")
        nats_server.resume()
        assert (await client.jetstream().stream_info("kept")).state.messages == 1

    talk(nats_server.url, words)


def test_stops_also_when_it_stands_still(nats_server: TestServer) -> None:
    pid = nats_server.pid
    nats_server.pause()

    nats_server.stop()

    assert ended(pid, seconds=0.1)


@pytest.mark.parametrize("paused", [False, True])
def test_ends_with_the_program_that_started_it(tmp_path: Path, *, paused: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as parent:
        assert parent.stdout is not None
        pid, port = map(int, parent.stdout.readline().split())
        if paused:
            os.kill(pid, signal.SIGSTOP)
        parent.kill()
        parent.wait()

        # At once, while the old server may still be ending: the directory is waited for.
        with NatsServer(tmp_path, port=port) as server:
            assert server.port == port
            assert ended(pid, seconds=0.1)


def test_refuses_a_port_that_is_taken(nats_server: TestServer, tmp_path: Path) -> None:
    with pytest.raises(NatsPortTaken) as refused:
        NatsServer(tmp_path / "other", port=nats_server.port).start()

    assert str(nats_server.port) in str(refused.value.facts["reason"])


def test_refuses_a_directory_where_another_server_works(
    nats_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waits(_: float) -> None:
        raise AssertionError("it says so at once")

    configuration = nats_server.directory / "nats-server.conf"
    before = configuration.read_bytes()
    with monkeypatch.context() as impatient:
        impatient.setattr(time, "sleep", waits)
        with pytest.raises(NatsDirectoryInUse) as refused:
            NatsServer(nats_server.directory, port=1).start()
        with pytest.raises(NatsDirectoryInUse):
            nats_server.start()

    for language in ("sv", "en"):
        said = refused.value.sentence("sv" if language == "sv" else "en")
        assert all(word in said for word in (str(nats_server.directory), str(nats_server.pid), str(nats_server.port)))
    assert configuration.read_bytes() == before, "the server that runs may have to read it again"
    talk(nats_server.url, publish)
    nats_server.stop()
    with NatsServer(nats_server.directory):
        pass


def test_works_in_a_directory_that_is_named_from_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with NatsServer(Path("var") / "bus") as server:
        monkeypatch.chdir("/")
        talk(server.url, publish)
        server.stop()
        server.start()
        assert messages(server.url) == 1
        assert server.directory == tmp_path / "var" / "bus"


def test_says_that_it_waits_for_a_server_whose_program_is_gone(tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    left_behind = os.open(tmp_path / "server.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(left_behind, fcntl.LOCK_EX)
    told: list[str] = []

    def waiting() -> None:
        told.append("waits")
        os.close(left_behind)

    server.waiting = waiting
    with server:
        assert server.running
    assert told == ["waits"]


def test_waits_for_it_no_longer_than_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.1)
    left_behind = os.open(tmp_path / "server.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(left_behind, fcntl.LOCK_EX)

    server = NatsServer(tmp_path)
    with pytest.raises(NatsDirectoryInUse):
        server.start()
    os.close(left_behind)
    with NatsServer(tmp_path) as another:
        assert another.running, "the first gave up its claim"


def test_says_with_the_end_of_its_log_why_it_did_not_start(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.conf"
    wrong.write_text("nonsense: yes\n")
    server = NatsServer(tmp_path / "nats", includes=[wrong])

    with pytest.raises(NatsNotStarted) as refused:
        server.start()

    assert 'unknown field "nonsense"' in str(refused.value.facts["lines"])
    assert not server.running


def test_refuses_without_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    assert os.access(find_binary(), os.X_OK)

    def without(_: str) -> None:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "files", without)
    with pytest.raises(NatsServerMissing):
        find_binary()
    monkeypatch.setattr(importlib.metadata, "files", lambda _: [])
    with pytest.raises(NatsServerMissing):
        find_binary()


def test_a_line_can_be_deaf_held_up_slow_and_cut(nats_server: TestServer) -> None:
    async def words(_: Client) -> None:
        back = asyncio.Event()

        async def reconnected() -> None:
            back.set()

        client = await nats.connect(
            f"nats://127.0.0.1:{line.port}",
            reconnect_time_wait=0.01,
            max_reconnect_attempts=-1,
            reconnected_cb=reconnected,
        )
        jetstream = client.jetstream(timeout=0.2)
        await publish(client)
        for way in (line.questions, line.answers):
            way("hold")
            late = asyncio.create_task(client.jetstream(timeout=5).stream_info("kept"))
            with pytest.raises(nats.errors.TimeoutError):
                await jetstream.stream_info("kept")
            assert not late.done()
            way("pass")
            assert (await late).state.messages == 1
        line.delay(0.1)
        started = time.monotonic()
        await client.jetstream().stream_info("kept")
        assert time.monotonic() - started >= 0.2
        line.mend()
        line.answers("drop")
        with pytest.raises(nats.errors.TimeoutError):
            await jetstream.publish("kept.two", b"2")
        line.mend()
        line.cut()
        await asyncio.wait_for(back.wait(), 5)
        assert (await client.jetstream().stream_info("kept")).state.messages == 2
        await client.close()

    with CutLine("127.0.0.1", nats_server.port) as line:
        talk(nats_server.url, words)
