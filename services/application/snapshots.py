"""Snapshots: what a writer knew of its book at a position, kept in a file so that it need not read the whole book.

A snapshot is disposable. It counts only if it is whole, if this very program made it, and if the book still has the
same event at its position; otherwise it is as if there were none, and the book is replayed. Proofs never use one.
"""

import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from types import GenericAlias
from typing import Any, get_args, get_origin

import msgspec

import domain
from domain.catalogue import AnyEvent
from domain.kernel.table import Table
from services.application import registration, state
from services.application.state import Known, VoucherPlaces
from services.event_store.failures import StoreFailure
from services.event_store.store import BookStore

DIRECTORY, SUFFIX = ".cache", ".snapshot"

EVENTS_BETWEEN = 2048
"""So many new events are worth a snapshot: reading them takes some 10 ms."""

BYTES_AN_EVENT = 1024
"""Where the last snapshot was large, there must be an event for each so many of its bytes: 3 µs an event at most."""

EVENTS_AT_REST = 256
"""So many new events are worth a snapshot when nothing more is to be written."""

MAGIC = b"grundbok snapshot\n"
DIGEST_BYTES = 32


class Snapshot(msgspec.Struct, frozen=True):
    """What was known of a book after an event of its stream, and where its vouchers stand."""

    program: bytes
    stream: str
    event: bytes
    known: Known
    places: dict[tuple[int, str], list[int]]


def encode(snapshot: Snapshot) -> bytes:
    """Return the bytes of a snapshot, which begin with their digest."""
    body = _encoder.encode(snapshot)
    return MAGIC + _digest(body) + body


def decode(stored: bytes) -> Snapshot | None:
    """Return the snapshot in these bytes, or nothing if they are not as this program wrote them.

    The program is asked first: what another one has written may decode, and mean something else.
    """
    head = len(MAGIC) + DIGEST_BYTES
    body = memoryview(stored)[head:]
    if stored[:head] != MAGIC + _digest(body):
        return None
    try:
        if _maker.decode(body).program != program():
            return None
        return _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


class Snapshots:
    """The snapshot file of one book; whatever goes wrong with it, there is none."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._position = self._size = 0

    def load(self, store: BookStore[AnyEvent]) -> tuple[Known, VoucherPlaces] | None:
        """Return what the snapshot knows of the book, if it is a snapshot of this book by this program."""
        try:
            stored = self._file.read_bytes()
        except OSError:
            return None
        snapshot = decode(stored)
        if snapshot is None or snapshot.stream != store.stream():
            return None
        if snapshot.event != _event_digest(store, snapshot.known.position):
            return None
        self._position, self._size = snapshot.known.position, len(stored)
        return snapshot.known, VoucherPlaces(snapshot.places)

    def keep(self, store: BookStore[AnyEvent], known: Known, places: VoucherPlaces, *, resting: bool = False) -> None:
        """Write a snapshot if enough has come since the last one; if it cannot be written, there is none."""
        fresh = known.position - self._position
        enough = EVENTS_AT_REST if resting else max(EVENTS_BETWEEN, self._size // BYTES_AN_EVENT)
        if fresh < enough or not program():
            return
        # Also when it fails, so that a disk without room is not tried with every batch.
        self._position = known.position
        try:
            event = _event_digest(store, known.position)
            stored = encode(Snapshot(program(), store.stream(), event, known, places.positions))
            self._size = len(stored)
            self._replace(stored)
        except (OSError, StoreFailure):
            # What was recorded stands; the next program reads a little more.
            return

    def _replace(self, stored: bytes) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_name(f".{self._file.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            unfinished.write_bytes(stored)
            unfinished.replace(self._file)
        finally:
            unfinished.unlink(missing_ok=True)


def snapshot_file(data: Path, book: str, *, elsewhere: bool = False) -> Path:
    """Return the file of a book's snapshot; books that stand elsewhere (PostgreSQL) have a directory of their own."""
    return data / DIRECTORY / ("postgres" if elsewhere else "") / f"{book}{SUFFIX}"


@lru_cache(maxsize=1)
def program() -> bytes:
    """Return what tells programs apart that may come to another state by the same events: a digest of their text.

    Empty where a program came without its text: it cannot tell itself from others, and goes without snapshots.
    """
    root = Path(domain.__file__).parent
    files = [*sorted(root.rglob("*.py")), Path(registration.__file__), Path(state.__file__), Path(__file__)]
    said = blake2b(msgspec.__version__.encode(), digest_size=DIGEST_BYTES)
    try:
        for file in files:
            said.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    except OSError:
        return b""
    return said.digest() if len(files) > 3 else b""


class _Maker(msgspec.Struct, frozen=True):
    """The part of a snapshot that says whose it is."""

    program: bytes


def _plain(value: object) -> object:
    if isinstance(value, Table):
        return _encoder.encode(value.plain())
    raise TypeError(f"a snapshot cannot hold a {type(value).__name__}")


def _made(kind: Any, stored: object) -> object:  # noqa: ANN401 - an annotation
    if get_origin(kind) is not Table or not isinstance(stored, bytes):
        raise TypeError(f"a snapshot does not hold a {kind}")
    return Table(_rows(kind)(stored))


@lru_cache(maxsize=64)
def _rows(kind: Any) -> Callable[[bytes], Mapping[Any, Any]]:  # noqa: ANN401 - an annotation
    return msgspec.msgpack.Decoder(GenericAlias(dict, get_args(kind)), dec_hook=_made).decode


# A table is stored as bytes within the bytes, so that its rows are decoded by their type at once.
_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)
_decoder = msgspec.msgpack.Decoder(Snapshot, dec_hook=_made)
_maker = msgspec.msgpack.Decoder(_Maker)


def _digest(body: bytes | memoryview) -> bytes:
    return blake2b(body, digest_size=DIGEST_BYTES).digest()


def _event_digest(store: BookStore[AnyEvent], position: int) -> bytes:
    """Return the digest of the stored bytes at a position, nothing where the book does not reach."""
    rows = store.read(position - 1, 1, upto=position) if position > 0 else []
    return b"".join(_digest(stored) for _, stored in rows)
