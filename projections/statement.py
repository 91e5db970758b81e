"""Makes the tables of a report: each line's exact amount in each column, then sums, then what does not add up."""

from datetime import date
from fractions import Fraction

import msgspec

from domain.kernel.period import ONE_DAY
from projections.formula import Reference
from projections.history import History
from projections.layout import ColumnLayout, Each, Layout, LineLayout, TableLayout, Term
from projections.ledger import Key, Sums
from projections.periods import Span, filled, span_of
from projections.plans import budget_ledger, forecast_ledger
from projections.regime import regime_of
from projections.selection import Selection, common
from projections.table import Cell, Line, Remark, ReportTable, Unit, rounded

Only = tuple[Each, str] | None
"""The one project, party or account that a line is narrowed to."""


class Statement:
    """The tables of one layout, from one history, as of one day; amounts are worked out once and kept."""

    def __init__(self, history: History, layout: Layout, as_of: date) -> None:
        self.history = history
        self.layout = layout
        self.as_of = as_of
        self._tables = {table.id: table for table in layout.tables}
        self._ledgers: dict[tuple[str, int], Sums] = {}
        self._amounts: dict[tuple[str, str, int], Fraction] = {}
        self._grants = history.grants_as_of(as_of)

    def table(self, table: TableLayout, unit: Unit | None = None) -> ReportTable:
        """Return a table with its amounts, in its own unit or another; a percentage stays one."""
        other = unit is not None and table.unit not in {unit, "%"}
        regime = regime_of(self.history.fiscal_year(self.as_of))
        printed = (line for line in table.lines if not line.regimes or regime in line.regimes)
        lines = tuple(made for line in printed for made in self._lines(table, line))
        if other:
            lines = tuple(msgspec.structs.replace(line, shown_decimals=None) for line in lines)
        return ReportTable(
            id=table.id,
            title=filled(table.title, self.history, self.as_of),
            unit=unit if other and unit else table.unit,
            decimals=0 if other else table.decimals,
            columns=tuple(self.heading(column) for column in table.columns),
            lines=lines,
            minus=table.minus,
            remarks=(*self._failed_checks(table), *self._uncovered(table)),
        )

    def heading(self, column: ColumnLayout) -> str:
        """Return a column's heading with its dates filled in."""
        return filled(column.label, self.history, self.as_of)

    def amount(self, table: TableLayout, line: LineLayout, column: int) -> Fraction:
        """Return the exact amount of a line in öre, with the line's sign; of an `each`, what its lines come to."""
        key = (table.id, line.id, column)
        if key not in self._amounts:
            self._amounts[key] = self._worked_out(table, line, column)
        return self._amounts[key]

    def look_up(self, table: TableLayout, reference: Reference, column: int) -> Fraction:
        """Return the amount of a line that a formula names."""
        other = self._tables[reference.table or table.id]
        line = next(line for line in other.lines if line.id == reference.line)
        return self.amount(other, line, column if reference.column is None else reference.column)

    def _worked_out(self, table: TableLayout, line: LineLayout, column: int) -> Fraction:
        if line.formula is None:
            return self._measured(line, table.columns[column])
        value = line.formula.value(lambda reference: self.look_up(table, reference, column))
        return value if line.at_least is None else max(value, Fraction(line.at_least))

    def _measured(self, line: LineLayout, column: ColumnLayout, only: Only = None) -> Fraction:
        """Return what a line's terms come to in a column; of one project, party or account where `only` says so."""
        span = span_of(self.history, self.as_of, column)
        share = Fraction(span.months, span.months_of_year) if column.by_months else Fraction(1)
        if column.source == "granted":
            return share * self._granted(line, None if column.all_years else span.year, only)
        ledger = self._ledger(column, span.year)
        amounts = (term.sign * _measure(ledger, _chosen(term, column, only), term, span) for term in line.terms)
        return share * sum(amounts)

    def _ledger(self, column: ColumnLayout, year: int) -> Sums:
        """Return the ledger a column reads; plan years are read from the budget of the report's year."""
        if column.source == "outcome":
            return self.history.ledger
        if column.source == "budget":
            year = min(year, self.history.fiscal_year(self.as_of))
        key = (column.source, year)
        if key not in self._ledgers:
            make = budget_ledger if column.source == "budget" else forecast_ledger
            self._ledgers[key] = make(self.history, year, self.as_of)
        return self._ledgers[key]

    def _granted(self, line: LineLayout, year: int | None, only: Only) -> int:
        """Return what is granted to the line's projects, each grant once; it knows neither parties nor accounts."""
        if only is not None and only[0] != "project":
            return 0
        total = 0
        for grant in self._grants.values():
            taking = (term for term in line.terms if _narrowed(term.selection, only).takes_project(grant.project))
            sign = next((term.sign for term in taking), 0)
            total += sign * sum(amount for of_year, amount in grant.amounts.items() if year in (None, of_year))
        return total

    def _lines(self, table: TableLayout, line: LineLayout) -> tuple[Line, ...]:
        each = line.each
        if each is None:
            return (self.line(table, line),)
        rows = [(name, (each, name)) for name in self._names(table, line, each)]
        return tuple(
            self.line(table, line, only)
            for _, only in rows
            if any(self._measured(line, column, only) for column in table.columns)
        )

    def _names(self, table: TableLayout, line: LineLayout, each: Each) -> list[str]:
        """Return the projects, parties or accounts that may have an amount on a line, in order."""
        names: set[str] = set()
        for column in table.columns:
            if column.source != "granted":
                ledger = self._ledger(column, span_of(self.history, self.as_of, column).year)
                keys = (key for term in line.terms for key in ledger.keys(term.chosen(column)))
                names.update(_dimension(key, each) for key in keys)
            elif each == "project":
                projects = {grant.project for grant in self._grants.values()}
                names.update(name for term in line.terms for name in projects if term.selection.takes_project(name))
        return sorted(names, key=(lambda name: f"{int(name):09d}") if each == "account" else str)

    def _name(self, each: Each, name: str) -> str:
        if each == "account":
            account = self.history.accounts.get(int(name))
            return f"{name} {account.name}" if account else name
        if each == "party":
            party = self.history.parties.get(name)
            return party.name if party else name
        return self.history.projects.get(name, name)

    def line(self, table: TableLayout, line: LineLayout, only: Only = None) -> Line:
        """Return a line with its cells; of one project, party or account where `only` says so."""
        cells = (self._cell(table, line, column, only) for column in range(len(table.columns)))
        return Line(
            id=line.id if only is None else f"{line.id}{only[1]}",
            label=filled(line.label, self.history, self.as_of) if only is None else self._name(*only),
            kind=line.kind,
            cells=() if line.kind == "heading" else tuple(cells),
            noteref=line.noteref,
            zero=line.zero,
            shown_decimals=line.shown_decimals,
        )

    def _cell(self, table: TableLayout, line: LineLayout, column: int, only: Only) -> Cell:
        layout = table.columns[column]
        if layout.settled is not None and self._is_settled(line, only):
            return Cell(Fraction(0), layout.settled)
        return Cell(self.amount(table, line, column) if only is None else self._measured(line, layout, only))

    def _is_settled(self, line: LineLayout, only: Only) -> bool:
        """Tell whether the line names projects, and every grant of theirs is settled."""
        projects = {name for term in line.terms for name in _narrowed(term.selection, only).projects or ()}
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
        """Name the accounts that `covers` takes in and that have an amount in a column, but on no line."""
        remarks: list[Remark] = []
        terms = [term for line in table.lines for term in line.terms]
        balances = any(term.measure == "closing" and common(term.selection.accounts, table.covers) for term in terms)
        for column in table.columns if table.covers else ():
            if column.source == "granted":
                continue
            span = span_of(self.history, self.as_of, column)
            ledger = self._ledger(column, span.year)
            missed: dict[int, int] = {}
            for key in ledger.keys(Selection(table.covers)):
                if not any(term.chosen(column).takes(*key) for term in terms):
                    amount = ledger.at(key, span.end) - (0 if balances else ledger.at(key, span.start - ONE_DAY))
                    missed[key.account] = missed.get(key.account, 0) + amount
            remarks += [
                Remark(
                    "account_on_no_line",
                    {"column": self.heading(column), "account": account, "amount_ore": amount},
                )
                for account, amount in sorted(missed.items())
                if amount
            ]
        return tuple(remarks)


def _measure(ledger: Sums, selection: Selection, term: Term, span: Span) -> int:
    """Return what a selection comes to in a ledger, in öre, debit positive."""
    before = span.start - ONE_DAY
    match term.measure:
        case "closing":
            return ledger.balance(selection, span.end)
        case "opening":
            return ledger.balance(selection, before)
        case "movement" | "change":
            return ledger.balance(selection, span.end) - ledger.balance(selection, before)


def _chosen(term: Term, column: ColumnLayout, only: Only) -> Selection:
    return _narrowed(term.chosen(column), only)


def _narrowed(selection: Selection, only: Only) -> Selection:
    return selection if only is None else selection.only(*only)


def _dimension(key: Key, each: Each) -> str:
    return str(key.account) if each == "account" else key.party if each == "party" else key.project
