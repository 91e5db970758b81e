"""A layout file as written: strict types for its TOML, and the line on which each table and line stands."""

import re
import tomllib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec

from projections.layout import Each, LayoutWrong, Measure, Source
from projections.layout_fault import Fault
from projections.regime import Regime
from projections.table import Kind, Minus, Unit

Decimals = Annotated[int, msgspec.Meta(ge=0, le=6)]
ClaimDecimals = Annotated[int, msgspec.Meta(ge=-9, le=6)]
YearOffset = Annotated[int, msgspec.Meta(ge=-5, le=5)]


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a layout file; a key that is not known is refused."""


class WrittenTerm(Written, frozen=True, kw_only=True):
    """A term as written."""

    accounts: str | None = None
    project: str | tuple[str, ...] | None = None
    party: str | tuple[str, ...] | None = None
    measure: Measure | None = None
    sign: Literal["+", "-"] | None = None


class WrittenLine(WrittenTerm, frozen=True, kw_only=True):
    """A line as written."""

    id: str = ""
    label: str = ""
    kind: Kind = "item"
    noteref: str = ""
    terms: tuple[WrittenTerm, ...] = ()
    sum: str | None = None
    at_least: int | None = None
    each: Each | None = None
    zero: str | None = None
    shown_decimals: Decimals | None = None
    regimes: tuple[Regime, ...] = ()


class WrittenColumn(Written, frozen=True, kw_only=True):
    """A column as written."""

    label: str
    source: Source = "outcome"
    year: YearOffset = 0
    to: Literal["as-of", "year-end"] | None = None
    share: Literal["months"] | None = None
    years: Literal["all"] | None = None
    accounts: str = ""
    settled: str | None = None


class WrittenTable(Written, frozen=True, kw_only=True):
    """A table as written."""

    id: str
    title: str
    columns: Annotated[tuple[WrittenColumn, ...], msgspec.Meta(min_length=1)]
    lines: tuple[WrittenLine, ...]
    role: str = msgspec.field(name="is", default="")
    unit: Unit | None = None
    decimals: Decimals | None = None
    zero: str | None = None
    minus: Minus | None = None
    measure: Measure = "movement"
    covers: str = ""
    checks: tuple[str, ...] = ()


class WrittenClaim(Written, frozen=True, kw_only=True):
    """A claim as written."""

    about: str
    value: str
    unit: Unit
    decimals: ClaimDecimals = 0


class WrittenLayout(Written, frozen=True, kw_only=True):
    """A layout file as written."""

    name: str
    unit: Unit = "kr"
    decimals: Decimals = 0
    zero: str = "0"
    minus: Minus = "leading"
    packs: dict[str, tuple[str, ...]] = {}
    sets: dict[str, str] = {}
    table: tuple[WrittenTable, ...] = ()
    claim: tuple[WrittenClaim, ...] = ()


class Places:
    """Where in the file each table, line, set, pack and claim is written."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._text = text.splitlines()
        self._rows: dict[str, list[int]] = {}
        self._heads: dict[str, list[int]] = {}
        section, table = "", ""
        for number, row in enumerate(self._text, 1):
            if head := HEAD.match(row):
                section = head[1]
                self._heads.setdefault(section, []).append(number)
                table = "" if section == "table" else table
            elif (key := KEY.match(row)) and section in {"sets", "packs"}:
                self._rows.setdefault(f"{section}.{key[1]}", []).append(number)
            elif section.startswith("table"):
                table = self._table_row(row, number, table)

    def _table_row(self, row: str, number: int, table: str) -> str:
        """Note the ids in a row of a table; return the table's id."""
        for found in ID.finditer(row):
            if not table:
                table = found[1]
                self._rows.setdefault(table, []).append(number)
            else:
                self._rows.setdefault(f"{table}.{found[1]}", []).append(number)
        return table

    def of(self, table: str, line: str = "", nth: int = 0) -> str:
        """Return `file:line` of a table or of a line in it, or of a set or pack; the file where it cannot be told."""
        rows = self._rows.get(f"{table}.{line}" if line else table) or self._rows.get(table, [])
        return self._at(rows[min(nth, len(rows) - 1)] if rows else None)

    def head(self, section: str, index: int) -> str:
        """Return `file:line` of the heading of a table or claim, counted from 0; the file where it cannot be told."""
        heads = self._heads.get(section, [])
        return self._at(heads[index] if index < len(heads) else None)

    def within(self, table: int, words: str, place: str) -> str:
        """Return `file:line` of the first row of a table, counted from 0, that holds words; `place` where none does."""
        heads = [*self._heads.get("table", []), len(self._text)]
        rows = range(heads[table], heads[table + 1]) if table + 1 < len(heads) else range(0)
        found = next((row + 1 for row in rows if words in self._text[row]), None)
        return place if found is None else self._at(found)

    def _at(self, number: int | None) -> str:
        return self.file if number is None else f"{self.file}:{number}"


