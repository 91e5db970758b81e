"""Which accounts a member's contribution touches."""

from collections.abc import Iterable

from domain.books.chart import Chart, Role
from domain.books.register import PartyKind
from domain.books.voucher import Posting, reversed_postings

INCOME_ROLE: dict[PartyKind, Role] = {
    "state": "contribution_state",
    "region": "contribution_region",
    "municipality": "contribution_municipality",
}


def invoiced(chart: Chart, party: str, kind: PartyKind, amount_ore: int) -> tuple[Posting, ...]:
    """Debit the claim on the member, credit income."""
    return (
        Posting(chart.roles["member_receivable"], amount_ore, party=party),
        Posting(chart.roles[INCOME_ROLE[kind]], -amount_ore, party=party),
    )


def credited(chart: Chart, party: str, kind: PartyKind, amount_ore: int) -> tuple[Posting, ...]:
    """Credit the claim on the member, debit income."""
    return reversed_postings(invoiced(chart, party, kind, amount_ore))


def received(chart: Chart, party: str, amount_ore: int) -> tuple[Posting, ...]:
    """Debit the bank, credit the claim on the member."""
    return (
        Posting(chart.roles["bank"], amount_ore),
        Posting(chart.roles["member_receivable"], -amount_ore, party=party),
    )


def accrued(chart: Chart, differences: Iterable[tuple[str, PartyKind, int]]) -> tuple[Posting, ...]:
    """Accrue what was earned above what was invoiced (positive öre), prepay what was invoiced too early (negative)."""
    rows: list[Posting] = []
    for party, kind, difference_ore in differences:
        if difference_ore:
            role: Role = "accrued_contributions" if difference_ore > 0 else "prepaid_contributions"
            rows.append(Posting(chart.roles[role], difference_ore, party=party))
            rows.append(Posting(chart.roles[INCOME_ROLE[kind]], -difference_ore, party=party))
    return tuple(rows)
