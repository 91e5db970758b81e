"""Which accounts pay touches."""

from domain.books.chart import Chart, Role
from domain.books.voucher import Posting


def paid(
    chart: Chart, cost: Role, *, gross_ore: int, tax_ore: int, social_ore: int, project: str
) -> tuple[Posting, ...]:
    """Debit gross pay and social charges; credit tax owed, charges owed and the bank for the rest."""
    rows = (
        Posting(chart.roles[cost], gross_ore, project),
        Posting(chart.roles["social_charges"], social_ore, project),
        Posting(chart.roles["withheld_tax"], -tax_ore),
        Posting(chart.roles["social_charges_owed"], -social_ore),
        Posting(chart.roles["bank"], tax_ore - gross_ore),
    )
    return tuple(row for row in rows if row.amount_ore)
