"""A report as JSON: amounts as decimal strings in the table's unit, the ids of the layout."""

import io

import msgspec

from domain.kernel.refusal import Language
from projections.table import Line, Report, ReportTable
from services.contract.printed import PrintedLine, PrintedRemark, PrintedReport, PrintedTable

LINES_AT_ONCE = 1000
"""A journal has many lines; so many of them become bytes before the next are looked at."""

NO_LINES = b'\n      "lines": []'
"""Where the lines of a table belong. No text contains it, for a line break in a text is escaped."""

BEFORE, AFTER = b"[\n  [\n    [\n      [\n", b"\n      ]\n    ]\n  ]\n]"
"""What stands around lines that are indented as deep as those of a table."""


def report_json(report: Report, language: Language = "sv") -> bytes:
    """Return a report as indented JSON that ends with a line break; the same report gives the same bytes."""
    value = PrintedReport(
        book=report.book,
        as_of=report.as_of,
        known_at=report.known_at,
        position=report.position,
        tables=tuple(_without_lines(table, language) for table in report.tables),
    )
    before, *after = _indented(value).split(NO_LINES)
    out = io.BytesIO()
    out.write(before)
    for table, rest in zip(report.tables, after, strict=True):
        _write_lines(out, table)
        out.write(rest)
    out.write(b"\n")
    return out.getvalue()


def _write_lines(out: io.BytesIO, table: ReportTable) -> None:
    if not table.lines:
        out.write(NO_LINES)
        return
    out.write(NO_LINES.removesuffix(b"]"))
    for start in range(0, len(table.lines), LINES_AT_ONCE):
        lines = [_line(table, line) for line in table.lines[start : start + LINES_AT_ONCE]]
        out.write(b",\n" if start else b"\n")
        out.write(memoryview(_indented([[[lines]]]))[len(BEFORE) : -len(AFTER)])
    out.write(b"\n      ]")


def _indented(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)


def _without_lines(table: ReportTable, language: Language) -> PrintedTable:
    return PrintedTable(
        id=table.id,
        title=table.title,
        unit=table.unit,
        columns=table.columns,
        lines=(),
        remarks=tuple(
            PrintedRemark(code=remark.code, sentence=remark.sentence(language), facts=remark.facts)
            for remark in table.remarks
        ),
    )


def _line(table: ReportTable, line: Line) -> PrintedLine:
    return PrintedLine(
        id=line.id,
        label=line.label,
        kind=line.kind,
        amounts=None if line.kind == "heading" else table.amounts(line),
        noteref=line.noteref,
        fields=line.fields,
    )
