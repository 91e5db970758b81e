"""A day outside the fiscal years of a book is told in the report, and only there."""

from datetime import date

import pytest

from domain.books.fiscal_year import FiscalYearOpened
from domain.catalogue import AnyEvent
from domain.funding.facts import GrantDecided, YearAmount
from domain.membership.facts import ContributionAgreed, MemberJoined
from domain.planning.plan import BudgetAdopted, ForecastSubmitted, PlanLine
from projections.built_in import BUILT_IN
from projections.outside import NOTHING, WORDS, DayRemark, day_remarks, without_day_remarks
from projections.report import Question, known, make_report
from projections.table import Report
from services.formats.as_json import report_json
from services.formats.as_text import report_text
from tests.ledger_text import events, recorded_on
from tests.projections.tables import layout_of

BY = recorded_on(date(2022, 11, 30))
YEAR = FiscalYearOpened(year=2023, start=date(2023, 1, 1), end=date(2023, 12, 31), recorded=BY)
NEXT = FiscalYearOpened(year=2024, start=date(2024, 1, 1), end=date(2024, 12, 31), recorded=BY)
TEXT = """
    2023-03-31 Insats
        1930  1 000
        3985 -1 000
"""
LISTS = ("journal", "general-ledger", "series", "late-bookings", "member-ledger", "supplier-ledger")


def layout(columns: str) -> str:
    return f"""
        [[table]]
        id = "t"
        title = "T"
        columns = [{columns}]
        lines = [{{ id = "res", accounts = "3000-8999", sign = "-" }}]
    """


OUTCOME = layout('{ label = "{as_of}" }')


def budget(*lines: PlanLine, adopted_on: date = date(2022, 11, 30)) -> BudgetAdopted:
    return BudgetAdopted(year=2024, adopted_on=adopted_on, decision="§ 1", lines=lines, recorded=BY)


def made(as_of: str, *others: AnyEvent, text: str = OUTCOME, name: str = "t", vouchers: str = TEXT) -> Report:
    told = events(vouchers, *others)
    report = make_report(
        known("bok", "now", told, vouchers=True), layout_of(text), Question(name=name, as_of=date.fromisoformat(as_of))
    )
    assert report is not None
    return report


def codes(report: Report) -> list[str]:
    return [remark.code for table in report.tables for remark in table.remarks]


@pytest.mark.parametrize("as_of", ["2023-01-01", "2023-08-31", "2023-12-31", "2024-06-30"])
def test_a_day_in_a_fiscal_year_has_no_remark(as_of: str) -> None:
    assert codes(made(as_of, YEAR, NEXT)) == []


@pytest.mark.parametrize(("as_of", "year"), [("2022-12-31", 2022), ("2024-01-01", 2024), ("2107-08-31", 2107)])
@pytest.mark.parametrize("name", ["t", "trial-balance", "equity", *LISTS])
def test_a_day_outside_them_is_told_with_the_years_there_are(as_of: str, year: int, name: str) -> None:
    (table,) = made(as_of, YEAR, name=name).tables

    assert table.remarks[0].code == "day_outside_years"
    assert table.remarks[0].facts == {
        "as_of": as_of, "year": year, "planned": 0, "first": "2023-01-01", "last": "2023-12-31",
    }  # fmt: skip


def test_it_stands_in_the_text_and_in_the_json_in_both_languages() -> None:
    report = made("2024-08-31", YEAR)

    assert report_text(report, "sv").endswith(
        "\n* 2024-08-31 ligger utanför bokens räkenskapsår (2023-01-01 till 2023-12-31): inget är bokfört eller"
        " planerat för 2024.\n"
    )
    assert "(2023-01-01 to 2023-12-31): nothing is booked or planned for 2024." in report_json(report, "en").decode()


def test_a_year_that_is_opened_later_has_the_remark_only_as_known_before() -> None:
    assert codes(made("2024-08-31", YEAR)) == ["day_outside_years"]
    assert codes(made("2024-08-31", YEAR, NEXT)) == []


def test_a_book_without_fiscal_years_says_so() -> None:
    (remark,) = made("2024-08-31", vouchers="").tables[0].remarks

    assert remark.sentence("en") == (
        "2024-08-31 is in no fiscal year, because the book has none: nothing is booked or planned for 2024."
    )


