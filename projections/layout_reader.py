"""Reads and checks a layout: references, circles, accounts that fall on two lines or on none; all faults at once."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial

from projections.formula import Formula, FormulaWrong, Reference, parse
from projections.layout import (
    Check,
    ClaimLayout,
    ColumnLayout,
    Each,
    Layout,
    LayoutWrong,
    LineLayout,
    Measure,
    TableLayout,
    Term,
)
from projections.layout_fault import Facts, Fault, Found
from projections.layout_labels import unknown_placeholders
from projections.layout_source import (
    Places,
    WrittenClaim,
    WrittenColumn,
    WrittenLayout,
    WrittenLine,
    WrittenTable,
    WrittenTerm,
    parse_written,
)
from projections.selection import Selection, Spans, common, merged, parse_accounts, shown, without

CLAIM_NAMES = frozenset({"agreed"})
"""Names a claim's formula may use besides lines."""

TERM_KEYS = ("accounts", "project", "party", "measure", "sign")
BY_PROJECT, BY_PARTY = "project", "party"


class _Reader:
    """Gathers faults while a file is turned into a layout."""

    def __init__(self, written: WrittenLayout, places: Places) -> None:
        self.written = written
        self.places = places
        self.faults: list[Fault] = []
        self.met: Counter[tuple[str, str]] = Counter()

    def fault(self, place: str, code: str, facts: Facts) -> None:
        self.faults.append(Fault(place, code, facts))

    def accounts(self, text: str, place: str, seen: tuple[str, ...] = ()) -> Spans:
        try:
            return parse_accounts(text, self.written.sets, seen)
        except ValueError as error:
            self.fault(place, "accounts_unreadable", {"text": text, "word": str(error)})
            return ()

    def formula(self, text: str, place: str) -> Formula:
        try:
            return parse(text)
        except FormulaWrong as error:
            self.fault(place, error.code, error.facts)
            return parse("0")

    def layout(self) -> Layout:
        written = self.written
        for name, text in written.sets.items():
            self.accounts(text, self.places.of(f"sets.{name}"), (name,))
        return Layout(
            name=written.name,
            unit=written.unit,
            packs=written.packs,
            tables=tuple(self.table(table) for table in written.table),
            claims=tuple(self.claim(claim, index) for index, claim in enumerate(written.claim)),
        )

    def claim(self, claim: WrittenClaim, index: int) -> ClaimLayout:
        place = self.places.head("claim", index)
        formula = self.formula(claim.value, place)
        return ClaimLayout(about=claim.about, formula=formula, unit=claim.unit, decimals=claim.decimals, place=place)

    def table(self, table: WrittenTable) -> TableLayout:
        place = self.places.of(table.id)
        return TableLayout(
            id=table.id,
            title=table.title,
            role=table.role,
            unit=table.unit or self.written.unit,
            decimals=self.written.decimals if table.decimals is None else table.decimals,
            minus=table.minus or self.written.minus,
            covers=self.accounts(table.covers, place),
            columns=tuple(self.column(column, place) for column in table.columns),
            lines=tuple(self.line(table, line) for line in table.lines),
            checks=tuple(self.check(text, place) for text in table.checks),
            place=place,
        )

    def column(self, column: WrittenColumn, place: str) -> ColumnLayout:
        if column.years is not None and column.source != "granted":
            self.fault(place, "years_unused", {"label": column.label})
        default = "as-of" if column.year == 0 and column.source == "outcome" else "year-end"
        return ColumnLayout(
            label=column.label,
            source=column.source,
            year=column.year,
            through_year_end=(column.to or default) == "year-end",
            by_months=column.share == "months",
            all_years=column.years == "all",
            accounts=self.accounts(column.accounts, place),
            settled=column.settled,
        )

    def line(self, table: WrittenTable, line: WrittenLine) -> LineLayout:
        place = self.places.of(table.id, line.id, self.met[table.id, line.id])
        self.met[table.id, line.id] += 1
        zero = line.zero if line.zero is not None else table.zero if table.zero is not None else self.written.zero
        terms = line.terms or ((line,) if line.kind != "heading" and line.sum is None else ())
        for code, facts in _odd(line):
            self.fault(place, code, {"line": line.id, **facts})
        return LineLayout(
            id=line.id,
            label=line.label,
            kind=line.kind,
            noteref=line.noteref,
            terms=tuple(self.term(term, table.measure, line.each, place) for term in terms),
            formula=None if line.sum is None else self.formula(line.sum, place),
            at_least=line.at_least,
            each=line.each,
            zero=zero,
            shown_decimals=line.shown_decimals,
            regimes=line.regimes,
            place=place,
        )

    def term(self, term: WrittenTerm, measure: Measure, each: Each | None, place: str) -> Term:
        accounts = () if term.accounts is None else self.accounts(term.accounts, place)
        selection = Selection(accounts, _any_of(term.project), _any_of(term.party), each)
        return Term(selection=selection, measure=term.measure or measure, sign=-1 if term.sign == "-" else 1)

    def check(self, text: str, place: str) -> Check:
        left, equals, right = text.partition("=")
        if not equals:
            self.fault(place, "check_without_equals", {"text": text})
        return Check(text=text, left=self.formula(left or "0", place), right=self.formula(right or "0", place))


