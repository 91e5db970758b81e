"""A report as JSON: amounts as decimal strings in the table's unit, the ids of the layout."""

import msgspec

from domain.kernel.refusal import Language
from projections.table import Report, ReportTable
from services.contract.printed import PrintedLine, PrintedRemark, PrintedReport, PrintedTable


def report_json(report: Report, language: Language = "sv") -> bytes:
    """Return a report as indented JSON that ends with a line break; the same report gives the same bytes."""
    value = PrintedReport(
        book=report.book,
        as_of=report.as_of,
        known_at=report.known_at,
        position=report.position,
        tables=tuple(_table(table, language) for table in report.tables),
    )
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _table(table: ReportTable, language: Language) -> PrintedTable:
    return PrintedTable(
        id=table.id,
        title=table.title,
        unit=table.unit,
        columns=table.columns,
        lines=tuple(
            PrintedLine(
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
        remarks=tuple(
            PrintedRemark(code=remark.code, sentence=remark.sentence(language), facts=remark.facts)
            for remark in table.remarks
        ),
    )
