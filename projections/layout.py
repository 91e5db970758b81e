"""Layouts (uppställningar): what an association's reports look like, as data. See docs/layouts.md."""

from typing import Literal

import msgspec

from domain.kernel.refusal import Fact, Language, Refusal
from projections.formula import Formula
from projections.layout_fault import Fault
from projections.regime import Regime
from projections.selection import Dimension, Selection, Spans
from projections.table import Kind, Minus, Unit

Source = Literal["outcome", "budget", "forecast", "granted"]
Measure = Literal["movement", "closing", "opening", "change"]
Each = Dimension


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a line: what it selects, how it is measured and with which sign (+1 debit positive, -1 credit)."""

    selection: Selection
    measure: Measure
    sign: int

    def chosen(self, column: "ColumnLayout") -> Selection:
        """Return what the term selects in a column, which gives the accounts where the term names none."""
        if self.selection.accounts or not column.accounts:
            return self.selection
        return msgspec.structs.replace(self.selection, accounts=column.accounts)


class LineLayout(msgspec.Struct, frozen=True, kw_only=True):
    """A line: terms that are added up, or a formula over other lines, or neither (a heading)."""

    id: str
    label: str
    kind: Kind
    noteref: str
    terms: tuple[Term, ...]
    formula: Formula | None
    at_least: int | None
    each: Each | None
    zero: str
    shown_decimals: int | None
    regimes: tuple[Regime, ...]
    place: str


class ColumnLayout(msgspec.Struct, frozen=True, kw_only=True):
    """A column: where its amounts come from, and for which part of which year."""

    label: str
    source: Source
    year: int
    through_year_end: bool
    by_months: bool
    all_years: bool
    accounts: Spans
    settled: str | None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Two formulas that must be equal in exact öre."""

    text: str
    left: Formula
    right: Formula


class TableLayout(msgspec.Struct, frozen=True, kw_only=True):
    """A table: its columns, its lines, and what must hold in it."""

    id: str
    title: str
    role: str
    unit: Unit
    decimals: int
    minus: Minus
    covers: Spans
    columns: tuple[ColumnLayout, ...]
    lines: tuple[LineLayout, ...]
    checks: tuple[Check, ...]
    place: str


class ClaimLayout(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence of a published document, and the formula that checks the figure in it."""

    about: str
    formula: Formula
    unit: Unit
    decimals: int
    place: str


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """All tables of an association, and the packs that print them."""

    name: str
    unit: Unit
    packs: dict[str, tuple[str, ...]]
    tables: tuple[TableLayout, ...]
    claims: tuple[ClaimLayout, ...]

    def choose(self, name: str) -> tuple[TableLayout, ...]:
        """Return the tables a pack, a built-in name or a table id stands for; none if it stands for nothing."""
        by_id = {table.id: table for table in self.tables}
        if name in self.packs:
            return tuple(by_id[table] for table in self.packs[name])
        return tuple(table for table in self.tables if name and name in (table.role, table.id))


class LayoutWrong(Refusal):
    """A layout file can be used when nothing is wrong with it; every fault is named, with file and line."""

    code = "layout_wrong"
    sv = "{faults}"
    en = "{faults}"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__(faults=_listed(faults, "en"))

    def words(self, language: Language) -> dict[str, Fact]:
        """Return the faults in words, one a line."""
        return {"faults": _listed(self.faults, language)}


def _listed(faults: tuple[Fault, ...], language: Language) -> str:
    return "\n".join(f"{fault.place}: {fault.sentence(language)}" for fault in faults)
