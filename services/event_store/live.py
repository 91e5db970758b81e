"""The books that are open right now: opened when needed, closed when others need the room.

A shelf may hold thousands of books, and an open one costs file descriptors and caches. So callers hold a light
`BookStore` and lend the open application for the length of one call.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Generic

from services.event_store.application import BookApplication
from services.event_store.positioned import E


class LiveBooks(Generic[E]):
    """Open applications by book name, the least recently lent closed first."""

    def __init__(self, opening: Callable[[str], BookApplication[E]], *, open_max: int) -> None:
        self._opening = opening
        self._open_max = open_max
        self._mutex = Lock()
        self._books: OrderedDict[str, BookApplication[E]] = OrderedDict()
        self._lent: dict[str, int] = {}

    @contextmanager
    def lent(self, name: str) -> Iterator[BookApplication[E]]:
        """Lend the open application of a book; it stays open for as long as it is lent."""
        book = self.lend(name)
        try:
            yield book
        finally:
            self.give_back(name)

    def lend(self, name: str) -> BookApplication[E]:
        """Return the open application of a book, which stays open until it is given back."""
        with self._mutex:
            if name not in self._books:
                self._books[name] = self._opening(name)
            book = self._books[name]
            self._books.move_to_end(name)
            self._lent[name] = self._lent.get(name, 0) + 1
            superfluous = self._take_superfluous() if len(self._books) > self._open_max else ()
        for other in superfluous:
            other.close()
        return book

    def give_back(self, name: str) -> None:
        """Take back an application that was lent."""
        with self._mutex:
            self._lent[name] -= 1
            if not self._lent[name]:
                del self._lent[name]

    def drop(self, name: str) -> None:
        """Close a book unless somebody is using it."""
        with self._mutex:
            book = None if name in self._lent else self._books.pop(name, None)
        if book is not None:
            book.close()

    def close(self) -> None:
        """Close all books."""
        with self._mutex:
            books, self._books = self._books, OrderedDict()
        for book in books.values():
            book.close()

    def __len__(self) -> int:
        return len(self._books)

    def _take_superfluous(self) -> list[BookApplication[E]]:
        idle = [name for name in self._books if name not in self._lent]
        surplus = len(self._books) - self._open_max
        return [self._books.pop(name) for name in idle[:surplus]]
