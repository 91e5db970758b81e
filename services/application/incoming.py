"""From the lines of a file to messages: each line becomes a message or a refusal with its place."""

from collections.abc import Callable, Collection, Iterator
from typing import BinaryIO

from services.contract.answers import Refused, refused_at
from services.contract.envelope import Message, Place, hint_of, read_message
from services.contract.lines import Line, read_lines
from services.contract.unreadable import (
    BrokenOff,
    ByteOrderMark,
    CarriageReturn,
    InvalidUtf8,
    LineEmpty,
    NotJson,
    Unreadable,
)

Incoming = Message | Refused


class Unread(Collection[Incoming]):
    """Messages that are read when they are gone through, and again when that is done again.

    Whoever is done with a message before he takes the next has in the processor's cache what he works on.
    """

    def __init__(self, read: Callable[[], Iterator[Incoming]], count: int) -> None:
        self._read = read
        self._count = count

    def __iter__(self) -> Iterator[Incoming]:
        return self._read()

    def __len__(self) -> int:
        return self._count

    def __contains__(self, item: object) -> bool:
        return any(item == one for one in self._read())


BOM = b"\xef\xbb\xbf"


def read_line(line: Line, name: str) -> Incoming:
    """Return the message in a line, or why there is none."""
    place = Place(name, line.number)
    try:
        if line.fault is not None:
            raise line.fault
        _refuse_odd_line(line.text)
        return read_message(line.text, place)
    except (NotJson, InvalidUtf8) as refusal:
        if line.whole:
            return refused_at(refusal, place)
        return refused_at(BrokenOff(byte=line.end), place)
    except Unreadable as refusal:
        source, message_id = hint_of(line.text)
        return refused_at(refusal, place, source=source, message_id=message_id)


def _refuse_odd_line(text: bytes) -> None:
    if text.startswith(BOM):
        raise ByteOrderMark
    if text.endswith(b"\r"):
        raise CarriageReturn
    if not text or text.isspace():
        raise LineEmpty


def read_file(
    file: BinaryIO, name: str, read: Callable[[Line, str], Incoming] = read_line
) -> Iterator[tuple[Incoming, int]]:
    """Iterate over what the lines of a file say, and the byte of the file at which each line ends.

    A file that is no file of messages at all (empty, binary) gives one refusal.
    """
    try:
        for line in read_lines(file):
            yield read(line, name), line.end
    except Unreadable as refusal:
        yield refused_at(refusal, Place(file=name)), 0
