"""The state of grants: what is granted and claimed for each year, and how far each grant has come."""

from collections.abc import Iterable
from typing import assert_never

import msgspec

from domain.funding.facts import (
    FinalReportApproved,
    FundingEvent,
    GrantAmended,
    GrantClaimed,
    GrantClosed,
    GrantDecided,
    GrantSettled,
    RemainderReturned,
    YearAmount,
)
from domain.kernel.event import Value
from domain.kernel.table import Table

Amounts = dict[int, int]
"""Öre by year."""


class Grant(Value, frozen=True, kw_only=True):
    """A grant: to which project and owner, what is granted and claimed in öre by year, and its phase."""

    project: str
    owner: str
    account: int | None
    granted: Amounts
    claimed: Amounts = {}
    reported: bool = False
    settled: bool = False
    closed: bool = False

    def left_ore(self, year: int) -> int:
        """Return what may still be claimed for a year, in öre."""
        return self.granted.get(year, 0) - self.claimed.get(year, 0)


Grants = Table[str, Grant]


def by_year(amounts: Iterable[YearAmount]) -> Amounts:
    """Return the amounts in öre by year, summed where a year is named twice."""
    years: Amounts = {}
    for row in amounts:
        years[row.year] = years.get(row.year, 0) + row.amount_ore
    return years


def evolve(grants: Grants, event: FundingEvent) -> Grants:
    """Return the grants after the event."""
    change = msgspec.structs.replace
    if isinstance(event, GrantDecided):
        grant = Grant(project=event.project, owner=event.owner, account=event.account, granted=by_year(event.amounts))
        return grants.put(event.grant, grant)
    known = grants[event.grant]
    match event:
        case GrantAmended():
            grant = change(known, granted=by_year(event.amounts))
        case GrantClaimed():
            grant = with_claim(known, event.year, event.amount_ore)
        case FinalReportApproved():
            grant = change(known, reported=True)
        case GrantSettled():
            grant = change(known, settled=True)
        case RemainderReturned():
            left = known.granted.get(event.year, 0) - event.amount_ore
            grant = change(known, granted=known.granted | {event.year: left})
        case GrantClosed():
            grant = change(known, closed=True)
        case _:
            assert_never(event)
    return grants.put(event.grant, grant)


def with_claim(grant: Grant, year: int, amount_ore: int) -> Grant:
    """Return the grant after a claim in öre, or after a credit of one (negative)."""
    claimed = grant.claimed | {year: grant.claimed.get(year, 0) + amount_ore}
    return msgspec.structs.replace(grant, claimed=claimed)
