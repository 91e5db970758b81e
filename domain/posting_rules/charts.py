"""The charts of accounts an association can choose between."""

from domain.books.chart import Account, AccountKind, Chart, ChartName, Role
from domain.kernel.table import Table
from domain.posting_rules import bas, kommun_bas

Rows = tuple[tuple[int, str, AccountKind], ...]

TABLES: dict[ChartName, tuple[Rows, dict[Role, int]]] = {
    "bas": (bas.ACCOUNTS, bas.ROLES),
    "kommun-bas": (kommun_bas.ACCOUNTS, kommun_bas.ROLES),
}


def shipped_chart(name: ChartName) -> Chart:
    """Return a shipped chart; an association adds accounts of its own to it."""
    rows, roles = TABLES[name]
    accounts = {number: Account(number=number, name=label, kind=kind) for number, label, kind in rows}
    return Chart(name=name, accounts=Table(accounts), roles=roles)
