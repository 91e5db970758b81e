"""The three kinds of shelves every store test runs on."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from tests.contracts.events import AnyTestEvent, mapper
from tests.servers.postgres import running_postgres

OpenShelf = Callable[[], BookShelf[AnyTestEvent]]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Give the DSN of a server: the one in GRUNDBOK_TEST_POSTGRES, else one of our own."""
    given = os.environ.get("GRUNDBOK_TEST_POSTGRES")
    if given:
        yield given
    else:
        with running_postgres("max_connections=30") as dsn:
            yield dsn


@pytest.fixture
def postgres_dsn(postgres_server: str) -> str:
    """Give the DSN of a server without books."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        for (schema,) in connection.execute(
            "SELECT quote_ident(nspname) FROM pg_namespace WHERE starts_with(nspname, 'grundbok_')"
        ).fetchall():
            connection.execute(f"DROP SCHEMA {schema} CASCADE")
    return postgres_server


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.server)])
def kind(request: pytest.FixtureRequest) -> str:
    """Name what is below the store."""
    return str(request.param)


@pytest.fixture
def place(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name the place where the shelf stands."""
    if kind == "postgres":
        return str(request.getfixturevalue("postgres_dsn"))
    return "memory:" if kind == "memory" else str(tmp_path / "books")


@pytest.fixture
def open_again(place: str) -> Iterator[OpenShelf]:
    """Give a function that opens the same place anew, as another process would; memory is the same shelf again."""
    opened: list[BookShelf[AnyTestEvent]] = []

    def open_it() -> BookShelf[AnyTestEvent]:
        if place == "memory:" and opened:
            return opened[0]
        opened.append(open_shelf(place, mapper()))
        return opened[-1]

    yield open_it
    for shelf in opened:
        shelf.close()


@pytest.fixture
def shelf(open_again: OpenShelf) -> BookShelf[AnyTestEvent]:
    """Give an empty shelf."""
    return open_again()
