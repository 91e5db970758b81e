"""Traces a figure to its source: line → lines it sums → accounts → vouchers → the message each came from.

A formula of a layout is linear in the lines it names, so a sum is traced by working out how much of each item line it
takes in; an item line is traced by asking of each posting whether the line's terms take it in, on its day.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

import msgspec

from domain.books.voucher import Posting
from projections.formula import Formula, Reference
from projections.journal import Entered
from projections.layout import ColumnLayout, LineLayout, TableLayout, Term
from projections.periods import Span, span_of
from projections.statement import Statement


class Leaf(NamedTuple):
    """An item line in one column of a table."""

    table: str
    line: str
    column: int


class TracedPosting(msgspec.Struct, frozen=True, kw_only=True):
    """A posting that a line takes in, and its exact part of the figure in öre, with the line's sign."""

    entered: Entered
    posting: Posting
    part_ore: Fraction


class TracedLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line that a figure takes in: how many times, what it comes to, and the postings behind it.

    `rest_ore` is what no voucher explains: amounts of budgets, forecasts and grants.
    """

    table: str
    line: str
    label: str
    column: str
    times: Fraction
    amount_ore: Fraction
    postings: tuple[TracedPosting, ...]

    @property
    def accounts(self) -> dict[int, Fraction]:
        """Return what each account comes to, in öre with the line's sign."""
        sums: dict[int, Fraction] = {}
        for row in self.postings:
            sums[row.posting.account] = sums.get(row.posting.account, Fraction(0)) + row.part_ore
        return dict(sorted(sums.items()))

    @property
    def rest_ore(self) -> Fraction:
        """Return what no voucher explains, in öre."""
        return self.amount_ore - sum((row.part_ore for row in self.postings), Fraction(0))


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """A figure, and the item lines it comes from; their amounts times `times` sum to it."""

    table: str
    line: str
    label: str
    column: str
    printed: str
    amount_ore: Fraction
    lines: tuple[TracedLine, ...]


class Touched(NamedTuple):
    """A line that a voucher touches, and by how much in öre, with the line's sign."""

    table: str
    line: str
    label: str
    column: str
    part_ore: Fraction


def trace(statement: Statement, leaf: Leaf, vouchers: Iterable[Entered]) -> Trace:
    """Return where a figure comes from; KeyError for a table, line or column that the layout does not have."""
    table = _table(statement, leaf.table)
    line = _line(table, leaf.line)
    if not 0 <= leaf.column < len(table.columns):
        raise KeyError(f"{leaf.table}.{leaf.line}@{leaf.column}")
    made = statement.table(table)
    kept = tuple(vouchers)
    parts = _leaves(statement, table, line, leaf.column, Fraction(1))
    return Trace(
        table=leaf.table,
        line=leaf.line,
        label=line.label,
        column=made.columns[leaf.column],
        printed="" if line.kind == "heading" else made.amount(statement.line(table, line), leaf.column),
        amount_ore=statement.amount(table, line, leaf.column),
        lines=tuple(_traced(statement, part, times, kept) for part, times in parts.items() if times),
    )


def touched(statement: Statement, voucher: Entered) -> tuple[Touched, ...]:
    """Return every item line that a voucher touches, in every table and column of the outcome."""
    found: list[Touched] = []
    for table in statement.layout.tables:
        for at, column in enumerate(table.columns):
            for line in table.lines:
                part = sum((row.part_ore for row in _postings(statement, table, line, at, (voucher,))), Fraction(0))
                if part:
                    heading = statement.heading(column)
                    found.append(Touched(table.id, line.id, line.label, heading, part))
    return tuple(found)


def parts_of(statement: Statement, table: TableLayout, line: LineLayout, column: int, voucher: Entered) -> Fraction:
    """Return a voucher's part of a line, in öre; of an item line or of a formula over such."""
    return sum(
        (
            times * row.part_ore
            for leaf, times in _leaves(statement, table, line, column, Fraction(1)).items()
            for row in _postings(
                statement,
                _table(statement, leaf.table),
                _line(_table(statement, leaf.table), leaf.line),
                leaf.column,
                (voucher,),
            )
        ),
        Fraction(0),
    )


def _leaves(
    statement: Statement, table: TableLayout, line: LineLayout, column: int, times: Fraction
) -> dict[Leaf, Fraction]:
    """Return the item lines that a line takes in, and how many times each."""
    if line.formula is None:
        return {Leaf(table.id, line.id, column): times}
    leaves: dict[Leaf, Fraction] = {}
    for reference in dict.fromkeys(line.formula.references):
        share = _share(line.formula, reference)
        other = _table(statement, reference.table or table.id)
        at = min(column if reference.column is None else reference.column, len(other.columns) - 1)
        inner = _leaves(statement, other, _line(other, reference.line), at, times * share)
        for leaf, amount in inner.items():
            leaves[leaf] = leaves.get(leaf, Fraction(0)) + amount
    return leaves


def _share(formula: Formula, reference: Reference) -> Fraction:
    """Return how many times a linear formula takes a line in."""
    one = formula.value(lambda other: Fraction(int(other == reference)))
    return one - formula.value(lambda _: Fraction(0))


def _traced(statement: Statement, leaf: Leaf, times: Fraction, vouchers: tuple[Entered, ...]) -> TracedLine:
    table = _table(statement, leaf.table)
    line = _line(table, leaf.line)
    return TracedLine(
        table=leaf.table,
        line=leaf.line,
        label=line.label,
        column=statement.heading(table.columns[leaf.column]),
        times=times,
        amount_ore=statement.amount(table, line, leaf.column),
        postings=tuple(_postings(statement, table, line, leaf.column, vouchers)),
    )


def _postings(
    statement: Statement, table: TableLayout, line: LineLayout, column: int, vouchers: Iterable[Entered]
) -> Iterator[TracedPosting]:
    layout = table.columns[column]
    if layout.source != "outcome" or line.formula is not None:
        return
    span = span_of(statement.history, statement.as_of, layout)
    for entered in vouchers:
        for posting in entered.voucher.postings:
            part = sum((_part(term, layout, span, entered, posting) for term in line.terms), Fraction(0))
            if part:
                yield TracedPosting(entered=entered, posting=posting, part_ore=part)


def _part(term: Term, column: ColumnLayout, span: Span, entered: Entered, posting: Posting) -> Fraction:
    """Return a posting's part of a term, as the statement itself counts it."""
    if not term.chosen(column).takes(posting.account, posting.project, posting.party):
        return Fraction(0)
    match term.measure:
        case "closing":
            counts = entered.day <= span.end
        case "opening":
            counts = entered.day < span.start
        case "movement" | "change":
            counts = span.start <= entered.day <= span.end
    share = Fraction(span.months, span.months_of_year) if column.by_months else Fraction(1)
    return posting.amount_ore * share * term.sign if counts else Fraction(0)


def _table(statement: Statement, name: str) -> TableLayout:
    found = next((table for table in statement.layout.tables if table.id == name), None)
    if found is None:
        raise KeyError(name)
    return found


def _line(table: TableLayout, name: str) -> LineLayout:
    found = next((line for line in table.lines if line.id == name), None)
    if found is None:
        raise KeyError(f"{table.id}.{name}")
    return found
