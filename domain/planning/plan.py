"""Budgets and forecasts: amounts in öre by year, account, project and party, with the ledger's signs (debit positive).

A budget names its year and the plan years after it (KL 11:6); a revision replaces it. A forecast foresees the
outcome of one year and, where stated, its closing balances: that is where a balance budget begins.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

import msgspec

from domain.books.chart import usable_account
from domain.books.fiscal_year import Year
from domain.books.journal import Journal
from domain.books.register import known_party, usable_project
from domain.kernel.event import Command, Recorded, Value, accept
from domain.kernel.identity import Reference, Text
from domain.kernel.money import Ore
from domain.kernel.refusal import Refusal, Warned
from domain.kernel.table import Table


class PlanLine(Value, frozen=True, kw_only=True):
    """An amount for one year in öre, debit positive: costs positive, income negative."""

    year: Year
    account: int
    amount_ore: Ore
    project: str = ""
    party: str = ""


PlanLines = Annotated[tuple[PlanLine, ...], msgspec.Meta(min_length=1, max_length=10_000)]
Budgets = Table[int, int]
"""By year: how many times the budget has been adopted or revised."""


class AdoptBudget(Command, frozen=True, kw_only=True):
    """Adopt the budget of a year, and the plan for the years after it."""

    year: Year
    adopted_on: date
    decision: Reference
    lines: PlanLines
    motive: str = ""


class BudgetAdopted(AdoptBudget, frozen=True, kw_only=True, tag_field="event", tag="budget.adopted"):
    """The board has adopted a budget (lag 2003:1210, 23 §)."""

    recorded: Recorded


class ReviseBudget(Command, frozen=True, kw_only=True):
    """Revise an adopted budget; the lines replace the earlier ones."""

    year: Year
    revised_on: date
    decision: Reference
    lines: PlanLines
    motive: str = ""


class BudgetRevised(ReviseBudget, frozen=True, kw_only=True, tag_field="event", tag="budget.revised"):
    """The board has revised a budget (reviderad budget)."""

    recorded: Recorded
    revision: int


class SubmitForecast(Command, frozen=True, kw_only=True):
    """Submit a forecast of a whole year, made at a date; `closing` holds closing balances, where foreseen."""

    year: Year
    made_on: date
    lines: tuple[PlanLine, ...]
    closing: tuple[PlanLine, ...] = ()
    text: Text


class ForecastSubmitted(SubmitForecast, frozen=True, kw_only=True, tag_field="event", tag="forecast.submitted"):
    """Somebody foresees the year's outcome (prognos); the latest forecast counts."""

    recorded: Recorded


class BudgetExists(Refusal):
    """A budget is adopted once, then revised."""

    code = "budget_exists"
    sv = "Budgeten för {year} är redan antagen; revidera den i stället."
    en = "The budget for {year} has already been adopted; revise it instead."


class BudgetMissing(Refusal):
    """A revision changes an adopted budget."""

    code = "budget_missing"
    sv = "Ingen budget för {year} är antagen."
    en = "No budget for {year} has been adopted."


class PlanYearWrong(Refusal):
    """A budget plans for its own year and the three after it; a forecast for its own year."""

    code = "plan_year_wrong"
    sv = "Raden för {line_year} hör inte hemma i planen för {year}."
    en = "The line for {line_year} does not belong in the plan for {year}."


class ClosingNotBalanced(Refusal):
    """Foreseen closing balances balance."""

    code = "closing_not_balanced"
    sv = "Prognosens utgående balanser ska ta ut varandra men ger {difference_ore} kr."
    en = "The foreseen closing balances must cancel out but leave {difference_ore} kr."


def adopt_budget(journal: Journal, budgets: Budgets, command: AdoptBudget, recorded: Recorded) -> BudgetAdopted:
    """Adopt the first budget of a year; a deficit without a stated motive is a warning (KL 11:5)."""
    if command.year in budgets:
        raise BudgetExists(year=command.year)
    _check(journal, command.year, command.lines, years=4)
    return accept(BudgetAdopted, command, recorded=recorded.warn(*_deficit(journal, command)))


def revise_budget(journal: Journal, budgets: Budgets, command: ReviseBudget, recorded: Recorded) -> BudgetRevised:
    """Revise an adopted budget."""
    if command.year not in budgets:
        raise BudgetMissing(year=command.year)
    _check(journal, command.year, command.lines, years=4)
    return accept(
        BudgetRevised, command, recorded=recorded.warn(*_deficit(journal, command)), revision=budgets[command.year]
    )


def submit_forecast(journal: Journal, command: SubmitForecast, recorded: Recorded) -> ForecastSubmitted:
    """Submit a forecast; its closing balances, where stated, balance."""
    _check(journal, command.year, command.lines, years=1)
    _check(journal, command.year, command.closing, years=1)
    difference = sum(line.amount_ore for line in command.closing)
    if difference:
        raise ClosingNotBalanced(difference_ore=difference)
    return accept(ForecastSubmitted, command, recorded=recorded)


def evolve(budgets: Budgets, event: BudgetAdopted | BudgetRevised) -> Budgets:
    """Return how often each year's budget has been decided."""
    return budgets.put(event.year, budgets.get(event.year, 0) + 1)


def _check(journal: Journal, year: int, lines: Iterable[PlanLine], *, years: int) -> None:
    for line in lines:
        usable_account(journal.chart, line.account)
        if line.project:
            usable_project(journal.register, line.project)
        if line.party:
            known_party(journal.register, line.party)
        if not year <= line.year < year + years:
            raise PlanYearWrong(year=year, line_year=line.year)


def _deficit(journal: Journal, command: AdoptBudget | ReviseBudget) -> tuple[Warned, ...]:
    """Return a warning when the budget's own year ends below zero and no motive is stated."""
    result_ore = -sum(
        line.amount_ore
        for line in command.lines
        if line.year == command.year and journal.chart.accounts[line.account].kind in ("income", "cost")
    )
    if result_ore >= 0 or command.motive:
        return ()
    return (Warned(code="budget_deficit", facts={"year": command.year, "result_ore": result_ore}),)
