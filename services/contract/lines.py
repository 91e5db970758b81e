"""The lines of a file of messages, one at a time, in memory that does not grow with the file or with a line."""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from services.contract.unreadable import FileBinary, FileEmpty, LineTooLong, Unreadable

LINE_BYTES_MAX = 1024 * 1024
"""The longest line that is read, without its line break."""

BLOCK_BYTES = 64 * 1024
"""How much of a line that is too long is held at a time, and how much of a file is searched for NUL."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line without its line break, its number from 1, and the byte of the file at which it begins.

    `fault` says why it cannot be a message, whatever is in it; `whole` is false for a last line without line break.
    """

    text: bytes
    number: int
    offset: int
    end: int
    whole: bool
    fault: Unreadable | None = None


def read_lines(file: BinaryIO, *, bytes_max: int = LINE_BYTES_MAX) -> Iterator[Line]:
    """Iterate over the lines of a buffered binary file.

    Raises `FileEmpty`, and `FileBinary` when there is a NUL in the first block, before any line is given.
    """
    first = file.readline(BLOCK_BYTES)
    if not first:
        raise FileEmpty
    if b"\0" in first or b"\0" in _ahead(file):
        raise FileBinary
    if len(first) == BLOCK_BYTES and not first.endswith(b"\n"):
        first += file.readline(bytes_max + 1 - len(first))
    text, number, offset = first, 0, 0
    while text:
        number += 1
        end = offset + len(text)
        whole = text.endswith(b"\n")
        if not whole and len(text) > bytes_max:
            end += _skip(file)
            yield Line(b"", number, offset, end, whole=True, fault=LineTooLong(bytes_max=bytes_max))
        else:
            yield Line(text[:-1] if whole else text, number, offset, end, whole)
        offset = end
        text = file.readline(bytes_max + 1)


def _ahead(file: BinaryIO) -> bytes:
    # A buffered reader shows what it holds already without moving; other files have nothing to show.
    peek = getattr(file, "peek", None)
    return bytes(peek(BLOCK_BYTES))[:BLOCK_BYTES] if peek is not None else b""


def _skip(file: BinaryIO) -> int:
    """Skip the rest of a line; return how many bytes that was."""
    skipped = 0
    while block := file.readline(BLOCK_BYTES):
        skipped += len(block)
        if block.endswith(b"\n"):
            break
    return skipped
