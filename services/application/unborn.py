"""A book that is made when its first event is written, so that a refused file leaves no empty book behind."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from domain.catalogue import AnyEvent
from services.event_store.failures import BookExists, Conflict
from services.event_store.positioned import Identity, StoredRow
from services.event_store.shelf import BookShelf
from services.event_store.store import WAIT_SECONDS

if TYPE_CHECKING:
    from services.event_store.store import BookStore


class UnbornBook:
    """A `BookStore` of a book that need not exist yet; once it does, it is that book.

    Whether it exists is looked up when a writer begins its turn, not in the middle of one: a batch is decided on one
    state of the book, and the append finds out if that has been overtaken.
    """

    def __init__(self, shelf: BookShelf[AnyEvent], name: str) -> None:
        self._shelf = shelf
        self._name = name
        self._made: BookStore[AnyEvent] | None = None

    @property
    def name(self) -> str:
        """The name the book has or will have."""
        return self._name

    def head(self) -> int:
        """Return the last position, 0 before the book is made."""
        return self._made.head() if self._made is not None else 0

    def read(self, after: int, limit: int, *, upto: int | None = None) -> list[tuple[int, bytes]]:
        """Return positions with their bytes, none before the book is made."""
        return self._made.read(after, limit, upto=upto) if self._made is not None else []

    def events(self, after: int = 0, upto: int | None = None) -> Iterator[tuple[int, AnyEvent]]:
        """Iterate over events, of which there are none before the book is made."""
        return self._made.events(after, upto) if self._made is not None else iter(())

    def identities(self, keys: Sequence[bytes]) -> dict[bytes, Identity]:
        """Return recorded identities, of which there are none before the book is made."""
        return self._made.identities(keys) if self._made is not None else {}

    def stream(self) -> str:
        """Return the name of the stream that the book has or will have."""
        return self._made.stream() if self._made is not None else self._name

    def rows(self, after: int, limit: int) -> list[StoredRow]:
        """Return rows as they are stored, none before the book is made."""
        return self._made.rows(after, limit) if self._made is not None else []

    def all_identities(self) -> list[Identity]:
        """Return recorded identities, of which there are none before the book is made."""
        return self._made.all_identities() if self._made is not None else []

    def troubles(self) -> list[str]:
        """Return what is wrong with the tables, of which there are none before the book is made."""
        return self._made.troubles() if self._made is not None else []

    def append(self, events: Sequence[AnyEvent], *, after: int, identities: Sequence[Identity] = ()) -> int:
        """Append events, making the book first; raises `Conflict` when somebody else has made it, see `BookStore`."""
        if self._made is None:
            try:
                self._made = self._shelf.create(self._name)
            except BookExists as error:
                raise Conflict(book=self._name, after=after) from error
        return self._made.append(events, after=after, identities=identities)

    def writing(self, timeout_seconds: float = WAIT_SECONDS) -> AbstractContextManager[None]:
        """Be the only writer; two who make the same book at the same time are told apart by `append`."""
        if self._made is None and self._shelf.exists(self._name):
            self._made = self._shelf.open(self._name)
        return self._made.writing(timeout_seconds) if self._made is not None else nullcontext()

    def close(self) -> None:
        """Close what is open for the book."""
        if self._made is not None:
            self._made.close()
