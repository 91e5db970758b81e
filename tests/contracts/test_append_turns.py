"""An append takes its turn, also of one who has not asked for it by `writing`."""

import os
import threading
from pathlib import Path

import pytest

from services.event_store.failures import Unavailable
from services.event_store.locks import FileTurnstile
from tests.contracts.conftest import OpenShelf
from tests.contracts.events import notes


def test_an_append_waits_for_the_writer_whose_turn_it_is(open_again: OpenShelf) -> None:
    store = open_again().create("varend")
    other = open_again().open("varend")
    done = threading.Event()

    def append() -> None:
        other.append(notes(1), after=2)
        done.set()

    thread = threading.Thread(target=append)
    with store.writing():
        thread.start()
        assert not done.wait(0.3)
        assert store.append(notes(2), after=0) == 2
    assert done.wait(10)
    thread.join()
    assert store.head() == 3


def open_files(directory: Path) -> int:
    links = (file.readlink() for file in Path("/proc/self/fd").iterdir() if file.is_symlink())
    return sum(link.is_relative_to(directory) for link in links)


def test_keeps_its_lock_files_open_until_it_is_closed(tmp_path: Path) -> None:
    lock = FileTurnstile(tmp_path, "varend")
    for _ in range(2):
        with lock.holding(1):
            pass
        assert open_files(tmp_path) == 2
    lock.close()
    assert open_files(tmp_path) == 0


def test_keeps_the_lock_when_it_is_closed_while_held(tmp_path: Path) -> None:
    lock, other = FileTurnstile(tmp_path, "varend"), FileTurnstile(tmp_path, "varend")
    with lock.holding(1):
        lock.close()
        thread = threading.Thread(target=lock.close)
        thread.start()
        thread.join()
        with pytest.raises(Unavailable), other.holding(0.05):
            pass
    other.close()
    assert open_files(tmp_path) == 0
    with lock.holding(1):
        pass
    lock.close()


def test_a_forked_child_does_not_share_the_lock(tmp_path: Path) -> None:
    lock = FileTurnstile(tmp_path, "varend")
    with lock.holding(1):
        pass
    child = os.fork()
    if child == 0:
        held = 1
        try:
            with lock.holding(1):
                held = 0
                (tmp_path / "held").touch()
                while not (tmp_path / "enough").exists():
                    threading.Event().wait(0.005)
        finally:
            os._exit(held)
    while not (tmp_path / "held").exists():
        threading.Event().wait(0.005)
    with pytest.raises(Unavailable), lock.holding(0.05):
        pass
    (tmp_path / "enough").touch()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with lock.holding(5):
        pass
    lock.close()
