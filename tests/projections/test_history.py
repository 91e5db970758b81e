"""The history of a book: what reports ask of it, as it was on a day."""

from datetime import date
from typing import TYPE_CHECKING

import msgspec
import pytest

from domain.books.chart import AccountAssigned, AccountClosed, AccountOpened
from domain.books.fiscal_year import FiscalYearOpened
from domain.books.register import PartyRegistered, ProjectOpened
from domain.funding import facts as funding
from domain.membership.facts import ContributionAgreed, MemberJoined
from domain.planning.plan import BudgetAdopted, BudgetRevised, ForecastSubmitted, PlanLine
from projections.history import GrantDecision, Named, history_of
from projections.selection import Selection
from tests.ledger_text import an_association, books, recorded_on

if TYPE_CHECKING:
    from domain.catalogue import AnyEvent

BY = recorded_on(date(2023, 6, 30))


def day(text: str) -> date:
    return date.fromisoformat(text)


def fiscal_year(year: int, start: str, end: str) -> FiscalYearOpened:
    return FiscalYearOpened(year=year, start=day(start), end=day(end), recorded=BY)


def forecast(made_on: str, amount_ore: int, *closing: PlanLine, year: int = 2023) -> ForecastSubmitted:
    lines = (PlanLine(year=year, account=4010, amount_ore=amount_ore),)
    return ForecastSubmitted(year=year, made_on=day(made_on), lines=lines, closing=closing, text="Prognos", recorded=BY)


def decided(grant: str = "g", *amounts: tuple[int, int], on: str = "2023-01-10") -> funding.GrantDecided:
    return funding.GrantDecided(
        grant=grant,
        project="insatsen",
        owner="utforaren",
        form="full",
        amounts=tuple(funding.YearAmount(year=year, amount_ore=ore) for year, ore in amounts),
        decided_on=day(on),
        decision="§ 4",
        recorded=BY,
    )


def test_opening_balances_count_from_the_day_before_the_year() -> None:
    bank = Selection(((1930, 1930),))
    ledger = books("""
        2023-01-01 IB Ingående balanser
            1930  500
            2081 -500
        2023-01-01 Insättning
            1930  100
            2081 -100
    """).ledger

    assert ledger.balance(bank, day("2022-12-30")) == 0
    assert ledger.balance(bank, day("2022-12-31")) == 500_00
    assert ledger.movement(bank, day("2023-01-01"), day("2023-12-31")) == 100_00


def test_knows_names_and_roles() -> None:
    events: tuple[AnyEvent, ...] = (
        an_association("kommun-bas"),
        PartyRegistered(party="lokal", name="Lokalbolaget", kind="supplier", recorded=BY),
        MemberJoined(party="staten", name="FK", kind="state", joined_on=day("2023-01-01"), recorded=BY),
        ProjectOpened(project="insatsen", name="Insatsen", recorded=BY),
        AccountOpened(number=1935, name="Placeringskonto", kind="cash", recorded=BY),
        AccountAssigned(role="bank", number=1935, recorded=BY),
        AccountClosed(number=1910, recorded=BY),
        ContributionAgreed(party="staten", year=2023, amount_ore=5, invoicing="yearly", decision="§ 1", recorded=BY),
        ContributionAgreed(party="staten", year=2023, amount_ore=7, invoicing="yearly", decision="§ 2", recorded=BY),
    )

    history = history_of(events)

    assert history.parties == {"lokal": Named("Lokalbolaget", "supplier"), "staten": Named("FK", "state")}
    assert history.projects == {"insatsen": "Insatsen"}
    assert history.accounts[2510].name == "Leverantörsskulder"
    assert history.accounts[1935].name == "Placeringskonto"
    assert history.accounts[1910].closed
    assert not history.accounts[1930].closed
    assert history.roles["bank"] == 1935
    assert history.agreements == {(2023, "staten"): 7}
    assert (history.position, history.registered_on) == (9, day("2023-06-30"))


def test_a_grant_is_what_was_decided_by_the_day() -> None:
    amended = funding.GrantAmended(
        grant="g",
        amounts=(funding.YearAmount(year=2023, amount_ore=700), funding.YearAmount(year=2024, amount_ore=100)),
        decided_on=day("2023-05-02"),
        decision="§ 21",
        recorded=BY,
    )
    returned = funding.RemainderReturned(
        grant="g", year=2024, amount_ore=40, decided_on=day("2023-06-01"), decision="§ 30", recorded=BY
    )
    history = history_of((decided("g", (2023, 900)), decided("h", (2025, 1)), amended, returned))

    def amounts(on: str) -> dict[int, int] | None:
        found = history.grants_as_of(day(on)).get("g")
        return found.amounts if found else None

    assert amounts("2023-01-09") is None
    assert amounts("2023-01-10") == {2023: 900}
    assert amounts("2023-05-02") == {2023: 700, 2024: 100}
    assert amounts("2023-06-01") == {2023: 700, 2024: 60}
    assert history.grants_as_of(day("2023-12-31"))["h"] == GrantDecision(
        grant="h", project="insatsen", decided_on=day("2023-01-10"), amounts={2025: 1}
    )


