"""Tables that every book has: trial balance, grants, committed funds, equity, financing shares."""

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.books.register import ProjectOpened
from domain.funding import facts as funding
from domain.membership.facts import ContributionAgreed, MemberJoined
from domain.planning.plan import ForecastSubmitted, PlanLine
from projections.built_in import BUILT_IN, committed, equity, grants, shares, trial_balance
from projections.history import history_of
from tests.ledger_text import an_association, books, recorded_on
from tests.projections.tables import figures

if TYPE_CHECKING:
    from domain.catalogue import AnyEvent
    from domain.membership.facts import MemberKind

BY = recorded_on(date(2023, 1, 1))
AUGUST = date(2023, 8, 31)


def members(state: int, region: int, *municipalities: int) -> "list[AnyEvent]":
    """Return members and what each has agreed to for 2023, in kronor."""
    rows: list[tuple[MemberKind, str, int]] = [("state", "fk", state), ("region", "skane", region)]
    rows += [("municipality", f"kommun-{number}", amount) for number, amount in enumerate(municipalities)]
    events: list[AnyEvent] = []
    for kind, party, amount in rows:
        joined = MemberJoined(
            party=party,
            name=party.title(),
            kind=kind,
            joined_on=date(2020, 1, 1),
            recorded=BY,
        )
        agreed = ContributionAgreed(
            party=party, year=2023, amount_ore=amount * 100, invoicing="yearly", decision="§ 1", recorded=BY
        )
        events += [joined, agreed]
    return events


def grant(name: str, project: str, *amounts: tuple[int, int]) -> funding.GrantDecided:
    rows = tuple(funding.YearAmount(year=year, amount_ore=ore * 100) for year, ore in amounts)
    return funding.GrantDecided(
        grant=name,
        project=project,
        owner="utforaren",
        form="full",
        amounts=rows,
        decided_on=date(2023, 1, 10),
        decision="§ 4",
        recorded=BY,
    )


def test_the_trial_balance_shows_opening_movement_and_closing() -> None:
    table = trial_balance(
        books("""
            2023-01-01 IB Ingående balanser
                1930  1 000
                2081 -1 000
            2023-02-01 Kostnad
                4010    300,50  #a
                4010    100
                1930   -400,50
            2023-03-01 Ut och in
                1910     5
                1930    -5
            2023-04-01 In och ut
                1910    -5
                1930     5
            2023-09-01 Efteråt
                4010     7
                1930    -7
        """),
        AUGUST,
        "sv",
    )

    assert figures(table) == {
        "1930": ("1000.00", "-400.50", "599.50"),
        "2081": ("-1000.00", "0", "-1000.00"),
        "4010": ("0", "400.50", "400.50"),
        "sum": ("0", "0", "0"),
    }
    assert table.lines[0].label == "1930 Bank"


TWO_YEARS = """
    2022-03-01 Intäkt
        1930    300
        3985   -300
    2022-04-01 Kostnad
        4010     20
        1930    -20
    {closing}
    2023-02-01 Intäkt
        1930    700
        3985   -700
"""


def test_result_accounts_open_each_year_at_zero_and_the_rest_has_a_line_of_its_own() -> None:
    history = books(TWO_YEARS.format(closing=""))

    table = trial_balance(history, AUGUST, "sv")

    assert figures(table) == {
        "1930": ("280.00", "700.00", "980.00"),
        "3985": ("0", "-700.00", "-700.00"),
        "earlier-result": ("-280.00", "0", "-280.00"),
        "sum": ("0", "0", "0"),
    }
    assert table.line("earlier-result").label == "Tidigare års resultat, inte omfört"
    english = trial_balance(history, AUGUST, "en").line("earlier-result")
    assert english.label == "Result of earlier years, not moved to equity"


def test_a_result_moved_to_equity_opens_there() -> None:
    history = books(TWO_YEARS.format(closing="2022-12-31 Årets resultat\n8999 280\n2099 -280"))

    assert figures(trial_balance(history, AUGUST, "sv")) == {
        "1930": ("280.00", "700.00", "980.00"),
        "2099": ("-280.00", "0", "-280.00"),
        "3985": ("0", "-700.00", "-700.00"),
        "sum": ("0", "0", "0"),
    }
    assert figures(trial_balance(history, date(2022, 12, 31), "sv")) == {
        "1930": ("0", "280.00", "280.00"),
        "2099": ("0", "-280.00", "-280.00"),
        "3985": ("0", "-300.00", "-300.00"),
        "4010": ("0", "20.00", "20.00"),
        "8999": ("0", "280.00", "280.00"),
        "sum": ("0", "0", "0"),
    }


amounts = st.lists(
    st.tuples(st.sampled_from((1930, 2081, 3985, 4010)), st.sampled_from((1930, 2440, 6550)), st.integers(1, 10**9)),
    max_size=10,
)
some_days = st.dates(date(2022, 1, 1), date(2024, 9, 27))


