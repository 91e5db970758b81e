"""Lines of a file: each with its place, in memory that does not grow, and faults that cost only their own line."""

import io
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from services.application.incoming import read_file
from services.contract.answers import Refused
from services.contract.envelope import Message
from services.contract.lines import BLOCK_BYTES, LINE_BYTES_MAX, read_lines
from services.contract.unreadable import FileBinary, FileEmpty
from tests.builders import a_voucher
from tests.services.messages import envelope, line_of

GOOD = line_of(envelope(a_voucher(), "v-1"))


def outcomes(content: bytes) -> list[tuple[int, str]]:
    """Return line and code of each refusal, and `ok` for a message."""
    found = [incoming for incoming, _ in read_file(io.BufferedReader(io.BytesIO(content)), "f")]
    return [(one.place.line, "ok") if isinstance(one, Message) else (one.line, one.code) for one in found]


def test_gives_each_line_its_number_and_offset() -> None:
    lines = list(read_lines(io.BytesIO(b"ab\nc\n\nd")))

    assert [(line.text, line.number, line.offset, line.end, line.whole) for line in lines] == [
        (b"ab", 1, 0, 3, True),
        (b"c", 2, 3, 5, True),
        (b"", 3, 5, 6, True),
        (b"d", 4, 6, 7, False),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", [(0, "file_empty")]),
        (b"\n", [(1, "line_empty")]),
        (b"\x89PNG\r\n\x1a\n\0\0\0", [(0, "file_binary")]),
        (GOOD.decode().encode("utf-16"), [(0, "file_binary")]),
        (GOOD, [(1, "ok")]),
        (GOOD + b"\n", [(1, "ok")]),
        (GOOD + b"\n\n" + GOOD + b"\n", [(1, "ok"), (2, "line_empty"), (3, "ok")]),
        (GOOD + b"\n   \n", [(1, "ok"), (2, "line_empty")]),
        (b"\xef\xbb\xbf" + GOOD + b"\n" + GOOD + b"\n", [(1, "byte_order_mark"), (2, "ok")]),
        (GOOD + b"\r\n" + GOOD + b"\n", [(1, "carriage_return"), (2, "ok")]),
        (b"\r\n" + GOOD, [(1, "carriage_return"), (2, "ok")]),
        (GOOD + b"\n" + GOOD[:100], [(1, "ok"), (2, "broken_off")]),
        (GOOD + b"\n" + GOOD[:-1] + b"\n", [(1, "ok"), (2, "not_json")]),
        (GOOD + b"\n" + b'{"a":1}', [(1, "ok"), (2, "field_unknown")]),
        (GOOD + b"\n\xc3", [(1, "ok"), (2, "broken_off")]),
        (b"x" * LINE_BYTES_MAX + b"\n" + GOOD, [(1, "not_json"), (2, "ok")]),
        (b"x" * (LINE_BYTES_MAX + 1) + b"\n" + GOOD, [(1, "line_too_long"), (2, "ok")]),
        (GOOD + b"\n" + b"x" * (3 * LINE_BYTES_MAX) + b"\n" + GOOD, [(1, "ok"), (2, "line_too_long"), (3, "ok")]),
        (GOOD + b"\n" + b"x" * (3 * LINE_BYTES_MAX), [(1, "ok"), (2, "line_too_long")]),
        (GOOD + b" " * (BLOCK_BYTES - len(GOOD)) + b"\n" + GOOD, [(1, "ok"), (2, "ok")]),
        (GOOD + b" " * (BLOCK_BYTES - len(GOOD) - 1) + b"\n" + GOOD, [(1, "ok"), (2, "ok")]),
        (GOOD + b" " * (2 * BLOCK_BYTES) + b"\n" + GOOD, [(1, "ok"), (2, "ok")]),
    ],
    ids=lambda value: None if isinstance(value, bytes) else str(value),
)
def test_a_fault_costs_its_own_line(content: bytes, expected: list[tuple[int, str]]) -> None:
    assert outcomes(content) == expected


def test_says_at_which_byte_a_file_breaks_off() -> None:
    content = GOOD + b"\n" + GOOD[:100]

    *_, (last, _) = read_file(io.BytesIO(content), "f")

    assert isinstance(last, Refused)
    assert last.facts["byte"] == len(content)


def test_names_the_message_that_was_refused_where_it_can() -> None:
    ((refused, _),) = read_file(io.BytesIO(GOOD + b"\r\n"), "f")

    assert isinstance(refused, Refused)
    assert (refused.file, refused.line, refused.id, refused.source) == ("f", 1, "v-1", "/ekonomi")


class Endless(io.RawIOBase):
    """A file of one line that is very long, made as it is read."""

    def __init__(self, left: int) -> None:
        self.left = left

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a buffer has no type in Python 3.11
        """Fill the buffer."""
        count = min(len(buffer), self.left)
        buffer[:count] = b"x" * count
        self.left -= count
        return count


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_line_of_a_gigabyte_takes_no_more_memory_than_the_longest_message() -> None:
    file = io.BufferedReader(Endless(2**30), buffer_size=2**20)

    peak = _peak(lambda: [line.fault and line.fault.code for line in read_lines(file)] == ["line_too_long"])

    assert peak < 8 * 2**20


def test_reads_nothing_of_a_binary_file() -> None:
    with pytest.raises(FileBinary):
        next(read_lines(io.BufferedReader(io.BytesIO(GOOD + b"\n\0"))))
    with pytest.raises(FileEmpty):
        next(read_lines(io.BytesIO(b"")))
