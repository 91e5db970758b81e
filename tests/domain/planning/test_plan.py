"""Budgets are adopted once and revised; plans name known accounts and their own years; a deficit is explained."""

import pytest

from domain.books.chart import AccountUnknown
from domain.books.register import PartyUnknown, ProjectUnknown
from domain.kernel.event import Command
from domain.kernel.refusal import Warned
from domain.planning.plan import (
    BudgetAdopted,
    BudgetExists,
    BudgetMissing,
    BudgetRevised,
    ClosingNotBalanced,
    ForecastSubmitted,
    PlanLine,
    PlanYearWrong,
)
from tests.builders import BY_ANNA, a_budget, a_forecast, a_revision, decided, event_of, given, plan_lines, refused

DEFICIT = plan_lines((2023, 3985, -1_000_00), (2023, 4010, 1_200_00), (2024, 3985, -9_000_00))
WARNING = Warned(code="budget_deficit", facts={"year": 2023, "result_ore": -200_00})


def test_adopts_a_budget_with_three_plan_years() -> None:
    command = a_budget(lines=plan_lines((2023, 4010, 0), (2024, 4010, 0), (2025, 4010, 0), (2026, 4010, 0)))

    assert decided(given(), command) == event_of(BudgetAdopted, command)


def test_refuses_to_adopt_a_budget_twice() -> None:
    assert refused(given(a_budget()), a_budget(), BudgetExists) == {"year": 2023}


def test_counts_the_revisions_of_a_budget() -> None:
    book = given(a_budget(), a_revision())

    assert decided(given(a_budget()), a_revision()) == event_of(BudgetRevised, a_revision(), revision=1)
    assert decided(book, a_revision()) == event_of(BudgetRevised, a_revision(), revision=2)


def test_refuses_to_revise_a_budget_nobody_adopted() -> None:
    assert refused(given(), a_revision(), BudgetMissing) == {"year": 2023}


@pytest.mark.parametrize("command", [a_budget(lines=DEFICIT), a_revision(lines=DEFICIT)])
def test_warns_of_a_deficit_without_a_motive(command: Command) -> None:
    book = given() if isinstance(command, type(a_budget())) else given(a_budget())

    assert decided(book, command).recorded == BY_ANNA.warn(WARNING)


def test_accepts_a_deficit_with_a_motive() -> None:
    assert decided(given(), a_budget(lines=DEFICIT, motive="Eget kapital ska minskas")).recorded == BY_ANNA


def test_counts_only_income_and_costs_in_the_result_of_a_budget() -> None:
    command = a_budget(lines=plan_lines((2023, 2081, 1_000_00), (2023, 3985, -1)))

    assert decided(given(), command).recorded.warnings == ()


@pytest.mark.parametrize(
    ("command", "line_year"),
    [
        (a_budget(lines=plan_lines((2022, 4010, 1))), 2022),
        (a_budget(lines=plan_lines((2027, 4010, 1))), 2027),
        (a_forecast(lines=plan_lines((2024, 4010, 1))), 2024),
        (a_forecast(closing=plan_lines((2022, 1930, 1))), 2022),
    ],
)
def test_refuses_a_line_of_a_year_outside_the_plan(command: Command, line_year: int) -> None:
    assert refused(given(), command, PlanYearWrong) == {"year": 2023, "line_year": line_year}


def line(account: int = 4010, project: str = "", party: str = "") -> tuple[PlanLine, ...]:
    """Return one plan line."""
    return (PlanLine(year=2023, account=account, amount_ore=1, project=project, party=party),)


def test_plans_for_projects_and_parties() -> None:
    command = a_budget(lines=line(project="insatsen", party="staten"), motive="Prov")

    assert decided(given(), command) == event_of(BudgetAdopted, command)


def test_refuses_a_plan_on_an_unknown_account() -> None:
    assert refused(given(), a_budget(lines=line(account=4011)), AccountUnknown) == {"account": 4011}


def test_refuses_a_plan_for_an_unknown_project() -> None:
    assert refused(given(), a_budget(lines=line(project="okand")), ProjectUnknown) == {"project": "okand"}


def test_refuses_a_plan_for_an_unknown_party() -> None:
    assert refused(given(), a_budget(lines=line(party="okand")), PartyUnknown) == {"party": "okand"}


def test_submits_a_forecast_with_closing_balances() -> None:
    command = a_forecast(closing=plan_lines((2023, 1930, 700_00), (2023, 2081, -700_00)))

    assert decided(given(), command) == event_of(ForecastSubmitted, command)


def test_refuses_closing_balances_that_do_not_balance() -> None:
    command = a_forecast(closing=plan_lines((2023, 1930, 700_00), (2023, 2081, -699_99)))

    assert refused(given(), command, ClosingNotBalanced) == {"difference_ore": 1}
