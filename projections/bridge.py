"""The difference bridge: what changed in a report between two knowledge dates, line by line, voucher by voucher.

Both reports are as of the same accounting date; what lies between them is what the book learned in between. Each
line's difference is the sum of its vouchers' parts, exactly; what no voucher explains comes from plans and grants.
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Literal

import msgspec

from projections.history import History
from projections.journal import Entered
from projections.layout import Layout, TableLayout
from projections.statement import Statement
from projections.trace import parts_of

Why = Literal["corrected", "late", "reclassified", "new"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One voucher's part of a line's difference in öre, and why it came after."""

    entered: Entered
    part_ore: Fraction
    why: Why


class LineBridge(msgspec.Struct, frozen=True, kw_only=True):
    """A line before and after in öre, and the steps between; `rest_ore` is what plans and grants changed."""

    table: str
    line: str
    label: str
    column: str
    before_ore: Fraction
    after_ore: Fraction
    steps: tuple[Step, ...]

    @property
    def difference_ore(self) -> Fraction:
        """Return the difference in öre."""
        return self.after_ore - self.before_ore

    @property
    def rest_ore(self) -> Fraction:
        """Return what no voucher explains, in öre."""
        return self.difference_ore - sum((step.part_ore for step in self.steps), Fraction(0))


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """The lines that differ between two knowledge dates; none where nothing does."""

    as_of: date
    before_position: int
    after_position: int
    lines: tuple[LineBridge, ...]


def bridge(
    before: History,
    after: History,
    between: Iterable[Entered],
    layout: Layout,
    tables: tuple[TableLayout, ...],
    as_of: date,
) -> Bridge:
    """Return what changed in these tables; `between` are the vouchers that `after` knows and `before` does not."""
    old, new = Statement(before, layout, as_of), Statement(after, layout, as_of)
    vouchers = tuple(between)
    lines = tuple(
        found
        for table in tables
        for column in range(len(table.columns))
        for found in _lines(old, new, table, column, vouchers)
    )
    return Bridge(as_of=as_of, before_position=before.position, after_position=after.position, lines=lines)


def _lines(
    old: Statement, new: Statement, table: TableLayout, column: int, vouchers: tuple[Entered, ...]
) -> Iterable[LineBridge]:
    for line in table.lines:
        if line.kind == "heading":
            continue
        before, after = old.amount(table, line, column), new.amount(table, line, column)
        parts = [(entered, parts_of(new, table, line, column, entered)) for entered in vouchers]
        steps = tuple(
            Step(entered=entered, part_ore=part, why=_why(old.history, entered)) for entered, part in parts if part
        )
        if before != after or steps:
            yield LineBridge(
                table=table.id,
                line=line.id,
                label=line.label,
                column=new.heading(table.columns[column]),
                before_ore=before,
                after_ore=after,
                steps=steps,
            )


def _why(before: History, entered: Entered) -> Why:
    """Say why a voucher was not known: a correction, a move between result lines, or registered late."""
    if entered.correction:
        return "corrected"
    kinds = [before.accounts[account].kind for account in entered.voucher.accounts if account in before.accounts]
    if kinds and all(kind in ("income", "cost") for kind in kinds):
        return "reclassified"
    known_through = before.registered_on
    if known_through is not None and entered.voucher.accounting_date <= known_through:
        return "late"
    return "new"
