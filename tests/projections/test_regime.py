"""The standard layouts print the lines of the law that a fiscal year is reported by, and balance in each."""

from datetime import date

import pytest

from projections.regime import Regime, regime_of
from projections.report import Known, Question, make_report
from projections.table import Report
from services.application.layouts import layout_for
from tests.ledger_text import books


@pytest.mark.parametrize(
    ("year", "regime"),
    [
        (1998, "lkr1997"),
        (2018, "lkr1997"),
        (2019, "lkbr2019"),
        (2023, "lkbr2019"),
        (2024, "lkbr2024"),
        (2030, "lkbr2024"),
    ],
)
def test_chooses_the_regime_by_fiscal_year(year: int, regime: Regime) -> None:
    assert regime_of(year) == regime


def annual(year: int, chart: str, income: int, cost: int) -> Report:
    history = books(f"""
        {year}-03-01 Medlemsinsats
            1930    500 000
            {income}   -500 000
        {year}-04-01 Kostnad
            {cost}    200 000
            1930   -200 000
    """)
    question = Question(name="annual", as_of=date(year, 12, 31))
    made = make_report(Known(book="bok", known_at="now", history=history), layout_for("standard", chart), question)
    assert made is not None
    return made


@pytest.mark.parametrize(("chart", "income", "cost"), [("bas", 3987, 6990), ("kommun-bas", 3513, 7690)])
@pytest.mark.parametrize("year", [2018, 2019, 2024])
def test_prints_the_lines_of_the_law(year: int, chart: str, income: int, cost: int) -> None:
    made = annual(year, chart, income, cost)

    statement = [line.label for line in made.table("rr").lines]
    equity = [line.label for line in made.table("br").lines]
    old = year < 2019
    assert ("Resultat före extraordinära poster" in statement) == old
    assert ("Verksamhetens resultat" in statement) != old
    assert ("Övrigt eget kapital" in equity) == old
    assert ("Eget kapital vid årets början" in equity) != old
    assert [remark for table in made.tables for remark in table.remarks] == []
    assert made.table("rr").amount(made.table("rr").line("arets"), 0) == "300000"
