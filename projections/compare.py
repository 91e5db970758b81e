"""Compares a published document with what the book gives: figure by figure, and the sentences that can be checked.

A deviation is explained when it is one of the places where the printed document does not follow from itself, listed
in the document's file under `[[finding]]`: the cell is in the finding's check and column, and differs by as much, in
the direction that makes the print's check fail.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

from projections.built_in import agreed_contributions
from projections.formula import Reference
from projections.layout import ClaimLayout, Layout
from projections.statement import Statement
from projections.table import ORE_PER, Report, rounded


class PublishedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A printed line; `v` holds what is printed in each column."""

    id: str
    v: tuple[str, ...] = ()


class PublishedTable(msgspec.Struct, frozen=True, kw_only=True):
    """A printed table."""

    id: str
    columns: tuple[str, ...]
    lines: tuple[PublishedLine, ...]


class FootingCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Which printed lines should add up to which."""

    name: str
    left: str
    right: tuple[str, ...]
    factor: str = "1"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A place where the print does not follow from itself."""

    check: str
    column: str
    published: str
    computed: str
    comment: str = ""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence with a figure in it."""

    text: str
    value: str
    unit: str
    agrees: bool


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A published document: its tables, what should add up, what does not, and what it says in prose."""

    document: str
    association: str
    kind: str
    period: tuple[str, str]
    table: tuple[PublishedTable, ...]
    check: tuple[FootingCheck, ...] = ()
    finding: tuple[Finding, ...] = ()
    claim: tuple[Claim, ...] = ()


class Deviation(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that differs: where, what is printed, what the book gives, and the finding that explains it."""

    table: str
    line: str
    column: str
    published: str
    computed: str
    explained_by: Finding | None


class ClaimChecked(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence that was checked, and what the book says of its figure."""

    text: str
    value: str
    unit: str
    computed: str
    verdict: Literal["agrees", "contradicted"]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What came of comparing a document with the book."""

    document: str
    figures: int
    matched: int
    deviations: tuple[Deviation, ...]
    findings: tuple[Finding, ...]
    claims: tuple[ClaimChecked, ...]
    claims_unchecked: tuple[str, ...]

    @property
    def unexplained(self) -> tuple[Deviation, ...]:
        """Return the deviations that no finding explains."""
        return tuple(deviation for deviation in self.deviations if deviation.explained_by is None)


def is_figure(printed: str) -> bool:
    """Tell whether a printed cell is a figure; blanks and dashes are not, but must still be the same."""
    return printed not in ("", "-")


def compare(published: Published, report: Report, layout: Layout, statement: Statement) -> Comparison:
    """Compare every printed cell with the report's, and every claim that the layout has a formula for."""
    figures = matched = 0
    deviations: list[Deviation] = []
    for table in published.table:
        for line in table.lines:
            for column, printed in enumerate(line.v):
                computed = _computed(report, table.id, line.id, column)
                figures += is_figure(printed)
                if computed == printed:
                    matched += is_figure(printed)
                    continue
                found = Deviation(
                    table=table.id,
                    line=line.id,
                    column=table.columns[column],
                    published=printed,
                    computed=computed,
                    explained_by=None,
                )
                deviations.append(_explained(found, column, published))
    checked, unchecked = _claims(published, layout, statement)
    return Comparison(
        document=published.document,
        figures=figures,
        matched=matched,
        deviations=tuple(deviations),
        findings=published.finding,
        claims=checked,
        claims_unchecked=unchecked,
    )


def _computed(report: Report, table: str, line: str, column: int) -> str:
    """Return what the report prints in a cell, or a word for what it lacks."""
    try:
        found = report.table(table)
        row = found.line(line)
    except KeyError:
        return "?"
    return found.amount(row, column) if column < len(row.cells) else "?"


def _explained(deviation: Deviation, column: int, published: Published) -> Deviation:
    checks = {check.name: check for check in published.check}
    try:
        off = Decimal(deviation.published) - Decimal(deviation.computed)
    except ArithmeticError:
        return deviation
    for finding in published.finding:
        check = checks.get(finding.check)
        if check is not None and off in _would_explain(finding, check, deviation, column, published):
            return msgspec.structs.replace(deviation, explained_by=finding)
    return deviation


def _would_explain(
    finding: Finding, check: FootingCheck, deviation: Deviation, column: int, published: Published
) -> Iterator[Decimal]:
    """Return by how much the cell must be off, for it to be what makes the print's check fail.

    The left side is off by as much as the print is; a term of the right side by as much the other way, by its sign.
    """
    cell = f"{deviation.table}.{deviation.line}"
    headings = next((table.columns for table in published.table if table.id == check.left.partition(".")[0]), ())
    at = headings.index(finding.column) if finding.column in headings else -1
    difference = Decimal(finding.published) - Decimal(finding.computed)
    if (check.left, at) == (cell, column):
        yield difference
    for reference in check.right:
        name, _, stated = reference[1:].partition("@")
        if (name, int(stated) if stated else at) == (cell, column):
            yield -difference / Decimal(check.factor) * (-1 if reference.startswith("-") else 1)


def _claims(
    published: Published, layout: Layout, statement: Statement
) -> tuple[tuple[ClaimChecked, ...], tuple[str, ...]]:
    checked: list[ClaimChecked] = []
    unchecked: list[str] = []
    for claim in published.claim:
        known = next((known for known in layout.claims if known.about in claim.text), None)
        if known is None or not _is_number(claim.value):
            unchecked.append(claim.text)
            continue
        computed = _claimed(known, layout, statement)
        agrees = _number(claim.value) == _number(computed)
        checked.append(
            ClaimChecked(
                text=claim.text,
                value=claim.value,
                unit=claim.unit,
                computed=computed,
                verdict="agrees" if agrees else "contradicted",
            )
        )
    return tuple(checked), tuple(unchecked)


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except ArithmeticError:
        return False
    return True


def _number(text: str) -> Fraction:
    return Fraction(Decimal(text))


def _claimed(claim: ClaimLayout, layout: Layout, statement: Statement) -> str:
    value = claim.formula.value(lambda reference: _claim_term(reference, layout, statement))
    scaled = value * 100 if claim.unit == "%" else value / ORE_PER[claim.unit]
    return rounded(scaled, claim.decimals)


def _claim_term(reference: Reference, layout: Layout, statement: Statement) -> Fraction:
    if reference == ("", "agreed", None):
        year = statement.history.fiscal_year(statement.as_of)
        return Fraction(agreed_contributions(statement.history, year))
    table = next(table for table in layout.tables if table.id == reference.table)
    return statement.look_up(table, reference, 0)
