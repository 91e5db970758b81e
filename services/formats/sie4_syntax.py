r"""The syntax of SIE 4 files: bytes to records and back to nothing else (SIE 4B, section 5).

A record is a line: a label, then fields parted by spaces or tabs. A field may stand in quotes, a quote inside one is
written `\"`, and no other escape exists. `{…}` inside a line is a list of objects; `{` and `}` alone on lines hold
the rows of the record above. Whatever the bytes are, reading ends with records and findings.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from services.formats.sie4_charset import SIE, as_bytes_per_character, detect
from services.formats.sie4_findings import Findings

BYTES_MAX = 64 * 1024 * 1024
"""The largest file that is read; a large association's year is a hundredth of it."""

Field = str | tuple[str, ...]
ROW_LABELS = frozenset({"#TRANS", "#RTRANS", "#BTRANS"})
CHECKSUM = "#KSUMMA"

# A quote ends a field only before a space, a brace or the end of the line: programs that forget to escape exist.
_STRICT = re.compile(r'"((?:[^"\\]|\\(?!")|\\"|"(?=[^\s}]))*)"(?=[\s}]|$)')
_LOOSE = re.compile(r'"((?:[^"]|"(?=[^\s}]))*)"(?=[\s}]|$)')
_BARE = re.compile(r"[^ \t{}]+")
_BLANK = re.compile(r"[ \t]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Record(NamedTuple):
    """A line: its number, its label in capitals, its fields, which of them stood in quotes, and the rows below it."""

    line: int
    label: str
    fields: tuple[Field, ...]
    quoted: tuple[bool, ...] = ()
    rows: "tuple[Record, ...]" = ()
    has_block: bool = False

    def text(self, place: int) -> str:
        """Return a field as text, empty where there is none."""
        field = self.fields[place] if place < len(self.fields) else ""
        return field if isinstance(field, str) else " ".join(field)


class Syntax(NamedTuple):
    """What a file says, line by line, and the charset it was read in."""

    records: tuple[Record, ...]
    charset: str


def read_records(data: bytes, findings: Findings) -> Syntax:
    """Return the records of a file; everything odd is a finding."""
    if len(data) > BYTES_MAX:
        findings.add("file_too_large", size=len(data) // 2**20, limit=BYTES_MAX // 2**20)
        return Syntax((), SIE)
    data, marked = as_bytes_per_character(data)
    charset = detect(data)
    if marked or charset != SIE:
        findings.add("charset_wrong", charset=(marked or charset).upper())
    if charset == "utf-8" and b"\xef\xbf\xbd" in data:
        findings.add("characters_lost", count=data.count(b"\xef\xbf\xbd"))
    start = data.lstrip()[:200]
    if start[:5] == b"<?xml" or b"<Sie" in start:
        findings.add("sie5")
        return Syntax((), charset)
    reader = _Reader(charset, findings)
    for number, line in enumerate(re.split(r"\r\n|\n|\r", data.rstrip(b"\x1a").decode("latin-1")), 1):
        reader.read(number, line)
    records = reader.finish()
    if not records:
        findings.add("not_sie")
    return Syntax(records, charset)


class _Token(NamedTuple):
    """A piece of a line, one character for each byte: a field, or a brace."""

    text: str
    kind: str  # "bare", "quoted", "{" or "}"


class _Reader:
    """Reads lines one after the other: puts rows below their record, and keeps the checksum."""

    def __init__(self, charset: str, findings: Findings) -> None:
        self._charset = charset
        self._findings = findings
        self._records: list[Record] = []
        self._rows: list[Record] | None = None
        self._sum = _Checksum(charset, findings)

    def read(self, number: int, line: str) -> None:
        """Take in a line."""
        if _CONTROL.search(line):
            self._findings.add("control_character", number)
            line = _CONTROL.sub(" ", line)
        tokens = list(_tokens(line, number, self._findings))
        if not tokens:
            return
        if all(token.kind in "{}" for token in tokens):
            for token in tokens:
                self._brace(number, token.kind)
            return
        opens = tokens[-1].kind == "{"
        if opens:
            tokens.pop()
        kinds = [token.kind for token in tokens]
        closes = kinds[-1] == "}" and kinds.count("}") > kinds.count("{")
        if closes:
            tokens.pop()
        self._record(number, tokens)
        if opens or closes:
            self._findings.once("brace_on_record_line", number)
            self._brace(number, "{" if opens else "}")

    def _record(self, number: int, tokens: list[_Token]) -> None:
        label = tokens[0].text
        if tokens[0].kind != "bare" or not label.startswith("#"):
            self._findings.add("line_ignored", number)
            return
        self._sum.take(number, tokens)
        fields, quoted = _fields([_Token(self._decoded(token.text), token.kind) for token in tokens[1:]])
        record = Record(number, label.upper(), fields, quoted)
        if self._rows is None:
            self._records.append(record)
        elif record.label == "#VER":
            self._findings.add("block_not_closed", number, label=self._records[-1].label)
            self._close()
            self._records.append(record)
        else:
            self._rows.append(record)

    def _brace(self, number: int, sign: str) -> None:
        if sign == "{" and self._rows is None and self._records:
            self._rows = []
        elif sign == "}" and self._rows is not None:
            self._close()
        else:
            self._findings.add("brace_stray", number, brace=sign)

    def _close(self) -> None:
        rows, self._rows = self._rows or [], None
        self._records[-1] = self._records[-1]._replace(rows=tuple(rows), has_block=True)

    def _decoded(self, text: str) -> str:
        return text if text.isascii() else text.encode("latin-1").decode(self._charset, "replace")

    def finish(self) -> tuple[Record, ...]:
        """Return the records, having checked that the file is whole."""
        if self._rows is not None:
            self._findings.add("block_not_closed", self._records[-1].line, label=self._records[-1].label)
            self._close()
        self._sum.finish()
        return tuple(self._records)


class _Checksum:
    """The checksum of a file (SIE 4B, appendix on CRC): over labels and field contents, nothing between them."""

    def __init__(self, charset: str, findings: Findings) -> None:
        self._charset = charset
        self._findings = findings
        self._started_at = 0
        self._ended = False
        self._as_read = 0
        self._as_437 = 0

    def take(self, number: int, tokens: list[_Token]) -> None:
        """Add the contents of a record, or compare when it holds the sum."""
        if tokens[0].text.upper() == CHECKSUM:
            if len(tokens) > 1 and self._started_at:
                self._compare(number, tokens[1].text)
            else:
                self._started_at, self._as_read, self._as_437 = number, 0, 0
        elif self._started_at and not self._ended:
            content = "".join(token.text for token in tokens if token.kind not in "{}")
            raw = content.encode("latin-1")
            self._as_read = crc32(raw, self._as_read)
            self._as_437 = crc32(raw.decode(self._charset, "replace").encode(SIE, "replace"), self._as_437)

    def _compare(self, number: int, stated: str) -> None:
        self._ended = True
        sums = (self._as_read, self._as_437)
        if not re.fullmatch(r"-?\d{1,12}", stated, re.ASCII) or int(stated) % 2**32 not in sums:
            self._findings.add("checksum_wrong", number, stated=stated[:20], computed=self._as_read)
        elif int(stated) % 2**32 != self._as_read:
            self._findings.add("checksum_of_original", number)

    def finish(self) -> None:
        """Find a file that promised a sum and ends without it."""
        if self._started_at and not self._ended:
            self._findings.add("checksum_missing", self._started_at)


def _tokens(line: str, number: int, findings: Findings) -> Iterator[_Token]:
    place = _skip(line, 0)
    while place < len(line):
        sign = line[place]
        if sign in "{}":
            yield _Token(sign, sign)
            place += 1
        elif sign == '"':
            match = _STRICT.match(line, place) or _LOOSE.match(line, place)
            if match is None:
                findings.add("quote_not_closed", number)
                yield _Token(line[place + 1 :].rstrip().replace('\\"', '"'), "quoted")
                return
            strict = match.re is _STRICT
            inside = line[place + 1 : match.end() - 1]
            yield _Token(inside.replace('\\"', '"') if strict else inside, "quoted")
            place = match.end()
        else:
            match = _BARE.match(line, place)
            end = match.end() if match is not None else len(line)
            yield _Token(line[place:end].replace('\\"', '"'), "bare")
            place = end
        place = _skip(line, place)


def _skip(line: str, place: int) -> int:
    match = _BLANK.match(line, place)
    return match.end() if match is not None else place


def _fields(tokens: list[_Token]) -> tuple[tuple[Field, ...], tuple[bool, ...]]:
    """Return the fields of a record; what stands in braces is one field."""
    fields: list[Field] = []
    quoted: list[bool] = []
    inside: list[str] | None = None
    for token in tokens:
        if token.kind == "{":
            inside = inside if inside is not None else []
        elif token.kind == "}":
            if inside is not None:
                fields.append(tuple(inside))
                quoted.append(False)
            inside = None
        elif inside is not None:
            inside.append(token.text)
        else:
            fields.append(token.text)
            quoted.append(token.kind == "quoted")
    if inside is not None:
        fields.append(tuple(inside))
        quoted.append(False)
    return tuple(fields), tuple(quoted)
