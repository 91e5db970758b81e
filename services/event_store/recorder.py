"""What a recorder of a book can do beyond the library's `ApplicationRecorder`."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from eventsourcing.persistence import ApplicationRecorder, OperationalError, PersistenceError, StoredEvent

from domain.kernel.refusal import ensure
from services.event_store.failures import StoreFailure
from services.event_store.positioned import Batch, Identity, StoredRow

LAYOUT = 2
"""Number of the table layout; a program reads and writes exactly one."""

LAST_POSITION = 2**62
"""Above every position, for reading to the end."""

BEFORE_ALL = -LAST_POSITION
"""Below every position that a row can have, also one that has no business there."""


class CommitUncertain(OperationalError):  # noqa: N818 - it may well have succeeded
    """The connection or the disk failed while committing, so nobody here knows whether the transaction is there."""


class BookRecorder(ApplicationRecorder):
    """Records one stream, from position 1 without gaps, and message identities in the same transaction.

    `insert_events(stored_events, identities=(...))` is the library's method with the library's hook. It raises the
    library's `IntegrityError` when the first event does not follow the head or an identity is already there.
    """

    @abstractmethod
    def append(self, batch: Batch) -> None:
        """Do what `insert_events` does, with columns in place of an object for each event."""

    @abstractmethod
    def head(self) -> int:
        """Return the last position, 0 in an empty book."""

    @abstractmethod
    def select_states(self, after: int, limit: int, upto: int | None) -> list[tuple[int, bytes]]:
        """Return at most `limit` positions after one (and not above `upto`) with their bytes, in order."""

    @abstractmethod
    def select_identities(self, keys: Sequence[bytes]) -> list[Identity]:
        """Return the identities that are recorded under these keys, in any order."""

    @abstractmethod
    def select_all_identities(self) -> list[Identity]:
        """Return every identity that is recorded, in any order."""

    def select_rows(self, after: int, limit: int) -> list[StoredRow]:
        """Return at most `limit` rows above a position as they are stored, in order; also rows below position 1."""
        return [
            StoredRow(row.id, str(row.originator_id), row.topic, row.state)
            for row in self.select_notifications(after, limit, inclusive_of_start=False)
        ]

    def troubles(self) -> list[str]:
        """Return what the database finds wrong with its own pages and tables; nothing where it looks right."""
        return []

    @abstractmethod
    def failure(self, error: PersistenceError, book: str, after: int) -> StoreFailure:
        """Return what an error of the library means for a caller who appended after (or read at) a position."""


def differences(found: Mapping[str, str], made: Mapping[str, str]) -> list[str]:
    """Return in what the parts that were found, by name, are not as they are made."""
    return [
        f"{name} {'is missing' if name not in found else 'was added' if name not in made else 'was changed'}"
        for name in sorted(found.keys() | made.keys())
        if found.get(name) != made.get(name)
    ]


def columns(stored_events: Sequence[StoredEvent], identities: Sequence[Identity]) -> Batch:
    """Return the library's stored events column by column; they must follow each other."""
    first = first_position(stored_events)
    topics, states = [event.topic for event in stored_events], [event.state for event in stored_events]
    return Batch(str(stored_events[0].originator_id), first - 1, topics, states, identities)


def first_position(stored_events: Sequence[StoredEvent]) -> int:
    """Return the position of the first event, having checked that the others follow it one by one."""
    first = stored_events[0].originator_version
    ensure(
        all(event.originator_version == place for place, event in enumerate(stored_events, first)),
        "the events of a batch must follow each other",
    )
    return first
