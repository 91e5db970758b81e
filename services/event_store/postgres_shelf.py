"""Books as schemas of a PostgreSQL database: `grundbok_<book>`, all over one pool of connections."""

from typing import Any

from eventsourcing.persistence import PersistenceError

from services.event_store.application import BookApplication
from services.event_store.failures import BookExists, Unavailable
from services.event_store.locks import WriterLock
from services.event_store.mapper import TaggedMapper
from services.event_store.positioned import E
from services.event_store.postgres_recorder import PostgresBookRecorder
from services.event_store.postgres_server import PostgresServer, SchemaDatastore, SchemaLock, reason_of
from services.event_store.shelf import OPEN_BOOKS_MAX, BookShelf, is_book_name

PREFIX = "grundbok_"
"""What a schema, and the channel on which a new head is announced (NOTIFY), begins with."""

ALREADY_THERE = ("42P06", "23505")
"""SQLSTATE of a schema that is there, and of one that another session has just made."""


class PostgresShelf(BookShelf[E]):
    """A database with one schema per book; the connections are few, however many the books."""

    def __init__(self, dsn: str, mapper: TaggedMapper[E], *, open_max: int = OPEN_BOOKS_MAX) -> None:
        super().__init__(mapper, open_max=open_max)
        self._server = PostgresServer(dsn)
        self._server.check()

    def names(self) -> list[str]:
        """Return the names of all books, sorted; raises `Unavailable`."""
        rows = self._asked("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", PREFIX)
        names = (row["nspname"].removeprefix(PREFIX) for row in rows)
        return sorted(name for name in names if is_book_name(name))

    def exists(self, name: str) -> bool:
        """Tell whether there is a book of that name; raises `Unavailable`."""
        if not is_book_name(name):
            return False
        return bool(self._asked("SELECT 1 FROM pg_namespace WHERE nspname = %s", PREFIX + name))

    def close(self) -> None:
        """Close all books and connections."""
        super().close()
        self._server.close()

    def _make(self, name: str) -> None:
        recorder = self._recorder(name)
        try:
            recorder.make_schema(name)
        except PersistenceError as error:
            if getattr(error.__cause__, "sqlstate", None) in ALREADY_THERE:
                raise BookExists(book=name) from error
            raise recorder.failure(error, name, 0) from error

    def _opened(self, name: str) -> BookApplication[E]:
        recorder = self._recorder(name)
        try:
            stream = recorder.stream(name)
        except PersistenceError as error:
            raise recorder.failure(error, name, 0) from error
        return BookApplication(stream, recorder, self._mapper, release=lambda: None)

    def _lock(self, name: str) -> WriterLock:
        return SchemaLock(self._server, PREFIX + name, name)

    def _recorder(self, name: str) -> PostgresBookRecorder:
        return PostgresBookRecorder(SchemaDatastore(self._server, PREFIX + name))

    def _asked(self, query: str, argument: str) -> list[Any]:
        try:
            with self._server.connection() as connection:
                return connection.execute(query, (argument,)).fetchall()
        except PersistenceError as error:
            raise Unavailable(book=self._server.place, reason=reason_of(error)) from error
