"""Reads and checks a layout: references, circles, accounts that fall on two lines or on none; all faults at once."""

from collections.abc import Iterable, Mapping

from projections.formula import Formula, FormulaWrong, Reference, parse
from projections.layout import (
    Check,
    ClaimLayout,
    ColumnLayout,
    Fault,
    Layout,
    LayoutWrong,
    LineLayout,
    Measure,
    TableLayout,
    Term,
)
from projections.layout_source import (
    Places,
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


class _Reader:
    """Gathers faults while a file is turned into a layout."""

    def __init__(self, written: WrittenLayout, places: Places) -> None:
        self.written = written
        self.places = places
        self.faults: list[Fault] = []

    def fault(self, place: str, what: str) -> None:
        self.faults.append(Fault(place=place, what=what))

    def accounts(self, text: str, place: str) -> Spans:
        try:
            return parse_accounts(text, self.written.sets)
        except ValueError as error:
            self.fault(place, f"accounts '{text}': cannot read '{error}'")
            return ()

    def formula(self, text: str, place: str) -> Formula:
        try:
            return parse(text)
        except FormulaWrong as error:
            self.fault(place, str(error))
            return parse("0")

    def layout(self) -> Layout:
        written = self.written
        return Layout(
            name=written.name,
            unit=written.unit,
            packs=written.packs,
            tables=tuple(self.table(table) for table in written.table),
            claims=tuple(
                ClaimLayout(
                    about=claim.about,
                    formula=self.formula(claim.value, self.places.file),
                    unit=claim.unit,
                    decimals=claim.decimals,
                )
                for claim in written.claim
            ),
        )

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
        place = self.places.of(table.id, line.id)
        zero = line.zero if line.zero is not None else table.zero if table.zero is not None else self.written.zero
        terms = line.terms or ((line,) if line.kind != "heading" and line.sum is None else ())
        if not line.id and not line.each:
            self.fault(place, "a line needs an id")
        if line.sum is not None and (line.terms or line.accounts is not None):
            self.fault(place, f"line {line.id} has both a sum and accounts")
        return LineLayout(
            id=line.id,
            label=line.label,
            kind=line.kind,
            noteref=line.noteref,
            terms=tuple(self.term(term, table.measure, place) for term in terms),
            formula=None if line.sum is None else self.formula(line.sum, place),
            at_least=line.at_least,
            each=line.each,
            zero=zero,
            shown_decimals=line.shown_decimals,
            place=place,
        )

    def term(self, term: WrittenTerm, measure: Measure, place: str) -> Term:
        selection = Selection(
            () if term.accounts is None else self.accounts(term.accounts, place),
            _any_of(term.project),
            _any_of(term.party),
        )
        return Term(selection=selection, measure=term.measure or measure, sign=-1 if term.sign == "-" else 1)

    def check(self, text: str, place: str) -> Check:
        left, equals, right = text.partition("=")
        if not equals:
            self.fault(place, f"check '{text}' needs a '='")
        return Check(text=text, left=self.formula(left or "0", place), right=self.formula(right or "0", place))


def read_layout(text: str, file: str) -> Layout:
    """Return the layout a TOML text describes, or raise LayoutWrong with every fault, each with file and line."""
    written, places = parse_written(text, file)
    reader = _Reader(written, places)
    layout = reader.layout()
    tables = {table.id: table for table in layout.tables}
    for table in layout.tables:
        for what, place in (*_doubles(table), *_strangers(table, tables), *_circles(table, tables), *_cover(table)):
            reader.fault(place, what)
    for pack, names in layout.packs.items():
        for name in names:
            if name not in tables:
                reader.fault(file, f"pack {pack} names table {name}, which does not exist")
    if len(tables) != len(layout.tables):
        reader.fault(file, "two tables have the same id")
    if reader.faults:
        raise LayoutWrong(tuple(reader.faults))
    return layout


def _any_of(names: str | tuple[str, ...] | None) -> frozenset[str] | None:
    if names is None:
        return None
    return frozenset((names,) if isinstance(names, str) else names)


Found = Iterable[tuple[str, str]]


def _doubles(table: TableLayout) -> Found:
    seen: set[str] = set()
    for line in table.lines:
        if line.id and line.id in seen:
            yield f"line {line.id} is there twice", line.place
        seen.add(line.id)


def _strangers(table: TableLayout, tables: Mapping[str, TableLayout]) -> Found:
    formulas = [(line.formula, line.place) for line in table.lines if line.formula]
    formulas += [(formula, table.place) for check in table.checks for formula in (check.left, check.right)]
    for formula, place in formulas:
        for reference in formula.references:
            other = tables.get(reference.table or table.id)
            if other is None or reference.line not in {line.id for line in other.lines}:
                yield (
                    f"'{formula.text}' names {reference.table or table.id}.{reference.line}, which does not exist",
                    place,
                )
            elif len(other.columns) <= (reference.column or 0):
                yield f"'{formula.text}' names column {reference.column}, which {other.id} does not have", place


def _circles(table: TableLayout, tables: Mapping[str, TableLayout]) -> Found:
    for line in table.lines:
        if _reaches(tables, (table.id, line.id), Reference(table.id, line.id, None), frozenset()):
            yield f"the sum of {line.id} goes in a circle", line.place


def _reaches(
    tables: Mapping[str, TableLayout], goal: tuple[str, str], at: Reference, passed: frozenset[tuple[str, str]]
) -> bool:
    here = (at.table, at.line)
    table = tables.get(at.table)
    line = next((line for line in table.lines if line.id == at.line), None) if table else None
    if here in passed or line is None or line.formula is None:
        return False
    steps = [reference._replace(table=reference.table or at.table) for reference in line.formula.references]
    return any((step.table, step.line) == goal or _reaches(tables, goal, step, passed | {here}) for step in steps)


def _cover(table: TableLayout) -> Found:
    """Find accounts of a covered set that fall on two lines with the same dimensions, or on none."""
    taken: list[tuple[Selection, str, str]] = []
    covered: Spans = ()
    if not table.covers:
        return
    for line in table.lines:
        for term in line.terms:
            if term.selection is None:
                continue
            inside = common(term.selection.accounts, table.covers)
            for other, name, _ in taken:
                twice = common(inside, other.accounts) if _meet(term.selection, other) and name != line.id else ()
                if twice:
                    yield f"accounts {shown(twice)} fall on both {name} and {line.id}", line.place
            taken.append((term.selection, line.id, line.place))
            covered = merged((*covered, *inside))
    missing = without(table.covers, covered)
    if missing:
        yield f"accounts {shown(missing)} fall on no line of {table.id}", table.place


def _meet(one: Selection, other: Selection) -> bool:
    """Tell whether a posting could belong to both, as far as projects and parties go."""
    return _share(one.projects, other.projects) and _share(one.parties, other.parties)


def _share(some: frozenset[str] | None, others: frozenset[str] | None) -> bool:
    return some is None or others is None or bool(some & others)
