"""A report as text, aligned like a printed one: labels to the left, amounts to the right, Swedish number format."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from domain.kernel.refusal import Language
from projections.table import ORE_PER, Line, Report, ReportTable, rounded

if TYPE_CHECKING:
    from projections.table import Kind

HEADING_WIDTH = 16
LABEL_WIDTH_MIN = 30
THOUSANDS = " "

WORDS: dict[Language, dict[str, str]] = {
    "sv": {"as_of": "per", "known_at": "känt", "position": "händelse", "all": "nu", "note": "Not"},
    "en": {"as_of": "as of", "known_at": "known at", "position": "event", "all": "now", "note": "Note"},
}


def report_text(report: Report, language: Language = "sv") -> str:
    """Return a report as text that ends with a line break."""
    return "".join(text_rows(report, language))


def text_rows(report: Report, language: Language = "sv") -> Iterator[str]:
    """Iterate over the rows of a report as text, each with its line break; a journal has many."""
    words = WORDS[language]
    known = words["all"] if report.known_at == "now" else report.known_at
    yield f"{_printable(report.association)}\n"
    yield f"{words['as_of']} {report.as_of}, {words['known_at']} {known} ({words['position']} {report.position})\n"
    for table in report.tables:
        yield "\n"
        yield from _table_rows(table, language)


def table_text(table: ReportTable, language: Language = "sv") -> str:
    """Return a table as text: title, headings, lines, and remarks below."""
    return "".join(_table_rows(table, language))


def _table_rows(table: ReportTable, language: Language) -> Iterator[str]:
    columns = range(len(table.columns))
    rows = [tuple([shown_amount(table, line, column) for column in range(len(line.cells))]) for line in table.lines]
    headings = [textwrap.wrap(column, HEADING_WIDTH) or [""] for column in table.columns]
    widths = [
        max([len(word) for word in headings[at]] + [len(amounts[at]) for amounts in rows if amounts]) for at in columns
    ]
    labels = max((len(_label(line)) for line in table.lines), default=0)
    labels = max(labels, LABEL_WIDTH_MIN)
    unit = "" if table.unit in table.title.lower().split() else f" ({table.unit})"
    yield f"{table.title}{unit}\n\n"
    deepest = max((len(heading) for heading in headings), default=0)
    for level in range(deepest):
        cells = [heading[level - deepest] if deepest - level <= len(heading) else "" for heading in headings]
        yield _row("", cells, labels, widths) + "\n"
    rule = "-" * (labels + 2 + sum(widths) + 2 * max(len(widths) - 1, 0))
    yield f"{rule}\n"
    yield from _body(table, rows, labels, widths)
    for remark in table.remarks:
        yield f"* {remark.sentence(language)}\n"


def _body(table: ReportTable, rows: list[tuple[str, ...]], labels: int, widths: list[int]) -> Iterator[str]:
    """Iterate over the rows of lines: a heading has an empty row above it, a sum one below, and the last row none."""
    previous: Kind | None = None
    empty = 0
    for line, amounts in zip(table.lines, rows, strict=True):
        if line.kind == "heading" and previous not in (None, "heading") and not empty:
            empty += 1
        row = _row(_label(line), amounts, labels, widths)
        if row:
            yield "\n" * empty + row + "\n"
            empty = 0
        else:
            empty += 1
        if line.kind == "sum":
            empty += 1
        previous = line.kind


def shown_amount(table: ReportTable, line: Line, column: int) -> str:
    """Return an amount as printed: thousands apart, decimal comma, the minus where the layout has it."""
    cell = line.cells[column]
    if cell.text is not None:
        return cell.text
    plain = table.amount(line, column)
    if line.shown_decimals is not None and cell.amount_ore:
        plain = rounded(cell.amount_ore, line.shown_decimals, ORE_PER[table.unit])
    return swedish(plain, trailing=table.minus == "trailing")


def swedish(plain: str, *, trailing: bool = False) -> str:
    """Return a decimal string in Swedish number format: '-1234.5' becomes '-1 234,5', or '1 234,5 -'."""
    if not plain.removeprefix("-").replace(".", "").isdecimal():
        return plain
    negative = plain.startswith("-")
    whole, point, part = plain.removeprefix("-").partition(".")
    number = f"{int(whole):,}".replace(",", THOUSANDS) + ("," + part if point else "")
    if not negative:
        return number
    return f"{number} -" if trailing else f"-{number}"


def _label(line: Line) -> str:
    return _printable(f"{line.label}  ({line.noteref})" if line.noteref else line.label)


def _printable(text: str) -> str:
    """Return a text of messages without line breaks and control characters, so that it cannot pass for more rows."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _row(label: str, cells: Sequence[str], labels: int, widths: list[int]) -> str:
    amounts = "  ".join([cell.rjust(width) for cell, width in zip(cells, widths, strict=False)])
    return f"{label.ljust(labels)}  {amounts}".rstrip()
