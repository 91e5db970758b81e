"""Large files are read by a process beside: the batches are the same, and stay the same whatever becomes of it."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from services.application import reading
from services.application.reading import Batch, batches, read_batches
from services.application.writer import BookWriter
from services.clock import FixedClock
from services.contract.answers import Refused
from services.contract.envelope import Message
from services.contract.unreadable import FileMissing, FileReplaced
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from tests.processes import is_running, wait_until
from tests.services.messages import NOON, founding, line_of, vouchers

LINES = 7
"""Messages in a batch of these tests."""


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return files of twenty batches, with what is no message here and there, that count as large."""
    monkeypatch.setattr(reading, "AHEAD_BYTES", 1)
    monkeypatch.setattr(reading, "OWN_BATCHES", 3)
    monkeypatch.setattr(reading, "_processors", lambda: 2)
    lines = [line_of(message) for message in (*founding(), *vouchers(134))]
    for place in (2, 30, 31, 77, 139):
        lines.insert(place, b'{"specversion":"1.0"')
    first, second, empty = tmp_path / "first å.jsonl", tmp_path / "second", tmp_path / "empty"
    first.write_bytes(b"\n".join(lines[:100]) + b"\n")
    empty.write_bytes(b"")
    second.write_bytes(b"\n".join(lines[100:]))
    return [str(first), str(empty), str(second)]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """Return the processes that are started."""
    found: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            found.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    return found


def at_hand(names: list[str]) -> list[Batch]:
    """Return what is read here, without a process."""
    found = list(read_batches(names, LINES))
    assert len(found) >= 20
    assert sum(isinstance(item, Refused) for batch in found for item in batch.messages) == 6
    return found


def said(batches: Iterable[Batch]) -> list[Any]:
    """Return what batches say, whichever class of messages says it."""
    return [
        ([(isinstance(item, Message), structs.astuple(item)) for item in messages], file, done)
        for messages, file, done in batches
    ]


