"""A budget is a ledger too: what it begins with, how its years move it, and that it always balances."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from domain.books.chart import AccountAssigned
from domain.catalogue import AnyEvent
from domain.planning.plan import BudgetAdopted, ForecastSubmitted, PlanLine
from projections.history import History, history_of
from projections.ledger import Ledger
from projections.plans import EVERYTHING, budget_ledger, forecast_ledger
from projections.selection import Selection
from tests.ledger_text import an_association, books, recorded_on

BY = recorded_on(date(2022, 11, 30))
AS_OF = date(2023, 12, 31)
BALANCES = ((1930, 900_00), (2440, -300_00), (2081, -600_00))


def plan(*rows: tuple[int, int, int]) -> tuple[PlanLine, ...]:
    return tuple(PlanLine(year=year, account=account, amount_ore=ore) for year, account, ore in rows)


def budget(*rows: tuple[int, int, int], year: int = 2023) -> BudgetAdopted:
    return BudgetAdopted(year=year, adopted_on=date(2022, 11, 30), decision="§ 1", lines=plan(*rows), recorded=BY)


def forecast(lines: tuple[PlanLine, ...], closing: tuple[PlanLine, ...] = (), year: int = 2022) -> ForecastSubmitted:
    return ForecastSubmitted(
        year=year, made_on=date(2022, 10, 31), lines=lines, closing=closing, text="Prognos", recorded=BY
    )


def foreseen() -> ForecastSubmitted:
    return forecast((), plan(*((2022, account, ore) for account, ore in BALANCES)))


def balances(ledger: Ledger, *accounts: int, on: date) -> list[int]:
    return [ledger.balance(Selection(((account, account),)), on) for account in accounts]


def history(*events: AnyEvent) -> History:
    return history_of((an_association(), *events))


def test_a_budget_begins_with_what_is_foreseen_for_the_year_before() -> None:
    ledger = budget_ledger(history(foreseen(), budget((2023, 4010, 50_00))), 2023, AS_OF)

    assert balances(ledger, 1930, 2440, 2081, on=date(2022, 12, 31)) == [900_00, -300_00, -600_00]
    assert balances(ledger, 1930, on=date(2022, 12, 30)) == [0]


def test_without_a_forecast_it_begins_with_the_outcome() -> None:
    outcome = books(
        """
        2022-05-31 Insats
            1930   900
            3985  -900
        2023-01-15 Nästa år
            4010   100
            1930  -100
        """,
        an_association(),
        budget((2023, 4010, 50_00)),
    )

    ledger = budget_ledger(outcome, 2023, AS_OF)

    assert balances(ledger, 1930, 3985, 4010, on=date(2022, 12, 31)) == [900_00, -900_00, 0]
    assert balances(ledger, 1930, 4010, on=AS_OF) == [850_00, 50_00]


def test_a_forecast_without_balances_leaves_the_outcome_as_the_beginning() -> None:
    text = "2022-05-31 Insats\n1930 900\n3985 -900"

    ledger = budget_ledger(books(text, an_association(), forecast(plan((2022, 4010, 1)))), 2023, AS_OF)

    assert balances(ledger, 1930, on=AS_OF) == [900_00]


def test_what_a_year_does_not_balance_itself_moves_the_bank_account() -> None:
    rows = ((2023, 3985, -500_00), (2023, 4010, 450_00), (2024, 4010, 100_00), (2024, 2440, -30_00))

    ledger = budget_ledger(history(foreseen(), budget(*rows)), 2023, AS_OF)

    assert balances(ledger, 1930, on=date(2023, 12, 30)) == [900_00]
    assert balances(ledger, 1930, on=date(2023, 12, 31)) == [950_00]
    assert balances(ledger, 1930, 2440, on=date(2024, 12, 31)) == [880_00, -330_00]


def test_the_bank_account_is_the_one_that_plays_the_role() -> None:
    assigned = AccountAssigned(role="bank", number=1940, recorded=BY)

    ledger = budget_ledger(history(assigned, budget((2023, 4010, 450_00))), 2023, AS_OF)

    assert balances(ledger, 1930, 1940, on=AS_OF) == [0, -450_00]


def test_a_budget_that_plans_the_bank_itself_moves_nothing_else() -> None:
    ledger = budget_ledger(history(budget((2023, 2440, 300_00), (2023, 1930, -300_00))), 2023, AS_OF)

    assert balances(ledger, 1930, 2440, on=AS_OF) == [-300_00, 300_00]


def test_no_budget_leaves_the_beginning() -> None:
    ledger = budget_ledger(history(foreseen()), 2023, AS_OF)

    assert balances(ledger, 1930, 2081, on=AS_OF) == [900_00, -600_00]


def test_a_budget_decided_later_is_not_known_yet() -> None:
    ledger = budget_ledger(history(budget((2023, 4010, 50_00))), 2023, date(2022, 11, 29))

    assert list(ledger.rows()) == []


def test_no_forecast_is_an_empty_ledger() -> None:
    assert list(forecast_ledger(history(), 2022, AS_OF).rows()) == []


def test_a_forecast_ends_with_its_closing_balances_and_equity_begins_without_the_result() -> None:
    closing = plan((2022, 1930, 900_00), (2022, 2440, -300_00), (2022, 2081, -600_00))
    lines = plan((2022, 3985, -500_00), (2022, 4010, 450_00))

    ledger = forecast_ledger(history(forecast(lines, closing)), 2022, AS_OF)

    end, before = date(2022, 12, 31), date(2021, 12, 31)
    assert balances(ledger, 1930, 2440, on=end) == [900_00, -300_00]
    assert balances(ledger, 2081, 3985, 4010, on=end) == [-550_00, -500_00, 450_00]
    assert balances(ledger, 2081, on=before) == [-550_00]
    assert ledger.balance(EVERYTHING, end) == 0


accounts = st.sampled_from((1510, 1930, 2440, 3985, 4010, 8300))
rows = st.lists(st.tuples(st.integers(2023, 2026), accounts, st.integers(-1000, 1000).filter(bool)), max_size=8)
closing_rows = st.lists(st.tuples(st.just(2022), accounts, st.integers(-1000, 1000)), max_size=4)


@given(rows, closing_rows)
def test_a_budget_balances_on_every_day(some: list[tuple[int, int, int]], ends: list[tuple[int, int, int]]) -> None:
    rest = (2022, 2081, -sum(ore for _, _, ore in ends))
    given_history = history(forecast((), plan(*ends, rest)), budget(*some))

    ledger = budget_ledger(given_history, 2023, AS_OF)

    days = {day for day, _, _ in ledger.rows()} | {date(2022, 12, 30), date(2027, 1, 1)}
    assert all(ledger.balance(EVERYTHING, day) == 0 for day in days)


@given(rows)
def test_without_a_forecast_a_budget_on_a_book_balances_too(some: list[tuple[int, int, int]]) -> None:
    text = "2022-05-31 Insats\n1930 900\n3985 -900\n2022-06-30 Kostnad\n4010 100\n2440 -100"

    ledger = budget_ledger(books(text, an_association(), budget(*some)), 2023, AS_OF)

    assert all(ledger.balance(EVERYTHING, day) == 0 for day, _, _ in ledger.rows())
    assert ledger.balance(Selection(((3000, 8999),)), AS_OF) == -800_00 + sum(
        ore for year, account, ore in some if year == 2023 and 3000 <= account <= 8999
    )
