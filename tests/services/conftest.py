"""A shelf in a temporary directory, a clock that stands still, a writer of an empty book, a place of either kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.catalogue import AnyEvent
from services.application.writer import BookWriter
from services.clock import FixedClock
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from services.event_store.store import BookStore
from tests.contracts.conftest import postgres_database, postgres_dsn  # noqa: F401 - fixtures
from tests.services.messages import NOON


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a place for books: a directory, or a database."""
    return str(request.getfixturevalue("postgres_dsn") if request.param == "postgres" else tmp_path / "books")


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[BookShelf[AnyEvent]]:
    with open_shelf(tmp_path / "books", catalogue_mapper()) as opened:
        yield opened


@pytest.fixture
def store(shelf: BookShelf[AnyEvent]) -> BookStore[AnyEvent]:
    return shelf.create("prov")


@pytest.fixture
def writer(store: BookStore[AnyEvent], clock: FixedClock) -> BookWriter:
    return BookWriter(store, clock)
