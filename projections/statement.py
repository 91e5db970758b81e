"""Makes the tables of a report: each line's exact amount in each column, then sums, then what does not add up."""

from datetime import date
from fractions import Fraction

import msgspec

from projections.formula import Reference
from projections.history import History
from projections.layout import ColumnLayout, Each, Layout, LineLayout, TableLayout, Term
from projections.ledger import Key, Ledger
from projections.periods import Span, filled, span_of
from projections.plans import budget_ledger, forecast_ledger
from projections.selection import Selection, common
from projections.table import Cell, Line, Remark, ReportTable, Unit, rounded


class Statement:
    """The tables of one layout, from one history, as of one day; amounts are worked out once and kept."""

    def __init__(self, history: History, layout: Layout, as_of: date) -> None:
        self.history = history
        self.layout = layout
        self.as_of = as_of
        self._tables = {table.id: table for table in layout.tables}
        self._ledgers: dict[tuple[str, int], Ledger] = {}
        self._amounts: dict[tuple[str, str, int], Fraction] = {}
        self._grants = history.grants_as_of(as_of)

    def table(self, table: TableLayout, unit: Unit | None = None) -> ReportTable:
        """Return a table with its amounts, in its own unit or another."""
        lines = tuple(made for line in table.lines for made in self._lines(table, line))
        return ReportTable(
            id=table.id,
            title=filled(table.title, self.history, self.as_of),
            unit=unit or table.unit,
            decimals=table.decimals if unit in (None, table.unit) else 0,
            columns=tuple(self.heading(column) for column in table.columns),
            lines=lines,
            minus=table.minus,
            remarks=(*self._failed_checks(table), *self._uncovered(table)),
        )

    def heading(self, column: ColumnLayout) -> str:
        """Return a column's heading with its dates filled in."""
        return filled(column.label, self.history, self.as_of)

    def amount(self, table: TableLayout, line: LineLayout, column: int) -> Fraction:
        """Return the exact amount of a line in öre, with the line's sign."""
        key = (table.id, line.id, column)
        known = self._amounts.get(key)
        if known is None or line.each:
            known = self._worked_out(table, line, column)
            self._amounts[key] = known
        return known

    def look_up(self, table: TableLayout, reference: Reference, column: int) -> Fraction:
        """Return the amount of a line that a formula names."""
        other = self._tables[reference.table or table.id]
        line = next(line for line in other.lines if line.id == reference.line)
        at = column if reference.column is None else reference.column
        return self.amount(other, line, min(at, len(other.columns) - 1))

    def _worked_out(self, table: TableLayout, line: LineLayout, column: int) -> Fraction:
        if line.formula is not None:
            value = line.formula.value(lambda reference: self.look_up(table, reference, column))
            return value if line.at_least is None else max(value, Fraction(line.at_least))
        layout = table.columns[column]
        span = span_of(self.history, self.as_of, layout)
        return sum((self._term(term, layout, span) for term in line.terms), Fraction(0))

    def _term(self, term: Term, column: ColumnLayout, span: Span) -> Fraction:
        if term.selection is None:
            return Fraction(0)
        if column.source == "granted":
            return Fraction(self._granted(term.selection, None if column.all_years else span.year))
        selection = term.selection
        if column.accounts and not selection.accounts:
            selection = msgspec.structs.replace(selection, accounts=column.accounts)
        ledger = self._ledger(column, span.year)
        before = date.fromordinal(span.start.toordinal() - 1)
        match term.measure:
            case "closing":
                amount = ledger.balance(selection, span.end)
            case "opening":
                amount = ledger.balance(selection, before)
            case "movement" | "change":
                amount = ledger.balance(selection, span.end) - ledger.balance(selection, before)
        share = Fraction(span.months, span.months_of_year) if column.by_months else Fraction(1)
        return amount * share * term.sign

    def _ledger(self, column: ColumnLayout, year: int) -> Ledger:
        if column.source == "outcome":
            return self.history.ledger
        if column.source == "budget":
            year = self.history.fiscal_year(self.as_of)
        key = (column.source, year)
        if key not in self._ledgers:
            make = budget_ledger if column.source == "budget" else forecast_ledger
            self._ledgers[key] = make(self.history, year, self.as_of)
        return self._ledgers[key]

    def _granted(self, selection: Selection, year: int | None) -> int:
        return sum(
            amount
            for grant in self._grants.values()
            if selection.projects is None or grant.project in selection.projects
            for of_year, amount in grant.amounts.items()
            if year is None or of_year == year
        )

    def _lines(self, table: TableLayout, line: LineLayout) -> tuple[Line, ...]:
        if line.each is None:
            return (self._line(table, line),)
        names = sorted({_dimension(key, line.each) for key in self._keys(table, line)} - {""})
        rows = (self._line(table, _narrowed(line, line.each, name, self._name(line.each, name))) for name in names)
        return tuple(row for row in rows if any(cell.amount_ore for cell in row.cells))

    def _keys(self, table: TableLayout, line: LineLayout) -> set[Key]:
        keys: set[Key] = set()
        for column in table.columns:
            if column.source == "granted":
                keys.update(Key(0, grant.project, "") for grant in self._grants.values())
                continue
            ledger = self._ledger(column, span_of(self.history, self.as_of, column).year)
            for term in line.terms:
                if term.selection is not None:
                    keys.update(ledger.keys(term.selection))
        return keys

    def _name(self, each: Each, name: str) -> str:
        if each == "account":
            account = self.history.accounts.get(int(name))
            return f"{name} {account.name}" if account else name
        if each == "party":
            party = self.history.parties.get(name)
            return party.name if party else name
        return self.history.projects.get(name, name)

    def _line(self, table: TableLayout, line: LineLayout) -> Line:
        cells = (
            ()
            if line.kind == "heading"
            else tuple(self._cell(table, line, column) for column in range(len(table.columns)))
        )
        return Line(
            id=line.id,
            label=filled(line.label, self.history, self.as_of),
            kind=line.kind,
            cells=cells,
            noteref=line.noteref,
            zero=line.zero,
            shown_decimals=line.shown_decimals,
        )

    def _cell(self, table: TableLayout, line: LineLayout, column: int) -> Cell:
        settled = table.columns[column].settled
        projects = line.terms[0].selection.projects if line.terms and line.terms[0].selection else None
        if settled is not None and projects and self._is_settled(projects):
            return Cell(Fraction(0), settled)
        return Cell(self.amount(table, line, column))

    def _is_settled(self, projects: frozenset[str]) -> bool:
        grants = [name for name, grant in self._grants.items() if grant.project in projects]
        return bool(grants) and all(
            name in self.history.settled and self.history.settled[name] <= self.as_of for name in grants
        )

    def _failed_checks(self, table: TableLayout) -> tuple[Remark, ...]:
        remarks: list[Remark] = []
        for check in table.checks:
            for column, layout in enumerate(table.columns):
                left, right = (
                    formula.value(lambda reference, at=column: self.look_up(table, reference, at))  # type: ignore[misc]
                    for formula in (check.left, check.right)
                )
                if left != right:
                    facts: dict[str, str | int] = {
                        "check": check.text,
                        "column": self.heading(layout),
                        "left": rounded(left / 100, 2),
                        "right": rounded(right / 100, 2),
                    }
                    remarks.append(Remark("check_fails", facts))
        return tuple(remarks)

    def _uncovered(self, table: TableLayout) -> tuple[Remark, ...]:
        """Name the accounts that `covers` takes in and that have an amount, but on no line."""
        if not table.covers:
            return ()
        left: dict[int, int] = {}
        terms = [term for line in table.lines for term in line.terms if term.selection is not None]
        for column in table.columns:
            span = span_of(self.history, self.as_of, column)
            ledger = self._ledger(column, span.year)
            before = date.fromordinal(span.start.toordinal() - 1)
            for key in ledger.keys(Selection(table.covers)):
                if any(term.selection and term.selection.takes(*key) for term in terms):
                    continue
                opening = 0 if any(term.measure == "closing" for term in terms) else ledger.at(key, before)
                left[key.account] = left.get(key.account, 0) + ledger.at(key, span.end) - opening
        return tuple(
            Remark("account_on_no_line", {"account": account, "amount_ore": amount})
            for account, amount in sorted(left.items())
            if amount
        )


def _dimension(key: Key, each: Each) -> str:
    return str(key.account) if each == "account" else key.party if each == "party" else key.project


def _narrowed(line: LineLayout, each: Each, name: str, label: str) -> LineLayout:
    """Return the line for one project, party or account."""
    terms = []
    for term in line.terms:
        selection = term.selection
        if selection is None:
            continue
        match each:
            case "account":
                number = int(name)
                narrowed = msgspec.structs.replace(selection, accounts=common(selection.accounts, ((number, number),)))
            case "party":
                narrowed = msgspec.structs.replace(selection, parties=frozenset((name,)))
            case "project":
                narrowed = msgspec.structs.replace(selection, projects=frozenset((name,)))
        terms.append(msgspec.structs.replace(term, selection=narrowed))
    return msgspec.structs.replace(line, id=f"{line.id}{name}", label=label, each=None, terms=tuple(terms))