@pytest.mark.parametrize(
    ("columns", "plans", "expected"),
    [
        ('{ label = "", source = "budget" }', (budget(),), []),
        ('{ label = "", source = "budget" }, { label = "", source = "budget", year = 1 }', (budget(),), []),
        ('{ label = "", source = "budget" }, { label = "", year = -1 }', (budget(),), []),
        ('{ label = "", source = "budget" }, { label = "" }', (budget(),), ["day_outside_years"]),
        ('{ label = "", source = "budget" }, { label = "", year = -2 }', (budget(),), ["day_outside_years"]),
        ('{ label = "", source = "budget" }', (), ["day_outside_years"]),
        ('{ label = "", source = "budget" }', (budget(adopted_on=date(2024, 11, 30)),), ["day_outside_years"]),
        ('{ label = "", source = "forecast" }', (budget(),), ["day_outside_years"]),
        ('{ label = "", source = "granted" }', (), ["day_outside_years"]),
    ],
)
def test_a_table_of_plans_for_a_coming_year_is_left_alone(
    columns: str, plans: tuple[AnyEvent, ...], expected: list[str]
) -> None:
    assert codes(made("2024-08-31", YEAR, *plans, text=layout(columns))) == expected


def test_a_forecast_and_a_grant_are_plans_too() -> None:
    forecast = ForecastSubmitted(year=2024, made_on=date(2023, 12, 1), lines=(), text="Prognos", recorded=BY)
    columns = layout('{ label = "", source = "forecast" }, { label = "", source = "granted" }')

    assert codes(made("2024-08-31", YEAR, forecast, a_grant(), text=columns)) == []
    assert codes(made("2024-08-31", YEAR, forecast, text=columns)) == ["day_outside_years"]


def a_grant() -> GrantDecided:
    return GrantDecided(
        grant="g", project="p", owner="kommunen", form="full", decided_on=date(2023, 10, 1), decision="§ 2",
        amounts=(YearAmount(year=2024, amount_ore=100_00), YearAmount(year=2025, amount_ore=50_00)), recorded=BY,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "others", "expected"),
    [
        ("grants", (), ["day_outside_years"]),
        ("grants", (a_grant(),), []),
        ("committed", (), ["day_outside_years"]),
        ("committed", (a_grant(),), []),
        ("shares", (a_grant(),), ["day_outside_years"]),
        ("trial-balance", (a_grant(),), ["day_outside_years"]),
    ],
)
def test_a_list_of_plans_for_a_coming_year_is_left_alone(
    name: str, others: tuple[AnyEvent, ...], expected: list[str]
) -> None:
    assert name in BUILT_IN
    assert codes(made("2024-08-31", YEAR, *others, name=name)) == expected


def test_contributions_agreed_for_a_coming_year_are_a_plan() -> None:
    joined = MemberJoined(party="staten", name="Staten", kind="state", joined_on=date(2020, 1, 1), recorded=BY)
    agreed = ContributionAgreed(
        party="staten", year=2024, amount_ore=100_00, invoicing="yearly", decision="§ 1", recorded=BY
    )

    assert "day_outside_years" not in codes(made("2024-08-31", YEAR, joined, agreed, name="shares"))
    assert "day_outside_years" in codes(made("2025-08-31", YEAR, joined, agreed, name="shares"))
    assert made("2024-08-31", YEAR, joined, agreed).tables[0].remarks[0].facts["planned"] == 1


@pytest.mark.parametrize(
    ("others", "planned"),
    [
        ((), 0),
        ((a_grant(),), 1),
        ((budget(PlanLine(year=2024, account=4010, amount_ore=1)),), 1),
        ((budget(PlanLine(year=2025, account=4010, amount_ore=1)),), 0),
        ((budget(PlanLine(year=2024, account=4010, amount_ore=1), adopted_on=date(2025, 1, 1)),), 0),
    ],
)
def test_does_not_say_that_nothing_is_planned_when_something_is(others: tuple[AnyEvent, ...], planned: int) -> None:
    (remark,) = made("2024-08-31", YEAR, *others).tables[0].remarks

    assert remark.facts["planned"] == planned
    assert ("planerat" in remark.sentence("sv")) is not bool(planned)


def test_is_told_once_and_can_be_taken_away() -> None:
    text = OUTCOME + OUTCOME.replace('id = "t"', 'id = "u"') + '[packs]\nannual = ["t", "u"]\n'

    report = made("2024-08-31", YEAR, text=text, name="annual")

    assert codes(report) == ["day_outside_years"] * 2
    assert len(day_remarks(report)) == 1
    assert codes(without_day_remarks(report)) == []
    assert day_remarks(without_day_remarks(report)) == ()


@pytest.mark.parametrize("code", WORDS)
def test_says_the_same_in_both_languages(code: str) -> None:
    facts: dict[str, str | int] = {"as_of": "A", "year": 1, "planned": 1, "first": "F", "last": "L"}
    sv, en = (DayRemark(code, facts).sentence(language) for language in NOTHING)

    assert sv != en
    assert all(("A" in said) and ("1" in said) for said in (sv, en))
    assert ("F" in sv, "L" in sv) == ("F" in en, "L" in en)
