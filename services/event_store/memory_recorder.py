"""A book in memory, for tests: the same contract, nothing durable."""

from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import IntegrityError, PersistenceError, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from services.event_store.failures import Conflict, StoreFailure, Unavailable
from services.event_store.positioned import Batch, Identity
from services.event_store.recorder import BookRecorder, first_position


class MemoryBookRecorder(POPOApplicationRecorder, BookRecorder):
    """Keeps events in a list and identities in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._identities: dict[bytes, Identity] = {}

    def _assert_uniqueness(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        super()._assert_uniqueness(stored_events, **kwargs)
        identities: Sequence[Identity] = kwargs.get("identities", ())
        if stored_events and first_position(stored_events) != len(self._stored_events) + 1:
            raise IntegrityError(f"the head is {len(self._stored_events)}")
        keys = {identity.key for identity in identities}
        if len(keys) != len(identities) or not keys.isdisjoint(self._identities):
            raise IntegrityError("the message is recorded")

    def _update_table(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        identities: Sequence[Identity] = kwargs.get("identities", ())
        self._identities.update((identity.key, identity) for identity in identities)
        return super()._update_table(stored_events, **kwargs)

    def append(self, batch: Batch) -> None:
        """Record a batch, all of it or nothing."""
        rows = enumerate(zip(batch.topics, batch.states, strict=True), batch.after + 1)
        stored_events = [StoredEvent(batch.stream, position, topic, state) for position, (topic, state) in rows]
        self.insert_events(stored_events, identities=batch.identities)

    def head(self) -> int:
        """Return the last position, 0 in an empty book."""
        with self._database_lock:
            return len(self._stored_events)

    def select_states(self, after: int, limit: int, upto: int | None) -> list[tuple[int, bytes]]:
        """Return at most `limit` positions after one (and not above `upto`) with their bytes, in order."""
        with self._database_lock:
            end = min(after + limit, len(self._stored_events) if upto is None else upto)
            return [(event.originator_version, event.state) for event in self._stored_events[after:end]]

    def select_identities(self, keys: Sequence[bytes]) -> list[Identity]:
        """Return the identities that are recorded under these keys, in any order."""
        with self._database_lock:
            return [self._identities[key] for key in keys if key in self._identities]

    def select_all_identities(self) -> list[Identity]:
        """Return every identity that is recorded, in any order."""
        with self._database_lock:
            return list(self._identities.values())

    def failure(self, error: PersistenceError, book: str, after: int) -> StoreFailure:
        """Return what an error of the library means for a caller who appended after (or read at) a position."""
        if isinstance(error, IntegrityError):
            return Conflict(book=book, after=after)
        return Unavailable(book=book, reason=str(error))
