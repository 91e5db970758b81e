"""Layouts and tables for tests: a TOML text becomes a layout, a history and a day make its tables."""

from datetime import date

from projections.history import History
from projections.layout import Layout, LayoutWrong
from projections.layout_fault import Fault
from projections.layout_reader import read_layout
from projections.statement import Statement
from projections.table import ReportTable, Unit

NO_LINES = "lines = []"


def layout_of(text: str) -> Layout:
    """Return the layout of a TOML text, which need not name itself."""
    return read_layout(text if text.lstrip().startswith("name") else f'name = "prov"\n{text}', "prov.toml")


def faults_of(text: str) -> list[tuple[str, str]]:
    """Return place and sentence of every fault found in a TOML text, as it stands."""
    try:
        read_layout(text, "prov.toml")
    except LayoutWrong as wrong:
        return [_pair(fault) for fault in wrong.faults]
    return []


def one_table(lines: str, columns: str = '{ label = "{as_of}" }', more: str = "", before: str = "") -> str:
    """Return a layout of one table `t` with these lines and columns, written as TOML."""
    head = f'{before}\n[[table]]\nid = "t"\ntitle = "T"\n{more}'
    return f"{head}\ncolumns = [{columns}]\nlines = [{lines}]\n"


def table_of(text: str, history: History, as_of: str, unit: Unit | None = None) -> ReportTable:
    """Return the first table of a layout, as of a day."""
    layout = layout_of(text)
    return Statement(history, layout, date.fromisoformat(as_of)).table(layout.tables[0], unit)


def figures(table: ReportTable) -> dict[str, tuple[str, ...]]:
    """Return what a table prints on each line that has amounts, by the line's id; a text as it stands."""
    return {
        line.id: tuple(cell.text or table.amount(line, at) for at, cell in enumerate(line.cells))
        for line in table.lines
        if line.kind != "heading"
    }


def _pair(fault: Fault) -> tuple[str, str]:
    return fault.place, fault.sentence("en")
