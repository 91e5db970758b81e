"""Writes SIE 4 records as bytes: codepage 437, CRLF, texts in quotes, and the checksum at the end (SIE 4B 5, 5.12)."""

from collections.abc import Iterable, Sequence
from datetime import date
from zlib import crc32

from services.formats.sie4_charset import SIE, transliterate
from services.formats.sie4_findings import Findings
from services.formats.sie4_syntax import CHECKSUM

Objects = Sequence[tuple[int, str]]
Value = str | int | date | Objects
"""A text (quoted), a whole number (plain), a date (ÅÅÅÅMMDD), or a list of objects."""


class Kronor(int):
    """An amount in öre, written with two decimals."""


class Bare(str):
    """A text that is written without quotes: a code of the standard."""

    __slots__ = ()


class SieWriter:
    """Gathers the lines of a file; `finish` returns it with its checksum."""

    def __init__(self, findings: Findings) -> None:
        self._lines: list[str] = []
        self._findings = findings
        self._sum: int | None = None
        self._replaced: set[str] = set()

    def start_sum(self) -> None:
        """Begin the part of the file that the checksum is about."""
        self._lines.append(CHECKSUM)
        self._sum = 0

    def record(self, label: str, *values: Value, indent: str = "") -> None:
        """Write a record."""
        tokens = [label]
        parts = [indent + label]
        for value in values:
            words, part = self._written(value)
            tokens += words
            parts.append(part)
        if self._sum is not None:
            self._sum = crc32("".join(tokens).encode(SIE), self._sum)
        self._lines.append(" ".join(parts))

    def block(self, rows: Iterable[Sequence[Value]], label: str) -> None:
        """Write rows between braces."""
        self._lines.append("{")
        for row in rows:
            self.record(label, *row, indent="   ")
        self._lines.append("}")

    def finish(self) -> bytes:
        """Return the file."""
        if self._sum is not None:
            self._lines.append(f"{CHECKSUM} {self._sum}")
        return "".join(f"{line}\r\n" for line in self._lines).encode(SIE)

    def _written(self, value: Value) -> tuple[list[str], str]:
        """Return what counts in the checksum, and what stands in the file."""
        if isinstance(value, Kronor):
            plain = kronor(value)
        elif isinstance(value, date):
            plain = value.strftime("%Y%m%d")
        elif isinstance(value, int | Bare):
            plain = str(value)
        elif isinstance(value, str):
            text = self._text(value)
            return [text], _quoted(text)
        else:
            pairs = [(str(dimension), self._text(code)) for dimension, code in value]
            words = [word for pair in pairs for word in pair]
            return words, "{" + " ".join(f'"{dimension}" {_quoted(code)}' for dimension, code in pairs) + "}"
        return [plain], plain

    def _text(self, text: str) -> str:
        """Return a text that codepage 437 and quotes can hold; a backslash before a quote would read as an escape."""
        written = transliterate(text).replace('\\"', '/"')
        if written.endswith("\\"):
            written = written[:-1] + "/"
        if written != text and text not in self._replaced:
            self._replaced.add(text)
            self._findings.add("characters_replaced", text=text, written=written)
        return written


def kronor(amount_ore: int) -> str:
    """Return öre as kronor with a point and two decimals."""
    whole, part = divmod(abs(amount_ore), 100)
    return f"{'-' if amount_ore < 0 else ''}{whole}.{part:02d}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'
