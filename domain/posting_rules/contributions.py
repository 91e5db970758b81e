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


def accrued(chart: Chart, differences: Iterable[tuple[str, PartyKind, int, int]]) -> tuple[Posting, ...]:
    """Accrue what was earned above what was invoiced (positive öre), prepay what was invoiced too early (negative).

    Each row says what stands already and the difference to it, so that no member is accrued and prepaid at once.
    """
    rows: list[Posting] = []
    for party, kind, standing_ore, difference_ore in differences:
        due_ore = standing_ore + difference_ore
        moves: tuple[tuple[Role, int], ...] = (
            ("accrued_contributions", max(due_ore, 0) - max(standing_ore, 0)),
            ("prepaid_contributions", min(due_ore, 0) - min(standing_ore, 0)),
            (INCOME_ROLE[kind], -difference_ore),
        )
        rows.extend(Posting(chart.roles[role], ore, party=party) for role, ore in moves if ore)
    return tuple(rows)