def read_layout(text: str, file: str, *, issued: bool = False) -> Layout:
    """Return the layout a TOML text describes, or raise LayoutWrong with every fault, each with file and line.

    The layout of a report that was issued is read as it was then, when placeholders were not checked.
    """
    written, places = parse_written(text, file)
    reader = _Reader(written, places)
    layout = reader.layout()
    tables = {table.id: table for table in layout.tables}
    found = [
        *(row for table in layout.tables for check in CHECKS for row in check(table, tables)),
        *(() if issued else _unknown_placeholders(layout, places)),
        *(row for claim in layout.claims for row in _strange_claim(claim, tables)),
        *_strange_packs(layout, tables, places),
        *_same_tables(layout, places),
    ]
    for found_at in found:
        reader.fault(*found_at)
    if reader.faults:
        raise LayoutWrong(_once(reader.faults))
    return layout


def _once(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the faults without those that were found before."""
    kept: list[Fault] = []
    for fault in faults:
        if fault not in kept:
            kept.append(fault)
    return tuple(kept)


def _odd(line: WrittenLine) -> Iterable[tuple[str, Facts]]:
    """Find what a line says that its other parts leave without effect."""
    stated = [name for name in TERM_KEYS if getattr(line, name) is not None]
    if not line.id and not line.each:
        yield "line_needs_id", {}
    if line.kind == "heading" and (stated or line.terms or line.sum is not None or line.each):
        yield "heading_has_amounts", {}
    if line.sum is not None and (stated or line.terms):
        yield "sum_and_more", {"other": stated[0] if stated else "terms"}
    if line.terms and stated:
        yield "terms_and_more", {"other": stated[0]}
    if line.sum is not None and line.each:
        yield "sum_and_more", {"other": "each"}
    if line.at_least is not None and line.sum is None:
        yield "at_least_without_sum", {}


def _any_of(names: str | tuple[str, ...] | None) -> frozenset[str] | None:
    if names is None:
        return None
    return frozenset((names,) if isinstance(names, str) else names)


Tables = Mapping[str, TableLayout]


def _same_tables(layout: Layout, places: Places) -> Found:
    seen: set[str] = set()
    for index, table in enumerate(layout.tables):
        if table.id in seen:
            yield places.head("table", index), "table_twice", {"table": table.id}
        seen.add(table.id)


def _unknown_placeholders(layout: Layout, places: Places) -> Found:
    for index, table in enumerate(layout.tables):
        yield from unknown_placeholders(table, partial(places.within, index, place=table.place))


def _strange_packs(layout: Layout, tables: Tables, places: Places) -> Found:
    for pack, names in layout.packs.items():
        if not names:
            yield places.of(f"packs.{pack}"), "pack_empty", {"pack": pack}
        for name in names:
            if name not in tables:
                yield places.of(f"packs.{pack}"), "pack_names_stranger", {"pack": pack, "table": name}


def _strange_claim(claim: ClaimLayout, tables: Tables) -> Found:
    for reference in claim.formula.references:
        if reference.table or reference.line not in CLAIM_NAMES:
            yield from _strange(claim.formula, reference, 1, tables, claim.place)


def _doubles(table: TableLayout, _: Tables) -> Found:
    seen: set[str] = set()
    for line in table.lines:
        if line.id in seen:
            yield line.place, "line_twice" if line.id else "each_needs_ids", {"line": line.id}
        seen.add(line.id)


def _strangers(table: TableLayout, tables: Tables) -> Found:
    formulas = [(line.formula, line.place) for line in table.lines if line.formula]
    formulas += [(formula, table.place) for check in table.checks for formula in (check.left, check.right)]
    for formula, place in formulas:
        for reference in formula.references:
            own = reference._replace(table=reference.table or table.id)
            yield from _strange(formula, own, len(table.columns), tables, place)


def _strange(formula: Formula, reference: Reference, columns: int, tables: Tables, place: str) -> Found:
    """Find what is wrong with a reference that is looked up in so many columns."""
    other = tables.get(reference.table)
    line = next((line for line in other.lines if line.id == reference.line), None) if other else None
    text = formula.text
    if other is None or line is None:
        name = f"{reference.table}.{reference.line}" if reference.table else reference.line
        yield place, "name_unknown", {"text": text, "name": name}
    elif line.kind == "heading":
        yield place, "name_of_heading", {"text": text, "name": f"{other.id}.{line.id}"}
    elif reference.column is not None and reference.column >= len(other.columns):
        yield place, "column_unknown", {"text": text, "column": reference.column, "table": other.id}
    elif reference.column is None and columns > len(other.columns):
        which: Facts = {"name": f"{other.id}.{line.id}", "columns": columns, "table": other.id}
        yield place, "column_unsaid", {"text": text, "has": len(other.columns), **which}


def _circles(table: TableLayout, tables: Tables) -> Found:
    for line in table.lines:
        if (table.id, line.id) in _reached(tables, table.id, line):
            yield line.place, "sum_in_circle", {"line": line.id}


def _reached(tables: Tables, table: str, line: LineLayout) -> set[tuple[str, str]]:
    """Return the lines that a line's formula names, and those that theirs name, and so on."""
    reached: set[tuple[str, str]] = set()
    waiting = [(table, line)]
    while waiting:
        at, here = waiting.pop()
        for reference in here.formula.references if here.formula else ():
            name = reference.table or at
            if name in tables and (name, reference.line) not in reached:
                reached.add((name, reference.line))
                waiting += [(name, other) for other in tables[name].lines if other.id == reference.line]
    return reached


def _cover(table: TableLayout, _: Tables) -> Found:
    """Find accounts of a covered set that fall on two lines with the same dimensions, or on none."""
    taken: list[tuple[Selection, LineLayout]] = []
    covered: Spans = ()
    for line in table.lines if table.covers else ():
        for term in line.terms:
            inside = common(term.selection.accounts, table.covers)
            for other, earlier in taken:
                twice = common(inside, other.accounts) if _meet(term.selection, other) and earlier is not line else ()
                if twice:
                    both: Facts = {"one": _called(earlier), "other": _called(line)}
                    yield line.place, "accounts_twice", {"accounts": shown(twice), **both}
            taken.append((term.selection, line))
            covered = merged((*covered, *inside))
    missing = without(table.covers, covered)
    if missing:
        yield table.place, "accounts_on_no_line", {"accounts": shown(missing), "table": table.id}


def _called(line: LineLayout) -> str:
    return line.id or f"each {line.each}"


def _meet(one: Selection, other: Selection) -> bool:
    """Tell whether a posting could belong to both, as far as projects and parties go."""
    named = {one.named, other.named}
    return _share(one.projects, other.projects, named=BY_PROJECT in named) and _share(
        one.parties, other.parties, named=BY_PARTY in named
    )


def _share(some: frozenset[str] | None, others: frozenset[str] | None, *, named: bool) -> bool:
    """Tell whether two sets of names have one in common; None is every name, and `named` leaves out the empty one."""
    if some is None and others is None:
        return True
    both = (some if others is None else others if some is None else some & others) or frozenset()
    return bool(both - {""} if named else both)


CHECKS = (_doubles, _strangers, _circles, _cover)
"""What is asked of every table."""
