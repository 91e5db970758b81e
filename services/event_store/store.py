"""The book as the rest of the program sees it: read, look up, append, one writer at a time."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Generic, Protocol, TypeVar

from eventsourcing.persistence import ConnectionPoolClosedError, PersistenceError

from domain.kernel.refusal import ensure
from services.event_store.application import BookApplication
from services.event_store.failures import DamagedEvent, Unavailable
from services.event_store.live import LiveBooks
from services.event_store.locks import WriterLock
from services.event_store.mapper import TaggedMapper
from services.event_store.positioned import Identity, StoredRow

E = TypeVar("E")

PAGE_ROWS = 2000
"""Events read at a time while iterating; more rows are slower, as they leave the processor's cache."""

WAIT_SECONDS = 60.0
"""How long a writer waits for its turn."""


class BookStore(Protocol[E]):
    """One book: an ordered, append-only sequence of events at positions 1..n without gaps.

    Every method may be called from any thread, blocks, and may raise `Unavailable` (the store did not answer),
    `DamagedBook` or `LayoutUnknown`; more is said where there is more.
    """

    @property
    def name(self) -> str:
        """The name of the book on its shelf."""

    def head(self) -> int:
        """Return the last position, 0 in an empty book."""

    def read(self, after: int, limit: int, *, upto: int | None = None) -> list[tuple[int, bytes]]:
        """Return at most `limit` positions above `after` (and not above `upto`) with the bytes as stored, in order."""

    def events(self, after: int = 0, upto: int | None = None) -> Iterator[tuple[int, E]]:
        """Iterate over positions above `after` (and not above `upto`) with their events in the shape of today.

        Raises `NewerThanProgram`, or `DamagedEvent` for bytes that do not decode and for a missing position. Without
        `upto` it also yields what is appended meanwhile.
        """

    def identities(self, keys: Sequence[bytes]) -> dict[bytes, Identity]:
        """Return the identities recorded under these keys; a key that is not recorded is left out."""

    def stream(self) -> str:
        """Return the name of the book's stream, which was given when the book was made."""

    def rows(self, after: int, limit: int) -> list[StoredRow]:
        """Return at most `limit` rows above a position as they are stored, in order, for whoever proves the book."""

    def all_identities(self) -> list[Identity]:
        """Return every identity that is recorded, in any order."""

    def troubles(self) -> list[str]:
        """Return what the database finds wrong with its own pages and tables; nothing where it looks right."""

    def append(self, events: Sequence[E], *, after: int, identities: Sequence[Identity] = ()) -> int:
        """Append events after position `after`, in one transaction with their identities; return the new head.

        Outside of `writing` it waits for its turn like any other writer. It is durable when this returns. Raises
        `Conflict` when `after` is not the head or an identity is recorded already, and `StorageFull`; nothing is
        written then, nor on `Unavailable`. On `OutcomeUnknown` all of it or nothing is written, and the identities
        tell which.
        """

    def writing(self, timeout_seconds: float = WAIT_SECONDS) -> AbstractContextManager[None]:
        """Be the only writer of the book, among threads and processes; for fairness, the append checks anyway.

        Not to be nested. Raises `Unavailable` when the turn does not come in time. A killed process releases it.
        """

    def close(self) -> None:
        """Close what is open for the book; other stores of the same book open it again when they need it."""


class StoredBook(Generic[E]):
    """The `BookStore` over an `eventsourcing` application, which is lent for each call."""

    def __init__(self, name: str, live: LiveBooks[E], lock: WriterLock, mapper: TaggedMapper[E]) -> None:
        self._name = name
        self._live = live
        self._lock = lock
        self._mapper = mapper

    @property
    def name(self) -> str:
        """The name of the book on its shelf."""
        return self._name

    def head(self) -> int:
        """Return the last position, 0 in an empty book."""
        with self._lent() as application:
            return application.book.head()

    def read(self, after: int, limit: int, *, upto: int | None = None) -> list[tuple[int, bytes]]:
        """Return at most `limit` positions above `after` (and not above `upto`) with the bytes as stored, in order."""
        ensure(after >= 0 and limit > 0, "reading begins after a position, and takes at least one event")
        with self._lent(after) as application:
            return application.book.select_states(after, limit, upto)

    def events(self, after: int = 0, upto: int | None = None) -> Iterator[tuple[int, E]]:
        """Iterate over positions above `after` (and not above `upto`) with their events in the shape of today."""
        decode, name = self._mapper.decode, self._name
        while page := self.read(after, PAGE_ROWS, upto=upto):
            for position, state in page:
                after += 1
                if position != after:
                    raise DamagedEvent(book=name, position=after, reason="the event is missing")
                yield position, decode(name, position, state)

    def identities(self, keys: Sequence[bytes]) -> dict[bytes, Identity]:
        """Return the identities recorded under these keys; a key that is not recorded is left out."""
        with self._lent() as application:
            return {identity.key: identity for identity in application.book.select_identities(list(keys))}

    def stream(self) -> str:
        """Return the name of the book's stream, which was given when the book was made."""
        with self._lent() as application:
            return application.stream

    def rows(self, after: int, limit: int) -> list[StoredRow]:
        """Return at most `limit` rows above a position as they are stored, in order, for whoever proves the book."""
        with self._lent() as application:
            return application.book.select_rows(after, limit)

    def all_identities(self) -> list[Identity]:
        """Return every identity that is recorded, in any order."""
        with self._lent() as application:
            return application.book.select_all_identities()

    def troubles(self) -> list[str]:
        """Return what the database finds wrong with its own pages and tables; nothing where it looks right."""
        with self._lent() as application:
            return application.book.troubles()

    def append(self, events: Sequence[E], *, after: int, identities: Sequence[Identity] = ()) -> int:
        """Append events after position `after`, in one transaction with their identities; return the new head."""
        last = after + len(events)
        ensure(
            all(after < i.position and 1 <= i.count <= last + 1 - i.position for i in identities),
            "an identity points at events of its own batch",
        )
        if not events:
            return after
        with self._lock.passing(WAIT_SECONDS), self._lent(after) as application:
            return application.append(events, after=after, identities=identities)

    def writing(self, timeout_seconds: float = WAIT_SECONDS) -> AbstractContextManager[None]:
        """Be the only writer of the book, among threads and processes; for fairness, the append checks anyway."""
        return self._lock.holding(timeout_seconds)

    def close(self) -> None:
        """Close what is open for the book; other stores of the same book open it again when they need it."""
        self._live.drop(self._name)

    @contextmanager
    def _lent(self, after: int = 0) -> Iterator[BookApplication[E]]:
        application = self._live.lend(self._name)
        try:
            yield application
        except PersistenceError as error:
            raise application.book.failure(error, self._name, after) from error
        except ConnectionPoolClosedError as error:
            raise Unavailable(book=self._name, reason="the shelf was closed") from error
        finally:
            self._live.give_back(self._name)
