"""One writer at a time: a fair lock between threads, and a turnstile of lock files between processes.

The locks are for fairness only. That no two writers get the same position is the version check's work, which also
holds when somebody writes without asking for the lock.
"""

import contextlib
import errno
import fcntl
import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Event, Lock, get_ident
from typing import Protocol

from domain.kernel.refusal import ensure
from services.event_store.failures import Unavailable

POLL_SECONDS = 0.0005
"""How often a waiting process looks at the lock file; one thread per process and book does so."""

POLL_SECONDS_MAX = 0.01
"""What the wait between two looks grows to."""


NOTHING = nullcontext()
"""What is held by one who has the lock already."""


class WriterLock(Protocol):
    """Lets one writer in at a time."""

    def holding(self, timeout_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock; raises `Unavailable` when it was not free within the time."""

    def passing(self, timeout_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock for one append, as far as the append does not do so itself and the thread does not already."""


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

    def passing(self, timeout_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock for one append, unless this thread holds it already."""
        return NOTHING if self.mine() else self.holding(timeout_seconds)

    def mine(self) -> bool:
        """Tell whether this thread holds the lock."""
        return self._owner == get_ident()

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
    down must pass the gate again, so it cannot take the pen twice while another process waits. The two files stay open
    between turns, since to open them costs more than to lock them.
    """

    def __init__(self, directory: Path, book: str) -> None:
        self._book = book
        self._threads = FairLock(book)
        self._directory = directory
        self._paths = (directory / f"{book}.gate", directory / f"{book}.pen")
        self._files: tuple[int, ...] = ()
        self._process = 0
        self._closing = False

    @contextmanager
    def holding(self, timeout_seconds: float) -> Iterator[None]:
        """Hold the lock; raises `Unavailable` when it was not free within the time."""
        deadline = time.monotonic() + timeout_seconds
        with self._threads.holding(timeout_seconds):
            gate, pen = self._opened()
            try:
                try:
                    self._lock(gate, deadline, timeout_seconds)
                    self._lock(pen, deadline, timeout_seconds)
                finally:
                    fcntl.flock(gate, fcntl.LOCK_UN)
                yield
            finally:
                # Unlocked by name: a forked child may hold copies of the descriptors, which would keep the lock.
                fcntl.flock(pen, fcntl.LOCK_UN)
                if self._closing:
                    self._close()

    def close(self) -> None:
        """Close the files, or have whoever is writing do it afterwards; the next turn opens them again."""
        self._closing = True
        if not self._threads.mine():
            with contextlib.suppress(Unavailable), self._threads.holding(0):
                self._close()

    def passing(self, timeout_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock for one append, unless this thread holds it already."""
        return NOTHING if self._threads.mine() else self.holding(timeout_seconds)

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

    def _opened(self) -> tuple[int, ...]:
        """Return the descriptors of gate and pen; a forked child opens its own, since it shares locks else."""
        if self._process != os.getpid():
            self._close()
            self._process = os.getpid()
        if not self._files:
            # Now, and not when the shelf is opened: who only reads leaves nothing behind.
            self._directory.mkdir(parents=True, exist_ok=True)
            for path in self._paths:
                self._files += (os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644),)
        return self._files

    def _close(self) -> None:
        self._closing = False
        files, self._files = self._files, ()
        for file in files:
            os.close(file)


def busy(book: str, timeout_seconds: float) -> Unavailable:
    """Return the failure of one who waited for another writer in vain."""
    return Unavailable(book=book, reason=f"another writer held it for more than {timeout_seconds:g} s")
