"""Budgets and forecasts as ledgers, so that a report reads a plan as it reads the outcome.

A budget begins with the closing balances foreseen for the year before, or with the outcome's where none are. Each
year's lines move them; what the lines of a year do not balance themselves moves the bank.
"""

from collections.abc import Iterable
from datetime import date

from domain.kernel.period import ONE_DAY
from domain.planning.plan import BudgetAdopted, BudgetRevised, ForecastSubmitted, PlanLine
from projections.history import History
from projections.ledger import Key, Ledger, ledger_of
from projections.selection import Selection

EVERYTHING = Selection(((0, 10**9),))
RESULT_KINDS = frozenset({"income", "cost", "result"})


def budget_ledger(history: History, year: int, as_of: date) -> Ledger:
    """Return the budget decided for a year, with its plan years, as a ledger in öre."""
    budget = history.budget_as_of(year, as_of)
    start = history.span(year)[0]
    ledger = ledger_of(_opening(history, year, start, as_of))
    if budget is not None:
        _move(history, ledger, budget)
    return ledger


def forecast_ledger(history: History, year: int, as_of: date) -> Ledger:
    """Return the latest forecast made for a year as a ledger in öre; its closing balances are as foreseen."""
    forecast = history.forecast_as_of(year, as_of)
    if forecast is None:
        return Ledger()
    start, end = history.span(year)
    ledger = ledger_of(_foreseen_opening(history, forecast, start - ONE_DAY))
    for line in forecast.lines:
        ledger.post(end, _key(line), line.amount_ore)
    return ledger


def _opening(history: History, year: int, start: date, as_of: date) -> Iterable[tuple[date, Key, int]]:
    """Return the balances a budget begins with: the forecast's closing, or the outcome's."""
    day = start - ONE_DAY
    foreseen = history.foreseen_as_of(year - 1, as_of)
    if foreseen:
        for line in foreseen:
            yield day, _key(line), line.amount_ore
        return
    for key in history.ledger.keys(EVERYTHING):
        amount = history.ledger.at(key, day)
        if amount:
            yield day, key, amount


def _move(history: History, ledger: Ledger, budget: BudgetAdopted | BudgetRevised) -> None:
    bank = history.roles["bank"]
    for year in sorted({line.year for line in budget.lines}):
        end = history.span(year)[1]
        lines = [line for line in budget.lines if line.year == year]
        for line in lines:
            ledger.post(end, _key(line), line.amount_ore)
        difference = sum(line.amount_ore for line in lines)
        if difference:
            ledger.post(end, Key(bank, "", ""), -difference)


def _foreseen_opening(history: History, forecast: ForecastSubmitted, day: date) -> Iterable[tuple[date, Key, int]]:
    """Return balances that the forecast's own result brings to its closing balances.

    The result of the year reaches the balance sheet through equity, so equity begins lower by it.
    """
    result = sum(line.amount_ore for line in forecast.lines if _is_result(history, line.account))
    for line in forecast.closing:
        amount = line.amount_ore
        if result and history.accounts[line.account].kind == "equity":
            amount, result = amount - result, 0
        yield day, _key(line), amount


def _is_result(history: History, account: int) -> bool:
    return history.accounts[account].kind in RESULT_KINDS


def _key(line: PlanLine) -> Key:
    return Key(line.account, line.project, line.party)
