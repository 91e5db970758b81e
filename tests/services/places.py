"""Books in a directory and in PostgreSQL, for tests of what must be the same in both."""

from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from domain.catalogue import AnyEvent
from services.event_store.shelf import BookShelf
from services.event_store.store import BookStore


def in_postgres(place: str) -> bool:
    """Tell whether the books of a place stand in a database."""
    return place.startswith("postgresql://")


def replaced(shelf: BookShelf[AnyEvent], place: str, book: str, events: Sequence[AnyEvent]) -> BookStore[AnyEvent]:
    """Put another book, or an older copy, in the place of one, as somebody does behind the back of the program."""
    shelf.open(book).close()
    remove(place, book)
    store = shelf.create(book)
    store.append(events, after=0)
    return store


def remove(place: str, book: str) -> None:
    """Remove a book, if it is there."""
    if in_postgres(place):
        with psycopg.connect(place, autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(f"grundbok_{book}")))
    else:
        (Path(place) / f"{book}.sqlite").unlink(missing_ok=True)
