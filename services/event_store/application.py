"""One book as an `eventsourcing` application: its mapper, its recorder, its event store, its notification log."""

from collections.abc import Callable, Sequence
from typing import Generic

from eventsourcing.application import Application
from eventsourcing.persistence import (
    AggregateRecorder,
    InfrastructureFactory,
    NotSupportedError,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType

from services.event_store.mapper import TaggedMapper
from services.event_store.positioned import Batch, E, Identity
from services.event_store.recorder import BookRecorder

_ELSEWHERE = "a book holds events only; read models keep their tables and positions elsewhere"


class BookFactory(InfrastructureFactory[TrackingRecorder]):
    """Hands the application the recorder it was built with; a book has no other infrastructure."""

    def __init__(self, env: Environment, recorder: BookRecorder, release: Callable[[], None]) -> None:
        super().__init__(env)
        self._recorder = recorder
        self._release = release

    def application_recorder(self) -> BookRecorder:
        """Return the recorder of the book."""
        return self._recorder

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Refuse: snapshots are disposable and do not belong in the book."""
        raise NotSupportedError(f"{_ELSEWHERE} ({purpose})")

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> TrackingRecorder:
        """Refuse: a projection tracks its position where its rows are."""
        raise NotSupportedError(f"{_ELSEWHERE} ({tracking_recorder_class})")

    def process_recorder(self) -> ProcessRecorder:
        """Refuse: a book is written by decisions, not by processes."""
        raise NotSupportedError(_ELSEWHERE)

    def close(self) -> None:
        """Give back what the recorder holds open."""
        self._release()


class BookApplication(Application[str], Generic[E]):
    """The application of one book, built from parts instead of environment variables.

    The library reads its configuration from the process environment. A stray `POSTGRES_ENABLE_DB_FUNCTIONS` there
    would lose events, so a book does not listen to it.
    """

    log_section_size = 1000

    def __init__(
        self, stream: str, recorder: BookRecorder, mapper: TaggedMapper[E], *, release: Callable[[], None]
    ) -> None:
        self.stream = stream
        self.book = recorder
        self.codec = mapper
        self._release = release
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Return an environment with nothing of the process in it."""
        return Environment(name, dict(env or {}))

    def construct_factory(self, env: Environment) -> BookFactory:
        """Return the factory that hands out the parts."""
        return BookFactory(env, self.book, self._release)

    def construct_mapper(self) -> TaggedMapper[E]:
        """Return the mapper that was handed in."""
        return self.codec

    def append(self, events: Sequence[E], *, after: int, identities: Sequence[Identity] = ()) -> int:
        """Record events after a position, with identities, in one transaction; return the last position.

        The library's `save()` does the same, but spends most of its time on building an answer nobody reads.
        """
        self.book.append(Batch(self.stream, after, *self.codec.to_columns(events), identities))
        return after + len(events)
