"""A layout file as written: strict types for its TOML, and the line on which each table and line stands."""

import re
import tomllib
from typing import Literal

import msgspec

from projections.layout import Each, Fault, LayoutWrong, Measure, Source
from projections.table import Kind, Minus, Unit


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a layout file; a key that is not known is refused."""


class WrittenTerm(Written, frozen=True, kw_only=True):
    """A term as written."""

    accounts: str | None = None
    project: str | tuple[str, ...] | None = None
    party: str | tuple[str, ...] | None = None
    measure: Measure | None = None
    sign: Literal["+", "-"] = "+"


class WrittenLine(WrittenTerm, frozen=True, kw_only=True):
    """A line as written."""

    id: str = msgspec.field(default="")
    label: str = ""
    kind: Kind = "item"
    noteref: str = ""
    terms: tuple[WrittenTerm, ...] = ()
    sum: str | None = None
    at_least: int | None = None
    each: Each | None = None
    zero: str | None = None
    shown_decimals: int | None = None


class WrittenColumn(Written, frozen=True, kw_only=True):
    """A column as written."""

    label: str
    source: Source = "outcome"
    year: int = 0
    to: Literal["as-of", "year-end"] | None = None
    share: Literal["months"] | None = None
    years: Literal["all"] | None = None
    accounts: str = ""
    settled: str | None = None


class WrittenTable(Written, frozen=True, kw_only=True):
    """A table as written."""

    id: str
    title: str
    columns: tuple[WrittenColumn, ...]
    lines: tuple[WrittenLine, ...]
    role: str = msgspec.field(name="is", default="")
    unit: Unit | None = None
    decimals: int | None = None
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
    decimals: int = 0


class WrittenLayout(Written, frozen=True, kw_only=True):
    """A layout file as written."""

    name: str
    unit: Unit = "kr"
    decimals: int = 0
    zero: str = "0"
    minus: Minus = "leading"
    packs: dict[str, tuple[str, ...]] = {}
    sets: dict[str, str] = {}
    table: tuple[WrittenTable, ...] = ()
    claim: tuple[WrittenClaim, ...] = ()


class Places:
    """Where in the file each table and line is written."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._lines: dict[str, int] = {}
        table = ""
        fresh = False
        for number, row in enumerate(text.splitlines(), 1):
            fresh = fresh or row.strip() == "[[table]]"
            found = re.search(r'\bid\s*=\s*"([^"]*)"', row)
            if found and fresh:
                table, fresh = found[1], False
                self._lines.setdefault(table, number)
            elif found:
                self._lines.setdefault(f"{table}.{found[1]}", number)

    def of(self, table: str, line: str = "") -> str:
        """Return `file:line` of a table or of a line in it; the file where it cannot be told."""
        number = self._lines.get(f"{table}.{line}" if line else table, self._lines.get(table))
        return f"{self.file}:{number}" if number else self.file


def parse_written(text: str, file: str) -> tuple[WrittenLayout, Places]:
    """Return a layout file's content as written, or raise LayoutWrong with file and line."""
    places = Places(file, text)
    try:
        return msgspec.convert(tomllib.loads(text), WrittenLayout), places
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        place = f"{file}:{found[1]}" if found else file
        raise LayoutWrong((Fault(place=place, what=str(error)),)) from error
    except msgspec.ValidationError as error:
        raise LayoutWrong((Fault(place=_place(str(error), text, places), what=str(error)),)) from error


def _place(message: str, text: str, places: Places) -> str:
    """Return the place of the table or line that a path such as `$.table[2].lines[0].kind` names."""
    found = re.search(r"\$\.table\[(\d+)\](?:\.lines\[(\d+)\])?", message)
    if found is None:
        return places.file
    table = tomllib.loads(text)["table"][int(found[1])]
    line = table["lines"][int(found[2])].get("id", "") if found[2] else ""
    return places.of(str(table.get("id", "")), str(line))
