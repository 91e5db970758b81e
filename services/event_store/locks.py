"""One writer at a time: a fair lock between threads, and a turnstile of lock files between processes.

The locks are for fairness only. That no two writers get the same position is the version check's work, which also
holds when somebody writes without asking for the lock.
"""

import errno
import fcntl
import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event, Lock, get_ident
from typing import Protocol

from domain.kernel.refusal import ensure
from services.event_store.failures import Unavailable

POLL_SECONDS = 0.0005
"""How often a waiting process looks at the lock file; one thread per process and book does so."""

POLL_SECONDS_MAX = 0.01
"""What the wait between two looks grows to."""


class WriterLock(Protocol):
    """Lets one writer in at a time."""

    def holding(self, timeout_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock; raises `Unavailable` when it was not free within the time."""


class FairLock:
    """A lock between threads that is handed to the one who waited longest; `threading.Lock` starves them."""

    def __init__(self, book: str) -> None:
        self._book = book
        self._mutex = Lock()
        self._waiting: deque[Event] = deque()
        self._held = False
        self._owner: int | None = None

    @contextmanager
    def holding(self, timeout_seconds: float) -> Iterator[None]:
        """Hold the lock; raises `Unavailable` when it was not free within the time."""
        ensure(self._owner != get_ident(), "a thread that is writing a book cannot begin to write it again")
        if not self._acquire(timeout_seconds):
            raise busy(self._book, timeout_seconds)
        self._owner = get_ident()
        try:
            yield
        finally:
            self._owner = None
            self._release()

    def _acquire(self, timeout_seconds: float) -> bool:
        with self._mutex:
            if not self._held:
                self._held = True
                return True
            turn = Event()
            self._waiting.append(turn)
        try:
            if turn.wait(timeout_seconds):
                return True
        except BaseException:
            if not self._leave(turn):
                self._release()
            raise
        return not self._leave(turn)

    def _leave(self, turn: Event) -> bool:
        """Stop waiting; false when the lock was handed over in the meantime."""
        with self._mutex:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return True
            return False

    def _release(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class FileTurnstile:
    """A lock between processes that the kernel releases when its holder dies.

    Whoever wants the pen first passes the gate and waits for the pen inside it. The writer who has just put the pen
    down must pass the gate again, so it cannot take the pen twice while another process waits.
    """

    def __init__(self, directory: Path, book: str) -> None:
        self._book = book
        self._threads = FairLock(book)
        self._gate = directory / f"{book}.gate"
        self._pen = directory / f"{book}.pen"

    @contextmanager
    def holding(self, timeout_seconds: float) -> Iterator[None]:
        """Hold the lock; raises `Unavailable` when it was not free within the time."""
        deadline = time.monotonic() + timeout_seconds
        with self._threads.holding(timeout_seconds), _opened(self._pen) as pen:
            with _opened(self._gate) as gate:
                self._lock(gate, deadline, timeout_seconds)
                self._lock(pen, deadline, timeout_seconds)
            yield

    def _lock(self, file: int, deadline: float, timeout_seconds: float) -> None:
        pause = POLL_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EINTR):
                    raise
            else:
                return
            if time.monotonic() > deadline:
                raise busy(self._book, timeout_seconds)
            time.sleep(pause)
            pause = min(2 * pause, POLL_SECONDS_MAX)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield file
    finally:
        # Unlock by name as well: a forked child may hold a copy of the descriptor, which would keep the lock.
        fcntl.flock(file, fcntl.LOCK_UN)
        os.close(file)


def busy(book: str, timeout_seconds: float) -> Unavailable:
    """Return the failure of one who waited for another writer in vain."""
    return Unavailable(book=book, reason=f"another writer held it for more than {timeout_seconds:g} s")
