"""A report as JSON: amounts as decimal strings in the table's unit, the ids of the layout."""

import msgspec

from domain.kernel.refusal import Language
from projections.table import Fields, Report, ReportTable


class JSONRemark(msgspec.Struct, frozen=True):
    """Something a reader of a table should know."""

    code: str
    sentence: str
    facts: dict[str, str | int]


class JSONLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line; a heading has no amounts. Fields that are empty are left out."""

    id: str
    label: str
    kind: str
    amounts: tuple[str, ...] | None = None
    noteref: str = ""
    fields: Fields | None = None


class JSONTable(msgspec.Struct, frozen=True):
    """A table."""

    id: str
    title: str
    unit: str
    columns: tuple[str, ...]
    lines: tuple[JSONLine, ...]
    remarks: tuple[JSONRemark, ...]


class JSONReport(msgspec.Struct, frozen=True):
    """A report."""

    book: str
    as_of: str
    known_at: str
    position: int
    tables: tuple[JSONTable, ...]


def report_json(report: Report, language: Language = "sv") -> bytes:
    """Return a report as indented JSON that ends with a line break; the same report gives the same bytes."""
    value = JSONReport(
        book=report.book,
        as_of=str(report.as_of),
        known_at=report.known_at,
        position=report.position,
        tables=tuple(_table(table, language) for table in report.tables),
    )
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _table(table: ReportTable, language: Language) -> JSONTable:
    return JSONTable(
        id=table.id,
        title=table.title,
        unit=table.unit,
        columns=table.columns,
        lines=tuple(
            JSONLine(
                id=line.id,
                label=line.label,
                kind=line.kind,
                amounts=None
                if line.kind == "heading"
                else tuple(table.amount(line, column) for column in range(len(line.cells))),
                noteref=line.noteref,
                fields=line.fields,
            )
            for line in table.lines
        ),
        remarks=tuple(JSONRemark(remark.code, remark.sentence(language), remark.facts) for remark in table.remarks),
    )