def test_a_grant_is_settled_from_its_settlement_even_when_closed_later() -> None:
    settled = funding.GrantSettled(grant="g", settled_on=day("2023-08-31"), claimed_ore=0, recorded=BY)
    closed = funding.GrantClosed(grant="g", closed_on=day("2023-10-01"), recorded=BY)
    other = msgspec.structs.replace(closed, grant="h")

    history = history_of((decided("g", (2023, 1)), decided("h", (2023, 1)), settled, closed, other))

    assert history.settled == {"g": day("2023-08-31"), "h": day("2023-10-01")}


def test_the_budget_is_the_one_decided_last_by_the_day() -> None:
    lines = (PlanLine(year=2023, account=4010, amount_ore=1),)
    adopted = BudgetAdopted(year=2023, adopted_on=day("2022-11-30"), decision="§ 1", lines=lines, recorded=BY)
    revised = BudgetRevised(
        year=2023, revised_on=day("2023-05-02"), decision="§ 2", lines=lines, revision=1, recorded=BY
    )
    history = history_of((adopted, revised))

    assert history.budget_as_of(2023, day("2022-11-29")) is None
    assert history.budget_as_of(2023, day("2022-11-30")) is adopted
    assert history.budget_as_of(2023, day("2023-05-01")) is adopted
    assert history.budget_as_of(2023, day("2023-05-02")) is revised
    assert history.budget_as_of(2024, day("2023-05-02")) is None


def test_the_forecast_is_the_latest_made_by_the_day() -> None:
    early, late, same_day = forecast("2023-04-30", 1), forecast("2023-08-31", 2), forecast("2023-08-31", 3)
    history = history_of((late, same_day, early, forecast("2023-01-31", 9, year=2024)))

    assert history.forecast_as_of(2023, day("2023-04-29")) is None
    assert history.forecast_as_of(2023, day("2023-08-30")) is early
    assert history.forecast_as_of(2023, day("2023-08-31")) is same_day, "of two made the same day, the later counts"


def test_foreseen_balances_are_the_latest_that_any_forecast_states() -> None:
    bank, equity = (PlanLine(year=2023, account=account, amount_ore=5) for account in (1930, 2081))
    history = history_of(
        (forecast("2023-04-30", 1, bank), forecast("2023-08-31", 1, equity), forecast("2023-10-31", 1))
    )

    assert history.foreseen_as_of(2023, day("2023-04-29")) == ()
    assert history.foreseen_as_of(2023, day("2023-05-01")) == (bank,)
    assert history.foreseen_as_of(2023, day("2023-12-31")) == (equity,)


@pytest.mark.parametrize(
    ("on", "year", "start", "end"),
    [
        ("2019-12-31", 2020, "2019-07-01", "2020-06-30"),
        ("2020-07-01", 2021, "2020-07-01", "2021-06-30"),
        ("2021-06-30", 2021, "2020-07-01", "2021-06-30"),
        ("2021-07-01", 2022, "2021-07-01", "2022-12-31"),
        ("2022-12-31", 2022, "2021-07-01", "2022-12-31"),
        ("2023-01-01", 2023, "2023-01-01", "2023-12-31"),
        ("2024-02-29", 2024, "2024-01-01", "2024-12-31"),
        ("2026-01-01", 2026, "2026-01-01", "2026-12-31"),
    ],
)
def test_years_that_were_not_opened_join_those_that_were(on: str, year: int, start: str, end: str) -> None:
    history = history_of((fiscal_year(2022, "2021-07-01", "2022-12-31"), fiscal_year(2023, "2023-01-01", "2023-12-31")))

    assert history.fiscal_year(day(on)) == year
    assert history.span(year) == (day(start), day(end))


def test_a_book_without_fiscal_years_has_calendar_years() -> None:
    history = history_of(())

    assert history.fiscal_year(day("2016-02-29")) == 2016
    assert history.span(2017) == (day("2017-01-01"), day("2017-12-31"))


def test_every_day_lies_in_the_year_it_is_said_to_lie_in() -> None:
    history = history_of((fiscal_year(2022, "2021-03-01", "2022-06-30"),))
    days = [date.fromordinal(number) for number in range(day("2017-01-01").toordinal(), day("2027-01-01").toordinal())]

    years = [history.fiscal_year(one) for one in days]

    assert all(history.span(year)[0] <= one <= history.span(year)[1] for one, year in zip(days, years, strict=True))
    assert years == sorted(years)
