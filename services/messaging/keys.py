"""Keys of the users of the bus (nkeys, Ed25519): secret seeds in files of their owner, public keys for the server.

What is there is kept. A key is changed by removing its two files and making keys again; an association that makes its
own key hands in only the public one. The books are those whose keys are in the directory, and those named anew.
"""

import base64
import binascii
import contextlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import nkeys  # type: ignore[import-untyped]

from domain.kernel.refusal import Refusal
from services.event_store.failures import BookNameInvalid
from services.event_store.shelf import is_book_name
from services.messaging.authorization import authorization, cluster
from services.messaging.permissions import PUBLIC_ROLES, SERVICES, user_name
from services.messaging.reasons import WithReason

SEED, PUBLIC = ".seed", ".pub"
SERVER_FILES = "nats"
"""The directory below that holds what the servers read."""

AUTHORIZATION, CLUSTER, CLUSTER_PASSWORD = "authorization.conf", "cluster.conf", "cluster.password"
NODES = ("nats-1:6222", "nats-2:6222", "nats-3:6222")
"""The servers of docker-compose.yml, as they reach each other."""

OWNER_ONLY, OWNER_ONLY_DIRECTORY, EVERYBODY_READS = 0o600, 0o700, 0o644
USER_BYTE = 20 << 3


class KeyUnusable(WithReason, Refusal):
    """A key file holds the key of a user, and a user's two files belong together."""

    code = "bus_key_unusable"
    sv = "Nyckelfilen {path} kan inte användas; {reason}."
    en = "The key file {path} cannot be used; {reason}."


class Keys(NamedTuple):
    """What there is after keys were made: the users that got a key, the books, and the public key of every user.

    `changed` tells whether the servers have anything new to read.
    """

    made: tuple[str, ...]
    books: tuple[str, ...]
    public_keys: dict[str, str]
    changed: bool


def make_keys(directory: Path, books: Sequence[str], nodes: Sequence[str] = NODES) -> Keys:
    """Give every user without a key one, and write what the servers read anew.

    Raises `BookNameInvalid` before anything is written, `KeyUnusable`, and `OSError` where files cannot be written.
    """
    for book in books:
        if not is_book_name(book):
            raise BookNameInvalid(book=book)
    directory.mkdir(mode=OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
    every_book = tuple(sorted({*books, *_books_with_keys(directory)}))
    users = [*SERVICES, *(user_name(role, book) for book in every_book for role in PUBLIC_ROLES)]
    known = {user: _public_key(directory, user) for user in users}
    made = tuple(user for user, key in known.items() if key is None)
    public_keys = {user: key or _made(directory, user) for user, key in known.items()}
    changed = _write_server_files(directory, public_keys, every_book, nodes)
    return Keys(made, every_book, public_keys, changed)


def _books_with_keys(directory: Path) -> set[str]:
    names = [path.stem for path in directory.iterdir() if path.suffix in (SEED, PUBLIC)]
    found = {name.removeprefix(f"{role}-") for name in names for role in PUBLIC_ROLES if name.startswith(f"{role}-")}
    return {book for book in found if is_book_name(book)}


def _public_key(directory: Path, user: str) -> str | None:
    """Return the public key of a user, or None where it has no key yet."""
    seed, public = directory / f"{user}{SEED}", directory / f"{user}{PUBLIC}"
    kept = _read_public(public) if public.exists() else None
    if not seed.exists():
        return kept
    told = _public_of(seed)
    if kept is None:
        _write_new(public, told, EVERYBODY_READS)
    elif kept != told:
        raise KeyUnusable(path=str(public), reason=f"not the public key of {seed.name}")
    return told


def _read_public(path: Path) -> str:
    key = path.read_text("ascii", errors="replace").strip()
    if not is_public_key(key):
        raise KeyUnusable(path=str(path), reason="not the public key of a user")
    return key


def is_public_key(key: str) -> bool:
    """Tell whether this is the public nkey of a user: its kind, 32 bytes, and their checksum."""
    try:
        raw = base64.b32decode(key)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == 35 and raw[0] == USER_BYTE and binascii.crc_hqx(raw[:-2], 0).to_bytes(2, "little") == raw[-2:]


def _public_of(seed: Path) -> str:
    try:
        key = nkeys.from_seed(bytearray(seed.read_bytes().strip())).public_key.decode()
    except (nkeys.NkeysError, ValueError, TypeError) as error:
        raise KeyUnusable(path=str(seed), reason="not a seed") from error
    if not is_public_key(key):
        raise KeyUnusable(path=str(seed), reason="not the seed of a user")
    return str(key)


def _made(directory: Path, user: str) -> str:
    seed = directory / f"{user}{SEED}"
    _write_new(seed, nkeys.encode_seed(secrets.token_bytes(32), USER_BYTE).decode(), OWNER_ONLY)
    public = _public_of(seed)
    _write_new(directory / f"{user}{PUBLIC}", public, EVERYBODY_READS)
    return public


def _write_server_files(
    directory: Path, public_keys: dict[str, str], books: tuple[str, ...], nodes: Sequence[str]
) -> bool:
    """Write what the servers read; tell whether it is another than it was."""
    password = directory / CLUSTER_PASSWORD
    with contextlib.suppress(FileExistsError):
        _write_new(password, secrets.token_hex(32), OWNER_ONLY)
    place = directory / SERVER_FILES
    place.mkdir(mode=OWNER_ONLY_DIRECTORY, exist_ok=True)
    routes = _replace(place / CLUSTER, cluster(nodes, password.read_text("ascii").strip()), OWNER_ONLY)
    users = _replace(place / AUTHORIZATION, authorization(public_keys, books), EVERYBODY_READS)
    return routes or users


def _write_new(path: Path, text: str, mode: int) -> None:
    """Write a file that is not there yet; it is never open to others, not for a moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="ascii") as file:
        file.write(f"{text}\n")


def _replace(path: Path, text: str, mode: int) -> bool:
    """Write a file anew, whole or not at all; tell whether it has changed."""
    changed = not path.exists() or path.read_text("ascii", errors="replace") != f"{text}\n"
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    _write_new(fresh, text, mode)
    fresh.replace(path)
    return changed
