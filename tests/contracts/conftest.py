"""The three kinds of shelves every store test runs on."""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from tests.contracts.events import AnyTestEvent, mapper
from tests.servers.postgres import running_postgres

OpenShelf = Callable[[], BookShelf[AnyTestEvent]]


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    """Give the DSN of a database of our own, on the server in GRUNDBOK_TEST_POSTGRES (a URL) or one that we start.

    Tests drop books, so they never touch a database they did not make.
    """
    given = os.environ.get("GRUNDBOK_TEST_POSTGRES")
    with running_postgres("max_connections=30") if given is None else contextlib.nullcontext(given) as server:
        name = f"grundbok_test_{secrets.token_hex(6)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
            try:
                yield urlsplit(server)._replace(path=f"/{name}").geturl()
            finally:
                connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def postgres_dsn(postgres_database: str) -> str:
    """Give the DSN of a database without books."""
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        books = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'grundbok_')"
        for (schema,) in connection.execute(books).fetchall():
            connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))
    return postgres_database


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
