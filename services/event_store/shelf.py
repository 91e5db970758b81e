"""The shelf of books: what a directory of SQLite files, a PostgreSQL database and memory have in common."""

import re
from abc import ABC, abstractmethod
from threading import Lock
from types import TracebackType
from typing import Generic, Self

from services.event_store.application import BookApplication
from services.event_store.failures import BookNameInvalid, BookNotFound
from services.event_store.live import LiveBooks
from services.event_store.locks import WriterLock
from services.event_store.mapper import TaggedMapper
from services.event_store.positioned import E
from services.event_store.store import BookStore, StoredBook

OPEN_BOOKS_MAX = 32
"""Books that are kept open at a time; each has at most a handful of file descriptors."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


def is_book_name(name: str) -> bool:
    """Tell whether a book may have this name: a slug that is safe as a file, a schema and a bus subject."""
    return _NAME.fullmatch(name) is not None


def checked_name(name: str) -> str:
    """Return a name that a book may have; raises `BookNameInvalid` for any other, such as one with wildcards."""
    if not is_book_name(name):
        raise BookNameInvalid(book=name)
    return name


class BookShelf(ABC, Generic[E]):
    """Books by name: make, open, list. Safe to use from any thread; close it when done."""

    def __init__(self, mapper: TaggedMapper[E], *, open_max: int = OPEN_BOOKS_MAX) -> None:
        self._mapper = mapper
        self._live: LiveBooks[E] = LiveBooks(self._opened, open_max=open_max)
        self._locks: dict[str, WriterLock] = {}
        self._mutex = Lock()

    @abstractmethod
    def names(self) -> list[str]:
        """Return the names of all books, sorted; raises `Unavailable`."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Tell whether there is a book of that name; raises `Unavailable`."""

    def create(self, name: str) -> BookStore[E]:
        """Make an empty book and open it; raises `BookNameInvalid`, `BookExists`, `StorageFull`, `Unavailable`."""
        self._make(checked_name(name))
        return self.open(name)

    def open(self, name: str) -> BookStore[E]:
        """Open a book; raises `BookNotFound`, `DamagedBook`, `LayoutUnknown`, `UnsafeStorage`, `Unavailable`.

        The store is light: the files behind it are opened when it is used and closed when others need the room.
        """
        if not self.exists(name):
            raise BookNotFound(book=name)
        with self._live.lent(name):
            pass
        with self._mutex:
            lock = self._locks.setdefault(name, self._lock(name))
        return StoredBook(name, self._live, lock, self._mapper)

    def close(self) -> None:
        """Close all books."""
        self._live.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _make(self, name: str) -> None:
        """Make an empty book, whole or not at all."""

    @abstractmethod
    def _opened(self, name: str) -> BookApplication[E]:
        """Return the application of a book that exists."""

    @abstractmethod
    def _lock(self, name: str) -> WriterLock:
        """Return a new writer lock for a book."""
