"""Puts the program together from its settings; the only place that does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.catalogue import AnyEvent
from services.clock import Clock, SystemClock
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.failures import BookNameInvalid, BookNotFound
from services.event_store.shelf import BookShelf, is_book_name
from services.event_store.shelves import open_shelf
from services.event_store.store import BookStore
from services.settings import Settings

if TYPE_CHECKING:
    from services.application.writer import BookWriter


class Program:
    """What runs: the shelf of books, the clock, and one writer for each book that is written."""

    def __init__(self, settings: Settings, shelf: BookShelf[AnyEvent], clock: Clock) -> None:
        self.settings = settings
        self.shelf = shelf
        self.clock = clock
        self._writers: dict[str, BookWriter] = {}

    def book(self, name: str) -> BookStore[AnyEvent]:
        """Return a book for reading; raises `BookNotFound` and what else opening a book may raise."""
        return self.shelf.open(name)

    def writer(self, name: str, *, create: bool = False) -> "BookWriter":
        """Return the writer of a book, the same one each time, for it keeps the state of the book.

        With `create`, a book that does not exist is made by the first event. Raises `BookNotFound`, `BookNameInvalid`.
        """
        # Imported when something is written, as most commands only read.
        from services.application import snapshots, writer  # noqa: PLC0415

        if name not in self._writers:
            store = self._store(name, create=create)
            file = snapshots.snapshot_file(self.settings.data, name, elsewhere=self.settings.postgres is not None)
            self._writers[name] = writer.BookWriter(store, self.clock, snapshots.Snapshots(file))
        return self._writers[name]

    def rest(self) -> None:
        """Let every writer keep what it knows, before the books are closed."""
        for writer in self._writers.values():
            writer.rest()

    def _store(self, name: str, *, create: bool) -> BookStore[AnyEvent]:
        if not is_book_name(name):
            raise BookNameInvalid(book=name)
        if self.shelf.exists(name):
            return self.shelf.open(name)
        if not create:
            raise BookNotFound(book=name)
        from services.application.unborn import UnbornBook  # noqa: PLC0415 - as above

        return UnbornBook(self.shelf, name)


@contextmanager
def running(settings: Settings, clock: Clock | None = None) -> Iterator[Program]:
    """Run the program with these settings; closes all books at the end. Raises what `open_shelf` raises."""
    with open_shelf(settings.place, catalogue_mapper()) as shelf:
        program = Program(settings, shelf, clock or SystemClock())
        yield program
        program.rest()
