"""Where books can stand: `open_shelf` finds the shelf of a place. Begin reading here."""

from pathlib import Path

from services.event_store.application import BookApplication
from services.event_store.failures import BookExists
from services.event_store.locks import FairLock, WriterLock
from services.event_store.mapper import TaggedMapper
from services.event_store.memory_recorder import MemoryBookRecorder
from services.event_store.positioned import E
from services.event_store.shelf import BookShelf
from services.event_store.sqlite_shelf import SQLiteShelf


class MemoryShelf(BookShelf[E]):
    """Books in memory, for tests: gone with the shelf."""

    def __init__(self, mapper: TaggedMapper[E]) -> None:
        super().__init__(mapper)
        self._recorders: dict[str, MemoryBookRecorder] = {}

    def names(self) -> list[str]:
        """Return the names of all books, sorted."""
        return sorted(self._recorders)

    def exists(self, name: str) -> bool:
        """Tell whether there is a book of that name."""
        return name in self._recorders

    def _make(self, name: str) -> None:
        with self._mutex:
            if name in self._recorders:
                raise BookExists(book=name)
            self._recorders[name] = MemoryBookRecorder()

    def _opened(self, name: str) -> BookApplication[E]:
        return BookApplication(name, self._recorders[name], self._mapper, release=lambda: None)

    def _lock(self, name: str) -> WriterLock:
        return FairLock(name)


def open_shelf(place: str | Path, mapper: TaggedMapper[E]) -> BookShelf[E]:
    """Return the shelf at a place: `postgresql://...`, `memory:`, or else a directory, which its first book makes.

    Raises `Unavailable`, or `UnsafeStorage` when the database does not promise durability.
    """
    text = str(place)
    if text.startswith(("postgresql://", "postgres://")):
        # Imported when needed: psycopg costs a command on SQLite a tenth of a second.
        from services.event_store.postgres_shelf import PostgresShelf  # noqa: PLC0415

        return PostgresShelf(text, mapper)
    if text == "memory:":
        return MemoryShelf(mapper)
    return SQLiteShelf(Path(place), mapper)
