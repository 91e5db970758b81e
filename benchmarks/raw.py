"""What the database can do at best: rows that are ready, written as durably and in transactions as large as ours."""

import sqlite3
from pathlib import Path

import psycopg
from psycopg.types.numeric import Int8

from domain.catalogue import AnyEvent
from services.event_store.store import BookStore

Row = tuple[str, int, str, bytes]
"""Stream, position, topic and bytes."""

PAGE_ROWS = 10_000


def stored_rows(store: BookStore[AnyEvent]) -> list[Row]:
    """Return the rows of a book as they are stored."""
    rows: list[Row] = []
    while page := store.rows(len(rows), PAGE_ROWS):
        rows += [(row.stream, row.position, row.topic, row.state) for row in page]
    return rows


def insert_into_sqlite(rows: list[Row], file: Path, batch: int) -> None:
    """Insert rows with `executemany`, a transaction a batch."""
    file.unlink(missing_ok=True)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE raw (stream TEXT, version INTEGER, topic TEXT, state BLOB, PRIMARY KEY (stream, version))"
    )
    for start in range(0, len(rows), batch):
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO raw VALUES (?,?,?,?)", rows[start : start + batch])
        connection.execute("COMMIT")
    connection.close()


def copy_into_postgres(rows: list[Row], dsn: str, batch: int) -> None:
    """Copy rows in binary, a transaction a batch; a single row is inserted, which is faster than to copy it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP TABLE IF EXISTS raw")
        connection.execute(
            "CREATE TABLE raw (stream text, version bigint, topic text, state bytea, PRIMARY KEY (stream, version))"
        )
        for start in range(0, len(rows), batch):
            some = rows[start : start + batch]
            if batch == 1:
                stream, version, topic, state = some[0]
                connection.execute(
                    "INSERT INTO raw VALUES (%b, %b, %b, %b)", (stream, Int8(version), topic, state), prepare=True
                )
            else:
                _copy(connection, some)


def _copy(connection: psycopg.Connection, rows: list[Row]) -> None:
    with connection.cursor().copy("COPY raw FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["text", "int8", "text", "bytea"])
        for row in rows:
            copy.write_row(row)