def test_gives_the_same_batches(
    names: list[str], started: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    come: list[object] = []
    frame_of = reading._frame

    def counted(body: bytes) -> object:
        come.append(frame_of(body))
        return come[-1]

    monkeypatch.setattr(reading, "_frame", counted)
    expected = at_hand(names)

    assert said(batches(names, LINES)) == said(expected)
    assert len(come) == len(expected[3:]) + 1
    assert come[-1] is None
    assert [process.poll() is not None for process in started] == [True]


@pytest.mark.parametrize("killed_after", [0, 3, 4, 11])
def test_reads_on_where_a_killed_process_came_to(
    names: list[str], started: list["subprocess.Popen[bytes]"], killed_after: int
) -> None:
    expected = at_hand(names)
    read = batches(names, LINES)
    found = [next(read) for _ in range(max(killed_after, 1))]
    os.kill(started[0].pid, signal.SIGKILL)
    started[0].wait()
    assert said([*found, *read]) == said(expected)


@pytest.mark.parametrize("stopped_after", [3, 5])
def test_reads_on_where_a_process_stands_still(
    names: list[str],
    started: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
    stopped_after: int,
) -> None:
    monkeypatch.setattr(reading, "STANDS_STILL_SECONDS", 0.2)
    Path(names[0]).write_bytes(Path(names[0]).read_bytes() * 200)  # more than a pipe holds
    expected = list(read_batches(names, LINES))
    read = batches(names, LINES)
    found = [next(read) for _ in range(stopped_after)]
    os.kill(started[0].pid, signal.SIGSTOP)

    assert said([*found, *read]) == said(expected)
    assert started[0].poll() == -signal.SIGKILL


def test_reads_here_when_there_can_be_no_such_process(names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MODULE", "services.no_such_module")
    assert said(batches(names, LINES)) == said(at_hand(names))


def test_reads_here_when_no_process_can_be_started(names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))

    monkeypatch.setattr(subprocess, "Popen", refused)
    assert said(batches(names, LINES)) == said(at_hand(names))


def test_leaves_no_process_behind_when_nobody_reads_on(
    names: list[str], started: list["subprocess.Popen[bytes]"]
) -> None:
    read = batches(names, LINES)
    for _ in range(5):
        next(read)
    assert started[0].poll() is None or started[0].returncode == 0
    del read
    assert started[0].poll() is not None


@pytest.mark.parametrize("why", ["small", "one processor", "pipe"])
def test_starts_no_process_where_it_does_not_pay(
    names: list[str], started: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "small":
        monkeypatch.setattr(reading, "AHEAD_BYTES", 10**9)
    elif why == "one processor":
        monkeypatch.setattr(reading, "_processors", lambda: 1)
    else:
        monkeypatch.setattr(reading, "is_pipe", lambda path: path.name == "second")
    assert said(batches(names, LINES)) == said(at_hand(names))
    assert not started


def test_a_file_that_goes_away_is_named(names: list[str], started: list["subprocess.Popen[bytes]"]) -> None:
    read = batches(names, LINES)
    found = [next(read) for _ in range(3)]
    os.kill(started[0].pid, signal.SIGKILL)
    Path(names[2]).unlink()
    with pytest.raises(FileMissing, match="second"):
        found += list(read)
    assert said(found) == said(read_until(names[:2], len(found)))


def test_a_file_that_is_replaced_is_not_read_on(names: list[str], started: list["subprocess.Popen[bytes]"]) -> None:
    read = batches(names, LINES)
    for _ in range(3):
        next(read)
    os.kill(started[0].pid, signal.SIGKILL)
    other = Path(names[2]).with_name("other")
    other.write_bytes(Path(names[0]).read_bytes())
    other.replace(names[2])
    with pytest.raises(FileReplaced, match="second"):
        list(read)


AHEAD = """
import sys
from services.application import reading
reading.AHEAD_BYTES, reading.OWN_BATCHES, reading._processors = 1, 3, lambda: 2
"""
COUNT = f"{AHEAD}\nprint(sum(len(batch.messages) for batch in reading.batches(sys.argv[1:], 7)))"


@pytest.mark.parametrize("name", ["/dev/stdin", "/dev/fd/3", "/dev/fd/4", "/dev/fd/5", "/dev/fd/6", "/proc/self/fd/4"])
def test_a_name_that_means_another_file_to_another_process(names: list[str], name: str) -> None:
    command = 'exec 3<"$1" 4<"$1" 5<"$1" 6<"$1" <"$1"; exec "$2" -c "$3" "$4"'
    words = ["sh", "-c", command, "sh", names[0], sys.executable, COUNT, name]
    done = subprocess.run(words, capture_output=True, check=True, timeout=60)
    assert int(done.stdout) == len(Path(names[0]).read_bytes().splitlines())


def test_the_process_ends_quietly_with_whoever_reads(names: list[str], tmp_path: Path) -> None:
    Path(names[0]).write_bytes(Path(names[0]).read_bytes() * 200)  # more than a pipe holds
    program = f"{AHEAD}\nread = reading.batches(sys.argv[1:], 7)\nfor _ in range(4): next(read)\n"
    program += "import time; print('ready', flush=True); time.sleep(600)"
    with (
        (tmp_path / "errors").open("wb") as errors,
        subprocess.Popen([sys.executable, "-c", program, names[0]], stdout=subprocess.PIPE, stderr=errors) as reader,
    ):
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"ready\n"
        begun = [place.read_text().split() for place in Path(f"/proc/{reader.pid}/task").glob("*/children")]
        (child,) = (int(pid) for pids in begun for pid in pids)
        reader.kill()
    wait_until(lambda: not is_running(child))
    assert (tmp_path / "errors").read_bytes() == b""


def read_until(names: list[str], count: int) -> list[Batch]:
    """Return the first batches of files."""
    return list(read_batches(names, LINES))[:count]


def test_every_message_is_as_understood_here(names: list[str]) -> None:
    """What was sent through the process decides alike: events, answers and identities are the same bytes."""
    books = []
    for way in (batches, read_batches):
        with open_shelf("memory:", catalogue_mapper()) as shelf:
            store = shelf.create("prov")
            writer = BookWriter(store, FixedClock(NOON))
            answers = [writer.write(batch.messages) for batch in way(names, LINES)]
            books.append((answers, store.read(0, 10_000), sorted(store.all_identities(), key=lambda one: one.key)))
    assert books[0] == books[1]
    assert books[0][1]


def test_counts_the_processors_that_are_ours() -> None:
    program = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]);"
        "from services.application.reading import _processors; print(_processors())"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"1\n"
