"""The history of a book: one fold over its events, up to a position, that reports are made from.

It keeps what reports ask for: the ledger, the names of things, budgets, forecasts and grants with the dates they were
decided. Nothing in it depends on today's rules: amounts come from the vouchers as they were fixed.
"""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, get_args

import msgspec

from domain.books.chart import Account, AccountAssigned, AccountClosed, AccountOpened
from domain.books.fiscal_year import FiscalYearOpened
from domain.books.manual import OpeningBalancesEntered
from domain.books.register import AssociationRegistered, PartyKind, PartyRegistered, ProjectOpened
from domain.catalogue import AnyEvent, voucher_of
from domain.funding.facts import GrantAmended, GrantClosed, GrantDecided, GrantSettled, RemainderReturned
from domain.funding.grants import Amounts, by_year
from domain.kernel.period import ONE_DAY
from domain.membership.facts import ContributionAgreed, MemberJoined
from domain.planning.plan import BudgetAdopted, BudgetRevised, ForecastSubmitted, PlanLine
from domain.posting_rules.charts import shipped_chart
from projections.ledger import Ledger
from projections.skim import counted_on

if TYPE_CHECKING:
    from domain.books.chart import Role
    from projections.ledger import Sums


NOTED = (
    AssociationRegistered
    | AccountAssigned
    | AccountOpened
    | AccountClosed
    | PartyRegistered
    | MemberJoined
    | ProjectOpened
    | FiscalYearOpened
    | BudgetAdopted
    | BudgetRevised
    | ForecastSubmitted
    | ContributionAgreed
    | GrantDecided
    | GrantAmended
    | RemainderReturned
    | GrantSettled
    | GrantClosed
)
"""The events that say more to a history than their voucher does."""

PLAIN_TAGS = frozenset(
    str(shape.__struct_config__.tag)
    for shape in get_args(AnyEvent)
    if shape not in (*get_args(NOTED), OpeningBalancesEntered)
)
"""Of an event with one of these tags a history needs the voucher alone, counted on the day it is dated."""


class Named(msgspec.Struct, frozen=True):
    """A party: its name as printed, and what it is."""

    name: str
    kind: PartyKind


class GrantDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What a grant amounts to from a day on, in öre by year."""

    grant: str
    project: str
    decided_on: date
    amounts: Amounts


class History:
    """What a prefix of the book says."""

    def __init__(self) -> None:
        self.position = 0
        self.registered_on: date | None = None
        self.association: AssociationRegistered | None = None
        self.accounts: dict[int, Account] = {}
        self.roles: dict[Role, int] = dict(shipped_chart("bas").roles)
        self.parties: dict[str, Named] = {}
        self.projects: dict[str, str] = {}
        self.years: dict[int, tuple[date, date]] = {}
        self.ledger: Sums
        self._entered = self.ledger = Ledger()
        self.budgets: list[BudgetAdopted | BudgetRevised] = []
        self.forecasts: list[ForecastSubmitted] = []
        self.agreements: dict[tuple[int, str], int] = {}
        self.grants: list[GrantDecision] = []
        self.settled: dict[str, date] = {}

    def apply(self, event: AnyEvent) -> None:
        """Take in the next event."""
        self.position += 1
        self.registered_on = event.recorded.registered_on
        voucher = voucher_of(event)
        if voucher is not None:
            self._entered.enter(voucher, counted_on(event, voucher))
        self.note(event)

    def note(self, event: AnyEvent) -> None:
        """Take in what an event says besides its voucher."""
        match event:
            case BudgetAdopted() | BudgetRevised():
                self.budgets.append(event)
            case ForecastSubmitted():
                self.forecasts.append(event)
            case ContributionAgreed():
                self.agreements[event.year, event.party] = event.amount_ore
            case GrantDecided() | GrantAmended() | RemainderReturned() | GrantSettled() | GrantClosed():
                self._fund(event)
            case _:
                self._name(event)

    def _name(self, event: AnyEvent) -> None:
        match event:
            case AssociationRegistered():
                self.association = event
                chart = shipped_chart(event.chart)
                self.accounts, self.roles = dict(chart.accounts), dict(chart.roles)
            case AccountAssigned():
                self.roles[event.role] = event.number
            case AccountOpened():
                self.accounts[event.number] = Account(number=event.number, name=event.name, kind=event.kind)
            case AccountClosed():
                self.accounts[event.number] = msgspec.structs.replace(self.accounts[event.number], closed=True)
            case PartyRegistered() | MemberJoined():
                self.parties[event.party] = Named(event.name, event.kind)
            case ProjectOpened():
                self.projects[event.project] = event.name
            case FiscalYearOpened():
                self.years[event.year] = (event.start, event.end)
            case _:
                pass

    def _fund(self, event: GrantDecided | GrantAmended | RemainderReturned | GrantSettled | GrantClosed) -> None:
        match event:
            case GrantDecided():
                self._decide(event.grant, event.project, event.decided_on, by_year(event.amounts))
            case GrantAmended():
                latest = self._latest(event.grant)
                self._decide(event.grant, latest.project, event.decided_on, by_year(event.amounts))
            case RemainderReturned():
                latest = self._latest(event.grant)
                left = latest.amounts.get(event.year, 0) - event.amount_ore
                self._decide(event.grant, latest.project, event.decided_on, latest.amounts | {event.year: left})
            case GrantSettled():
                self.settled[event.grant] = event.settled_on
            case GrantClosed():
                self.settled.setdefault(event.grant, event.closed_on)

    def _decide(self, grant: str, project: str, decided_on: date, amounts: Amounts) -> None:
        self.grants.append(GrantDecision(grant=grant, project=project, decided_on=decided_on, amounts=amounts))

    def _latest(self, grant: str) -> GrantDecision:
        return next(decision for decision in reversed(self.grants) if decision.grant == grant)

    def grants_as_of(self, day: date) -> dict[str, GrantDecision]:
        """Return each grant as decided by a day, by name."""
        return {decision.grant: decision for decision in self.grants if decision.decided_on <= day}

    def budget_as_of(self, year: int, day: date) -> BudgetAdopted | BudgetRevised | None:
        """Return the budget of a year as decided by a day."""
        decided = [budget for budget in self.budgets if budget.year == year and decided_on(budget) <= day]
        return decided[-1] if decided else None

    def forecast_as_of(self, year: int, day: date) -> ForecastSubmitted | None:
        """Return the latest forecast of a year made by a day."""
        made = self._forecasts(year, day)
        return made[-1] if made else None

    def foreseen_as_of(self, year: int, day: date) -> tuple[PlanLine, ...]:
        """Return the closing balances of the latest forecast of a year made by a day that states any."""
        stated = [forecast.closing for forecast in self._forecasts(year, day) if forecast.closing]
        return stated[-1] if stated else ()

    def _forecasts(self, year: int, day: date) -> list[ForecastSubmitted]:
        """Return the forecasts of a year made by a day, by the day they were made and then as they were registered."""
        made = (forecast for forecast in self.forecasts if forecast.year == year and forecast.made_on <= day)
        return sorted(made, key=lambda forecast: forecast.made_on)

    def fiscal_year(self, day: date) -> int:
        """Return the name of the fiscal year a day lies in, opened or not."""
        if not self.years:
            return day.year
        year = next((name for name, (_, end) in sorted(self.years.items()) if day <= end), max(self.years))
        while day < self.span(year)[0]:
            year -= 1
        while day > self.span(year)[1]:
            year += 1
        return year

    def span(self, year: int) -> tuple[date, date]:
        """Return the first and last day of a fiscal year.

        Years that were not opened are twelve months each and join those that were; where none was, calendar years.
        """
        if year in self.years:
            return self.years[year]
        if not self.years:
            return date(year, 1, 1), date(year, 12, 31)
        first, last = min(self.years), max(self.years)
        if year < first:
            start, offset = self.years[first][0], year - first
        else:
            start, offset = self.years[last][1] + ONE_DAY, year - last - 1
        begins = start.replace(year=start.year + offset)
        return begins, begins.replace(year=begins.year + 1) - ONE_DAY


def decided_on(budget: BudgetAdopted | BudgetRevised) -> date:
    """Return the day a budget was decided."""
    return budget.adopted_on if isinstance(budget, BudgetAdopted) else budget.revised_on


def history_of(events: Iterable[AnyEvent]) -> History:
    """Fold events into a history."""
    history = History()
    for event in events:
        history.apply(event)
    return history
