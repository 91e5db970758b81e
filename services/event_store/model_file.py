"""The file of a read model: a SQLite database that may be deleted at any time, and is when anything in it is wrong.

It knows nothing of what it keeps: an outline, the nodes of a tree, notes. All that changed is written in one
transaction with the outline, which says how far the rest goes, and every piece has a checksum.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec

from services.event_store.driver import sqlite

LAYOUT = """
CREATE TABLE made (token BLOB);
CREATE TABLE outline (only INTEGER PRIMARY KEY CHECK (only = 1), revision INTEGER, checksum INTEGER, content BLOB);
CREATE TABLE node (level INTEGER, number INTEGER, checksum INTEGER, content BLOB, PRIMARY KEY (level, number));
CREATE TABLE note (position INTEGER PRIMARY KEY, checksum INTEGER, content BLOB);
"""

BUSY_SECONDS = 2
"""How long the file is waited for; a report can be made without it."""

Place = tuple[int, int]
Parts = tuple[bytes, ...]

_parts = msgspec.msgpack.Decoder(tuple[bytes, ...])


class ModelUnusable(Exception):  # noqa: N818 - named by what it is; it never reaches a user
    """The file is not what it should be, or cannot be used; whoever asked goes on without it."""


class ModelFile:
    """One read model on disk; safe to use from any thread, a connection a call.

    Each file has a token of its own, so that nodes of a file that replaced the one whose outline was read are refused.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._token: bytes | None = None

    def outline(self) -> tuple[int, bytes] | None:
        """Return the revision and the outline, or nothing where no file is; raises ModelUnusable."""
        if not self._path.is_file():
            return None
        with self._connected() as connection:
            row = connection.execute("SELECT revision, checksum, content, token FROM outline, made").fetchone()
        if row is None:
            raise ModelUnusable(f"{self._path} has no outline")
        self._token = row[3]
        return row[0], _sound(row[1], row[2], self._path)

    def notes(self, upto: int) -> list[tuple[int, bytes]]:
        """Return the notes up to a position, in order; raises ModelUnusable."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT position, checksum, content FROM note WHERE position <= ? ORDER BY position", (upto,)
            ).fetchall()
        return [(position, _sound(checksum, content, self._path)) for position, checksum, content in rows]

    def node(self, place: Place) -> Parts:
        """Return the parts of a node; raises ModelUnusable."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT checksum, content FROM node, made WHERE level = ? AND number = ? AND token = ?",
                (*place, self._token),
            ).fetchone()
        if row is None:
            raise ModelUnusable(f"{self._path} has no node {place}")
        try:
            return _parts.decode(_sound(row[0], row[1], self._path))
        except msgspec.MsgspecError as error:
            raise ModelUnusable(f"{self._path} has a node {place} that is none") from error

    def save(
        self,
        revision: int,
        outline: bytes,
        nodes: Iterable[tuple[Place, Parts]],
        notes: Iterable[tuple[int, bytes]],
    ) -> bool:
        """Write what is new and the outline in one transaction, unless another process has written since `revision`.

        Returns whether it was written; revision 0 makes the file. Raises ModelUnusable.
        """
        self._make(revision)
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT revision, token FROM outline, made").fetchone() or (0, self._token)
            if row != (revision, self._token):
                connection.execute("ROLLBACK")
                return False
            encoded = ((*place, msgspec.msgpack.encode(parts)) for place, parts in nodes)
            connection.executemany(
                "INSERT INTO node VALUES (?, ?, ?, ?)",
                ((level, number, crc32(content), content) for level, number, content in encoded),
            )
            connection.executemany(
                "INSERT INTO note VALUES (?, ?, ?)", ((position, crc32(state), state) for position, state in notes)
            )
            connection.execute(
                "INSERT OR REPLACE INTO outline VALUES (1, ?, ?, ?)", (revision + 1, crc32(outline), outline)
            )
            connection.execute("COMMIT")
        return True

    def discard(self) -> None:
        """Delete the file; raises ModelUnusable."""
        try:
            for file in (self._path, self._path.with_name(f"{self._path.name}-journal")):
                file.unlink(missing_ok=True)
        except OSError as error:
            raise ModelUnusable(str(error)) from error

    def _make(self, revision: int) -> None:
        if self._path.is_file():
            return
        if revision:
            raise ModelUnusable(f"{self._path} was deleted")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ModelUnusable(str(error)) from error
        with self._connected(mode="rwc") as connection:
            self._token = os.urandom(8)
            connection.executescript(f"BEGIN IMMEDIATE; {LAYOUT}")
            connection.execute("INSERT INTO made VALUES (?)", (self._token,))
            connection.execute("COMMIT")

    @contextmanager
    def _connected(self, mode: str = "rw") -> Iterator[Any]:
        """Open the file for one use, and never make it by accident."""
        try:
            with closing(
                sqlite.connect(
                    f"{self._path.resolve().as_uri()}?mode={mode}",
                    uri=True,
                    isolation_level=None,
                    timeout=BUSY_SECONDS,
                )
            ) as connection:
                yield connection
        except (sqlite.Error, OSError) as error:
            raise ModelUnusable(f"{self._path}: {error}") from error


def _sound(checksum: object, content: object, path: Path) -> bytes:
    if not isinstance(content, bytes) or crc32(content) != checksum:
        raise ModelUnusable(f"{path} is damaged")
    return content