@given(amounts, st.lists(some_days, min_size=10, max_size=10), some_days)
def test_any_trial_balance_sums_to_zero_in_every_column(
    some: list[tuple[int, int, int]], days: list[date], as_of: date
) -> None:
    text = "\n".join(
        f"{day} Rad\n{debit} {kronor}\n{credit} -{kronor}"
        for (debit, credit, kronor), day in zip(some, days, strict=False)
    )

    table = trial_balance(books(text), as_of, "sv")

    assert [cell.amount_ore for cell in table.line("sum").cells] == [0, 0, 0]
    for line in table.lines:
        opening, movement, closing = (cell.amount_ore for cell in line.cells)
        assert opening + movement == closing


def test_grants_show_what_each_project_has_left() -> None:
    forecast = ForecastSubmitted(
        year=2023,
        made_on=date(2023, 6, 30),
        lines=(PlanLine(year=2023, account=4010, amount_ore=880_00, project="a"),),
        text="Prognos",
        recorded=BY,
    )
    history = books(
        """
        2022-12-01 Förra året
            4010   50  #a
            1930  -50
        2023-03-01 Rekvisition
            4010  250  #a
            4090   30  #a
            2440 -280
        2023-03-01 Utan beslut
            4010   99  #c
            1930  -99
        """,
        an_association(),
        ProjectOpened(project="a", name="Alfa", recorded=BY),
        grant("1", "a", (2023, 600), (2024, 100)),
        grant("2", "a", (2023, 300)),
        grant("3", "b", (2024, 40)),
        forecast,
    )

    table = grants(history, AUGUST, "sv")

    assert figures(table) == {
        "a": ("900.00", "280.00", "880.00", "620.00", "1000.00"),
        "b": ("0", "0", "0", "0", "40.00"),
        "sum": ("900.00", "280.00", "880.00", "620.00", "1040.00"),
    }
    assert [line.label for line in table.lines] == ["Alfa", "b", "Summa"]


def test_committed_funds_are_those_of_coming_years() -> None:
    history = books(
        "", grant("1", "a", (2023, 600), (2024, 100)), grant("2", "a", (2026, 5)), grant("3", "b", (2023, 1))
    )

    table = committed(history, AUGUST, "sv")

    assert table.columns == ("2024", "2026")
    assert figures(table) == {"a": ("100.00", "5.00"), "sum": ("100.00", "5.00")}
    assert committed(history, date(2026, 1, 1), "sv").columns == ()


@pytest.mark.parametrize(("result", "above"), [(50, "0"), (100, "0"), (101, "1.00")])
def test_equity_is_compared_with_its_ceiling(result: int, above: str) -> None:
    history = books(
        f"""
        2023-01-01 IB Ingående balanser
            1930   700
            2081  -700
        2023-05-01 Resultat
            1930  {result}
            3985 -{result}
        2023-05-01 Skuld
            1930   55
            2440  -55
        """,
        *members(2000, 1000, 1000),
    )

    table = equity(history, AUGUST, "sv")

    assert figures(table) == {
        "agreed": ("4000.00",), "ceiling": ("800.00",), "equity": (f"{700 + result}.00",), "above": (above,),
    }  # fmt: skip
    assert [remark.facts for remark in table.remarks] == ([{"amount_ore": 1_00}] if above != "0" else [])


def test_the_ceiling_is_the_associations_own_and_a_fifth_before_there_is_one() -> None:
    half = an_association()

    assert figures(equity(history_of([*members(4000, 0)]), AUGUST, "sv"))["ceiling"] == ("800.00",)
    assert figures(equity(history_of([half, *members(4000, 0)]), AUGUST, "sv"))["ceiling"] == ("800.00",)


def test_shares_are_by_member_and_by_kind() -> None:
    table = shares(history_of(members(20_000, 10_000, 6_000, 4_000)), AUGUST, "sv")

    assert figures(table) == {
        "fk": ("20000.00", ""),
        "sum-state": ("20000.00", "20000.00"),
        "skane": ("10000.00", ""),
        "sum-region": ("10000.00", "10000.00"),
        "kommun-0": ("6000.00", ""),
        "kommun-1": ("4000.00", ""),
        "sum-municipality": ("10000.00", "10000.00"),
        "sum": ("40000.00", "40000.00"),
    }
    assert table.remarks == ()


@pytest.mark.parametrize(
    ("state", "region", "municipality", "kinds"),
    [
        (21_000, 10_000, 10_000, []),  # off by 500 kr: rounding
        (24_000, 10_000, 10_000, ["Staten"]),  # off by 2 000, 1 000 and 1 000 kr
        (20_000, 14_000, 6_000, ["Regionen", "Kommunerna"]),
    ],
)
def test_shares_beyond_rounding_are_remarked_on(state: int, region: int, municipality: int, kinds: list[str]) -> None:
    table = shares(history_of(members(state, region, municipality)), AUGUST, "sv")

    assert [remark.facts["kind"] for remark in table.remarks] == kinds


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_table_speaks_both_languages_and_stands_an_empty_book(name: str) -> None:
    swedish, english = BUILT_IN[name](books(""), AUGUST, "sv"), BUILT_IN[name](books(""), AUGUST, "en")

    assert swedish.id == english.id == name
    assert swedish.title != english.title
    assert {cell.amount_ore for line in (*swedish.lines, *english.lines) for cell in line.cells} <= {0}