SHAPES = {
    "field_unknown": re.compile(r"Object contains unknown field `(?P<field>.*)`", re.DOTALL),
    "field_missing": re.compile(r"Object missing required field `(?P<field>.*)`", re.DOTALL),
    "kind_wrong": re.compile(r"Expected `(?P<expected>[^`]*)`, got `(?P<got>[^`]*)`"),
    "value_unknown": re.compile(r"Invalid enum value (?P<value>.*)", re.DOTALL),
}
"""What msgspec says of a part of a file, by the fault it is."""

HEAD = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]")
KEY = re.compile(r"""\s*["']?([^"'=\s]+)["']?\s*=""")
ID = re.compile(r"""(?<![\w.-])id\s*=\s*["']([^"']*)["']""")


def parse_written(text: str, file: str) -> tuple[WrittenLayout, Places]:
    """Return a layout file's content as written, or raise LayoutWrong with every key and value that is not one."""
    places = Places(file, text)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        last = f"{file}:{text.rstrip().count(chr(10)) + 1}"
        place = f"{file}:{found[1]}" if found else last
        raise LayoutWrong((Fault(place, "toml_wrong", {"said": str(error)}),)) from error
    except RecursionError as error:
        raise LayoutWrong((Fault(file, "brackets_too_deep"),)) from error
    try:
        return msgspec.convert(content, WrittenLayout), places
    except msgspec.ValidationError as error:
        faults = tuple(_faults(content, places)) or (_shape(file, str(error)),)
        raise LayoutWrong(faults) from error


def _faults(content: dict[str, Any], places: Places) -> Iterator[Fault]:
    """Convert each part of a file on its own, so that every part that is wrong is found, and where."""
    tables, claims = _dicts(content.get("table")), _dicts(content.get("claim"))
    whole = content | ({"table": []} if tables else {}) | ({"claim": []} if claims else {})
    yield from _fault(whole, WrittenLayout, places.file)
    for index, table in enumerate(tables):
        name = str(table.get("id", ""))
        place = places.of(name) if name else places.head("table", index)
        lines, columns = _dicts(table.get("lines")), _dicts(table.get("columns"))
        rest = table | ({"lines": []} if lines else {}) | ({"columns": [{"label": ""}]} if columns else {})
        yield from _fault(rest, WrittenTable, place)
        for column in columns:
            yield from _fault(column, WrittenColumn, place)
        for line in lines:
            yield from _fault(line, WrittenLine, places.of(name, str(line.get("id", ""))))
    for index, claim in enumerate(claims):
        yield from _fault(claim, WrittenClaim, places.head("claim", index))


def _dicts(part: object) -> list[dict[str, Any]]:
    """Return a list of tables; nothing if it is anything else, which the part it stands in will tell."""
    if isinstance(part, list) and all(isinstance(row, dict) for row in part):
        return part
    return []


def _fault(part: dict[str, Any], kind: type[Written], place: str) -> Iterator[Fault]:
    try:
        msgspec.convert(part, kind)
    except msgspec.ValidationError as error:
        yield _shape(place, str(error))


def _shape(place: str, said: str) -> Fault:
    """Return what msgspec says of a part as a fault of ours; what has no words of ours is quoted."""
    claim, _, at = said.partition(" - at `")
    at = at.removesuffix("`")
    for code, pattern in SHAPES.items():
        if found := pattern.fullmatch(claim):
            return Fault(place, code, {**found.groupdict(), "at": f" ({at})" if at else ""})
    return Fault(place, "value_wrong", {"said": said})
