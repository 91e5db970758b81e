"""Which accounts a supplier's invoice touches; costs are net of VAT, the VAT is claimed from the state."""

from collections.abc import Iterable
from typing import Protocol

from domain.books.chart import Chart
from domain.books.voucher import Posting, reversed_postings


class Cost(Protocol):
    """A cost on an invoice: account, öre, project."""

    @property
    def account(self) -> int:
        """Return the account."""
        ...

    @property
    def amount_ore(self) -> int:
        """Return the cost net of VAT, in öre."""
        ...

    @property
    def project(self) -> str:
        """Return the project, or an empty text."""
        ...


def received(chart: Chart, supplier: str, costs: Iterable[Cost], vat_ore: int, total_ore: int) -> tuple[Posting, ...]:
    """Debit the costs and the VAT claim, credit the supplier."""
    rows = [Posting(cost.account, cost.amount_ore, cost.project) for cost in costs]
    if vat_ore:
        rows.append(Posting(chart.roles["input_vat"], vat_ore))
    rows.append(Posting(chart.roles["payable"], -total_ore, party=supplier))
    return tuple(rows)


def credited(chart: Chart, supplier: str, costs: Iterable[Cost], vat_ore: int, total_ore: int) -> tuple[Posting, ...]:
    """Debit the supplier, credit the costs and the VAT claim."""
    return reversed_postings(received(chart, supplier, costs, vat_ore, total_ore))


def paid(chart: Chart, supplier: str, amount_ore: int) -> tuple[Posting, ...]:
    """Debit the supplier, credit the bank."""
    return (
        Posting(chart.roles["payable"], amount_ore, party=supplier),
        Posting(chart.roles["bank"], -amount_ore),
    )


def claimed(chart: Chart, owner: str, project: str, account: int | None, amount_ore: int) -> tuple[Posting, ...]:
    """Debit the grant to the project, credit the project owner."""
    return (
        Posting(account or chart.roles["grants"], amount_ore, project),
        Posting(chart.roles["payable"], -amount_ore, party=owner),
    )
