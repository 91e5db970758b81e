"""Books as SQLite files in a directory: `<directory>/<book>.sqlite`."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventsourcing.persistence import PersistenceError

from services.event_store.application import BookApplication
from services.event_store.failures import BookNotFound, StorageFull, Unavailable
from services.event_store.locks import FileTurnstile, WriterLock
from services.event_store.mapper import TaggedMapper
from services.event_store.positioned import E
from services.event_store.shelf import OPEN_BOOKS_MAX, BookShelf, is_book_name
from services.event_store.sqlite_connection import BookDatastore
from services.event_store.sqlite_recorder import SQLiteBookRecorder, diagnosis, make_file, stream_of

SUFFIX = ".sqlite"

LOCKS = ".locks"
"""The directory of lock files; it holds nothing and may be deleted when no program runs."""


class SQLiteShelf(BookShelf[E]):
    """A directory with one file per book; a book is copied, moved and deleted as a file."""

    def __init__(self, directory: Path, mapper: TaggedMapper[E], *, open_max: int = OPEN_BOOKS_MAX) -> None:
        super().__init__(mapper, open_max=open_max)
        self._directory = directory
        self._turnstiles: dict[str, FileTurnstile] = {}
        # It is made with its first book: who only reads leaves nothing behind.
        if directory.exists() and not directory.is_dir():
            raise Unavailable(book=str(directory), reason=os.strerror(errno.ENOTDIR))

    def path(self, name: str) -> Path:
        """Return the file of a book; the name must be one (`is_book_name`)."""
        return self._directory / f"{name}{SUFFIX}"

    def names(self) -> list[str]:
        """Return the names of all books, sorted."""
        return sorted(file.stem for file in self._directory.glob(f"*{SUFFIX}") if is_book_name(file.stem))

    def exists(self, name: str) -> bool:
        """Tell whether there is a book of that name."""
        return is_book_name(name) and self.path(name).is_file()

    def _make(self, name: str) -> None:
        with _surfacing(name):
            self._directory.mkdir(parents=True, exist_ok=True)
            make_file(self.path(name), name)

    def _opened(self, name: str) -> BookApplication[E]:
        if not self.exists(name):
            raise BookNotFound(book=name)
        datastore = BookDatastore(self.path(name))
        recorder = SQLiteBookRecorder(datastore)
        try:
            with _surfacing(name):
                stream = stream_of(datastore, name)
        except BaseException:
            datastore.close()
            raise
        lock = self._turnstile(name)

        def release() -> None:
            datastore.close()
            lock.close()

        return BookApplication(stream, recorder, self._mapper, release=release)

    def _lock(self, name: str) -> WriterLock:
        return self._turnstile(name)

    def _turnstile(self, name: str) -> FileTurnstile:
        return self._turnstiles.setdefault(name, FileTurnstile(self._directory / LOCKS, name))


@contextmanager
def _surfacing(book: str) -> Iterator[None]:
    """Raise a store failure for an error of the library or the file system."""
    try:
        yield
    except PersistenceError as error:
        raise diagnosis(error, book, 0) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(book=book) from error
        raise Unavailable(book=book, reason=str(error)) from error
