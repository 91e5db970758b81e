"""A report as text, aligned like a printed one: labels to the left, amounts to the right, Swedish number format."""

import textwrap
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
    words = WORDS[language]
    known = words["all"] if report.known_at == "now" else report.known_at
    heading = (
        f"{_printable(report.association)}\n{words['as_of']} {report.as_of}, "
        f"{words['known_at']} {known} ({words['position']} {report.position})\n"
    )
    return "\n".join((heading, *(table_text(table, language) for table in report.tables)))


def table_text(table: ReportTable, language: Language = "sv") -> str:
    """Return a table as text: title, headings, lines, and remarks below."""
    rows = [(line, [shown_amount(table, line, column) for column in range(len(line.cells))]) for line in table.lines]
    headings = [textwrap.wrap(column, HEADING_WIDTH) or [""] for column in table.columns]
    widths = [
        max([len(word) for word in heading] + [len(amounts[at]) for _, amounts in rows if amounts])
        for at, heading in enumerate(headings)
    ]
    labels = max([LABEL_WIDTH_MIN] + [len(_label(line)) for line, _ in rows])
    unit = "" if table.unit in table.title.lower().split() else f" ({table.unit})"
    out = [table.title + unit, ""]
    deepest = max((len(heading) for heading in headings), default=0)
    for level in range(deepest):
        cells = [heading[level - deepest] if deepest - level <= len(heading) else "" for heading in headings]
        out.append(_row("", cells, labels, widths))
    rule = "-" * (labels + 2 + sum(widths) + 2 * max(len(widths) - 1, 0))
    out.append(rule)
    previous: Kind | None = None
    for line, amounts in rows:
        if line.kind == "heading" and previous not in (None, "heading") and out[-1]:
            out.append("")
        out.append(_row(_label(line), amounts, labels, widths))
        if line.kind == "sum":
            out.append("")
        previous = line.kind
    while not out[-1]:
        out.pop()
    out += [f"* {remark.sentence(language)}" for remark in table.remarks]
    return "\n".join(out) + "\n"


def shown_amount(table: ReportTable, line: Line, column: int) -> str:
    """Return an amount as printed: thousands apart, decimal comma, the minus where the layout has it."""
    cell = line.cells[column]
    if cell.text is not None:
        return cell.text
    plain = table.amount(line, column)
    if line.shown_decimals is not None and cell.amount_ore:
        plain = rounded(cell.amount_ore / ORE_PER[table.unit], line.shown_decimals)
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


def _row(label: str, cells: list[str], labels: int, widths: list[int]) -> str:
    amounts = "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=False))
    return f"{label:<{labels}}  {amounts}".rstrip()
