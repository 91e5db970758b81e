"""Tables made by a layout: measures, signs, columns, sums, and the remarks on what does not add up."""

from datetime import date

import pytest

from domain.books.register import PartyRegistered, ProjectOpened
from domain.funding import facts as funding
from domain.planning.plan import BudgetAdopted, BudgetRevised, ForecastSubmitted, PlanLine
from projections.statement import Statement
from tests.ledger_text import an_association, books, recorded_on
from tests.projections.tables import figures, layout_of, one_table, table_of

BY = recorded_on(date(2023, 1, 1))

YEARS = books("""
    2022-01-01 IB Ingående balanser
        1930   1 000
        2081  -1 000
    2022-06-30 Insats
        1930     500
        3985    -500  @staten
    2023-02-28 Insats
        1930     700
        3985    -600  @staten
        3987    -100  @kommunen
    2023-03-31 Bidrag
        4010     300  #insatsen
        2440    -300  @utforaren
    2023-10-31 Bidrag
        4010      40  #stegen
        4010      10
        1930     -50
""")


def plan(*rows: tuple[int, int, int]) -> tuple[PlanLine, ...]:
    return tuple(PlanLine(year=year, account=account, amount_ore=ore * 100) for year, account, ore in rows)


def budget(year: int, *rows: tuple[int, int, int]) -> BudgetAdopted:
    return BudgetAdopted(year=year, adopted_on=date(year - 1, 11, 30), decision="§ 1", lines=plan(*rows), recorded=BY)


def forecast(made_on: str, *rows: tuple[int, int, int]) -> ForecastSubmitted:
    return ForecastSubmitted(
        year=2023, made_on=date.fromisoformat(made_on), lines=plan(*rows), text="Prognos", recorded=BY
    )


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


def settled(name: str, on: str) -> funding.GrantSettled:
    return funding.GrantSettled(grant=name, settled_on=date.fromisoformat(on), claimed_ore=0, recorded=BY)


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ('accounts = "3000-3999"', "-700"),
        ('accounts = "3000-3999", sign = "+"', "-700"),
        ('accounts = "3000-3999", sign = "-"', "700"),
        ('accounts = "3000-3999 -3987", sign = "-"', "600"),
        ('accounts = "income", sign = "-"', "700"),
        ('accounts = "1930", measure = "movement"', "700"),
        ('accounts = "1930", measure = "change"', "700"),
        ('accounts = "1930", measure = "opening"', "1500"),
        ('accounts = "1930", measure = "closing"', "2200"),
        ('accounts = "2000-2099 3000-8999", measure = "opening", sign = "-"', "1500"),
        ('accounts = "3000-3999", party = "kommunen"', "-100"),
        ('accounts = "3000-3999", party = ["kommunen", "staten"]', "-700"),
        ('accounts = "3000-3999", party = ""', "0"),
        ('accounts = "4010", project = "insatsen"', "300"),
        ('terms = [{ accounts = "1930", measure = "closing" }, { accounts = "3985", sign = "-" }]', "2800"),
        ('accounts = "9000"', "0"),
        ('party = "staten"', "0"),
    ],
)
def test_a_line_measures_what_it_selects(line: str, printed: str) -> None:
    text = one_table(f'{{ id = "a", {line} }}', before='[sets]\nincome = "3000-3999"')

    assert figures(table_of(text, YEARS, "2023-08-31")) == {"a": (printed,)}


def test_a_tables_measure_is_its_lines_default() -> None:
    text = one_table('{ id = "a", accounts = "1930" }, { id = "b", accounts = "1930", measure = "opening" }',
                     more='measure = "closing"')  # fmt: skip

    assert figures(table_of(text, YEARS, "2023-12-31")) == {"a": ("2150",), "b": ("1500",)}


def test_columns_choose_the_year_and_how_far_into_it() -> None:
    columns = """{ label = "" }, { label = "", to = "year-end" }, { label = "", year = -1 },
                 { label = "", year = -1, to = "as-of" }, { label = "", year = -2 }"""
    text = one_table(
        '{ id = "a", accounts = "3000-4999" }, { id = "b", accounts = "1930", measure = "closing" }', columns
    )

    assert figures(table_of(text, YEARS, "2023-03-31")) == {
        "a": ("-400", "-350", "-500", "0", "0"),
        "b": ("2200", "2150", "1500", "1000", "1000"),
    }


def test_a_budget_column_reads_the_plan_and_its_plan_years() -> None:
    history = books(
        "2022-12-31 Insats\n1930 900\n3985 -900",
        an_association(),
        budget(2022, (2022, 4010, 11)),
        budget(2023, (2023, 3985, -1200), (2023, 4010, 1000), (2024, 4010, 50)),
        BudgetRevised(
            year=2023,
            revised_on=date(2023, 9, 1),
            decision="§ 2",
            lines=plan((2023, 4010, 2000)),
            revision=1,
            recorded=BY,
        ),
    )
    columns = """{ label = "", source = "budget", share = "months" }, { label = "", source = "budget" },
                 { label = "", source = "budget", year = 1 }, { label = "", source = "budget", year = -1 }"""
    lines = '{ id = "a", accounts = "4010" }, { id = "b", accounts = "1930", measure = "closing" }'

    assert figures(table_of(one_table(lines, columns), history, "2023-08-31")) == {
        "a": ("667", "1000", "50", "11"),
        "b": ("733", "1100", "1050", "-11"),
    }
    assert figures(table_of(one_table(lines, columns), history, "2023-09-30"))["a"] == ("1500", "2000", "0", "11")


def test_a_forecast_column_reads_the_latest_forecast_of_its_year() -> None:
    history = books("", forecast("2023-04-30", (2023, 4010, 70)), forecast("2023-08-31", (2023, 4010, 90)))
    columns = '{ label = "", source = "forecast" }, { label = "", source = "forecast", year = -1 }'
    text = one_table('{ id = "a", accounts = "4010" }', columns)

    assert figures(table_of(text, history, "2023-08-30")) == {"a": ("70", "0")}
    assert figures(table_of(text, history, "2023-08-31")) == {"a": ("90", "0")}
    assert figures(table_of(text, history, "2023-01-31")) == {"a": ("0", "0")}


def test_sums_are_exact_and_only_what_is_printed_is_rounded() -> None:
    history = books("2023-01-31 Kostnader\n5010 0,40\n5800 0,40\n6110 0,40\n1930 -1,20")
    lines = """{ id = "a", accounts = "5010" }, { id = "b", accounts = "5800" }, { id = "c", accounts = "6110" },
               { id = "sum", kind = "sum", sum = "a + b + c" }, { id = "share", sum = "a / sum * 300" }"""

    assert figures(table_of(one_table(lines), history, "2023-12-31")) == {
        "a": ("0",), "b": ("0",), "c": ("0",), "sum": ("1",), "share": ("1",),
    }  # fmt: skip


def test_sums_may_stand_above_their_lines_and_have_a_floor() -> None:
    lines = """{ id = "h", label = "Rubrik", kind = "heading" },
               { id = "above", sum = "below * 2" }, { id = "below", accounts = "3000-3999" },
               { id = "floor", sum = "below", at_least = 0 }, { id = "up", sum = "-below", at_least = 0 },
               { id = "five", sum = "below", at_least = 500 }"""
    table = table_of(one_table(lines), YEARS, "2023-12-31")

    assert figures(table) == {
        "above": ("-1400",), "below": ("-700",), "floor": ("0",), "up": ("700",), "five": ("5",),
    }  # fmt: skip
    assert table.line("h").cells == ()


def test_a_formula_reads_other_tables_and_other_columns() -> None:
    text = one_table('{ id = "a", sum = "u.bank" }, { id = "b", sum = "u.bank - u.bank@1" }',
                     '{ label = "" }, { label = "", year = -1 }')  # fmt: skip
    text += """
        [[table]]
        id = "u"
        title = ""
        columns = [{ label = "" }, { label = "", year = -1 }]
        lines = [{ id = "bank", accounts = "1930", measure = "closing" }]
    """

    assert figures(table_of(text, YEARS, "2023-12-31")) == {"a": ("2150", "1500"), "b": ("650", "0")}


# ------------------------------------------------------------------------------------------------------------ each


def test_each_makes_a_line_for_every_name_that_has_an_amount() -> None:
    history = books(
        "2023-01-31 Kostnad\n4010 30 #b\n4010 20 #a\n6550 5 #c\n4010 7\n1930 -62",
        ProjectOpened(project="a", name="Alfa", recorded=BY),
    )
    lines = '{ id = "p_", each = "project", accounts = "4000-4999" }, { id = "s", sum = "p_" }'
    table = table_of(one_table(lines), history, "2023-12-31")

    assert figures(table) == {"p_a": ("20",), "p_b": ("30",), "s": ("50",)}
    assert [line.label for line in table.lines] == ["Alfa", "b", ""]


def test_each_leaves_out_names_whose_amount_is_zero() -> None:
    history = books(
        "2022-01-31 Förra året\n4010 30 #a\n1930 -30\n2023-01-31 I år\n4010 5 #b\n4010 -5 #b\n4010 1 #c\n1930 -1"
    )

    assert figures(table_of(one_table('{ each = "project", accounts = "4010" }'), history, "2023-12-31")) == {
        "c": ("1",)
    }


def test_each_with_several_terms_narrows_each_term_to_what_it_takes() -> None:
    history = books("2023-01-31 Kostnad\n4010 1 #a\n6550 10 #a\n4010 100 #b\n6550 1000 #b\n1930 -1 111")
    lines = """{ each = "project", terms = [{ accounts = "4010", project = "a" },
                                            { accounts = "6550", project = ["a", "b"], sign = "-" }] }"""

    assert figures(table_of(one_table(lines), history, "2023-12-31")) == {"a": ("-9",), "b": ("-1000",)}


def test_two_lines_for_each_keep_their_amounts_apart() -> None:
    history = books("2023-01-31 Kostnad\n4010 1 #a\n6550 10 #a\n1930 -11")
    lines = """{ id = "x", each = "project", accounts = "4010" }, { id = "xa", accounts = "1930" },
               { id = "y", each = "project", accounts = "6550" }"""
    table = table_of(one_table(lines), history, "2023-12-31")

    assert [table.amount(line, 0) for line in table.lines] == ["1", "-11", "10"]


def test_each_party_and_each_account_go_by_their_names() -> None:
    history = books(
        "2023-01-31 Insats\n1510 30 @b\n1510 20 @a\n3985 -50",
        PartyRegistered(party="b", name="Beta", kind="other", recorded=BY),
    )
    lines = '{ id = "p", each = "party", accounts = "1510" }, { each = "account", accounts = "1000-3999" }'
    table = table_of(one_table(lines), history, "2023-12-31")

    assert [(line.id, line.label) for line in table.lines] == [
        ("pa", "a"), ("pb", "Beta"), ("1510", "1510 Fordringar på medlemmar"), ("3985", "3985 Medlemsinsats, staten"),
    ]  # fmt: skip


def test_each_account_goes_by_number_whatever_its_length() -> None:
    history = books("2023-01-31 Konton\n10000 1\n1930 -1")

    lines = table_of(one_table('{ each = "account", accounts = "1000-99999" }'), history, "2023-12-31").lines

    assert [line.label for line in lines] == ["1930 Bank", "10000"]


def test_each_reads_the_accounts_of_its_columns() -> None:
    history = books("2023-01-31 Kostnad\n4010 1 #a\n6550 10 #a\n4010 100 #b\n1930 -111")
    columns = '{ label = "", accounts = "4000-4999" }, { label = "", accounts = "6000-6999" }'

    assert figures(table_of(one_table('{ each = "project" }', columns), history, "2023-12-31")) == {
        "a": ("1", "10"), "b": ("100", "0"),
    }  # fmt: skip
    assert figures(table_of(one_table('{ each = "account" }', columns), history, "2023-12-31")) == {
        "4010": ("101", "0"), "6550": ("0", "10"),
    }  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- grants


GRANTED = """{ label = "", source = "granted" }, { label = "", source = "granted", year = 1 },
             { label = "", source = "granted", years = "all" }"""


def test_granted_is_what_the_lines_projects_have_each_grant_once() -> None:
    history = books(
        "", grant("1", "a", (2023, 100), (2024, 50)), grant("2", "a", (2023, 7)), grant("3", "b", (2025, 1))
    )
    lines = """{ id = "a", project = "a" }, { id = "ab", project = ["a", "b"] }, { id = "none", project = "" },
               { id = "all", accounts = "4010" }, { id = "minus", project = "a", sign = "-" },
               { id = "twice", terms = [{ accounts = "4010", project = "a" }, { accounts = "6550", project = "a" }] }"""

    assert figures(table_of(one_table(lines, GRANTED), history, "2023-12-31")) == {
        "a": ("107", "50", "157"),
        "ab": ("107", "50", "158"),
        "none": ("0", "0", "0"),
        "all": ("107", "50", "158"),
        "minus": ("-107", "-50", "-157"),
        "twice": ("107", "50", "157"),
    }
    assert figures(table_of(one_table(lines, GRANTED), history, "2023-01-09"))["all"] == ("0", "0", "0")


def test_each_project_with_a_grant_has_a_line_before_it_costs_anything() -> None:
    history = books("2023-01-31 Kostnad\n4010 3 #c\n1930 -3", grant("1", "a", (2023, 100)), grant("2", "b", (2026, 1)))
    columns = '{ label = "", source = "granted" }, { label = "" }'

    assert figures(table_of(one_table('{ each = "project", accounts = "4010" }', columns), history, "2023-12-31")) == {
        "a": ("100", "0"),
        "c": ("0", "3"),
    }
    by_account = one_table('{ each = "account", accounts = "4010" }', columns)
    assert figures(table_of(by_account, history, "2023-12-31")) == {"4010": ("0", "3")}


def test_a_text_stands_where_every_grant_of_the_lines_projects_is_settled() -> None:
    history = books(
        "",
        grant("1", "a", (2023, 1)), grant("2", "a", (2023, 2)), grant("3", "b", (2023, 4)),
        settled("1", "2023-05-01"), settled("2", "2023-08-31"), settled("3", "2023-09-01"),
        forecast("2023-04-30", (2023, 4010, 70)),
    )  # fmt: skip
    columns = '{ label = "", source = "granted" }, { label = "", source = "forecast", settled = "Klart" }'
    lines = """{ id = "a", accounts = "4010", project = "a" }, { id = "b", accounts = "4010", project = "b" },
               { id = "c", accounts = "4010", project = "c" }, { id = "all", accounts = "4010" },
               { id = "sum", sum = "a + b + all" }"""

    assert figures(table_of(one_table(lines, columns), history, "2023-08-30"))["a"] == ("3", "0")
    assert figures(table_of(one_table(lines, columns), history, "2023-08-31")) == {
        "a": ("3", "Klart"), "b": ("4", "0"), "c": ("0", "0"), "all": ("7", "70"), "sum": ("14", "70"),
    }  # fmt: skip
    each = one_table('{ id = "p", each = "project", accounts = "4010" }', columns)
    assert figures(table_of(each, history, "2023-08-31")) == {"pa": ("3", "Klart"), "pb": ("4", "0")}


# ----------------------------------------------------------------------------------------------- units and remarks


def test_another_unit_rounds_to_whole_ones_but_leaves_percentages() -> None:
    lines = '{ id = "a", accounts = "1930", measure = "closing", shown_decimals = 2 }'
    text = one_table(lines, more='unit = "kr"\ndecimals = 2')
    percent = one_table('{ id = "a", sum = "200 / 4" }', more='unit = "%"')

    own, same, other = (table_of(text, YEARS, "2023-12-31", unit) for unit in (None, "kr", "tkr"))

    assert figures(own) == figures(same) == {"a": ("2150.00",)}
    assert own.line("a").shown_decimals == 2
    assert figures(other) == {"a": ("2",)}
    assert (other.unit, other.line("a").shown_decimals) == ("tkr", None)
    assert figures(table_of(percent, YEARS, "2023-12-31", "mnkr")) == {"a": ("50",)}


def test_zeros_print_as_the_line_the_table_or_the_layout_says() -> None:
    lines = '{ id = "a", accounts = "9000" }, { id = "b", accounts = "9000", zero = "" }'
    text = one_table(lines, before='zero = "-"')

    assert figures(table_of(text, YEARS, "2023-12-31")) == {"a": ("-",), "b": ("",)}


def test_labels_and_title_are_filled_in() -> None:
    text = one_table('{ id = "a", label = "Insatser {year}", accounts = "1" }', '{ label = "Bokslut {year-1}" }')

    table = table_of(text.replace('"T"', '"RR {as_of}"'), YEARS, "2023-12-31")

    assert (table.title, table.columns, table.lines[0].label) == ("RR 2023-12-31", ("Bokslut 2022",), "Insatser 2023")


def test_a_check_that_fails_is_named_with_both_amounts_and_its_column() -> None:
    lines = '{ id = "a", accounts = "1930", measure = "closing" }, { id = "b", accounts = "3000-3999", sign = "-" }'
    text = one_table(
        lines, '{ label = "{year}" }, { label = "{year-1}", year = -1 }', 'checks = ["a = b", "a - b = a - b"]'
    )

    remarks = table_of(text, YEARS, "2023-12-31").remarks

    assert [remark.facts for remark in remarks] == [
        {"check": "a = b", "column": "2023", "left": "2150.00", "right": "700.00"},
        {"check": "a = b", "column": "2022", "left": "1500.00", "right": "500.00"},
    ]
    assert remarks[0].sentence("sv") == "2023: a = b stämmer inte: 2150.00 är inte 700.00."


def uncovered(
    lines: str, covers: str, text: str, columns: str = '{ label = "{year}" }', measure: str = "movement"
) -> list[tuple[str | int, ...]]:
    more = f'covers = "{covers}"\nmeasure = "{measure}"'
    table = table_of(one_table(lines, columns, more), books(text), "2023-12-31")
    return [tuple(remark.facts.values()) for remark in table.remarks]


TWO_COLUMNS = '{ label = "{year}" }, { label = "{year-1}", year = -1 }'


def test_an_account_with_an_amount_on_no_line_is_named() -> None:
    lines = '{ id = "a", accounts = "4000-4999", project = "p" }'

    found = uncovered(lines, "4000-4999", "2023-01-31 Kostnad\n4010 5 #p\n4010 7 #q\n4010 1\n4090 2\n6550 1\n1930 -16")

    assert found == [("2023", 4010, 8_00), ("2023", 4090, 2_00)]


def test_it_is_named_in_each_column_so_that_columns_never_cancel_out() -> None:
    lines = '{ id = "a", accounts = "4000-4999", project = "p" }'
    text = "2022-01-31 Kostnad\n4010 7\n1930 -7\n2023-01-31 Rättad\n4010 -7\n1930 7"

    assert uncovered(lines, "4000-4999", text, TWO_COLUMNS) == [("2023", 4010, -7_00), ("2022", 4010, 7_00)]


def test_a_balance_is_missed_even_in_a_year_without_movement() -> None:
    lines = '{ id = "a", accounts = "1000-1999", party = "p" }'
    text = "2022-01-31 Fordran\n1510 7\n1930 -7 @p"

    assert uncovered(lines, "1000-1999", text, measure="closing") == [("2023", 1510, 7_00)]
    assert uncovered(lines, "1000-1999", text, measure="movement") == []


def test_a_balance_shown_beside_a_covered_result_does_not_make_it_a_balance() -> None:
    lines = """{ id = "a", accounts = "4000-4999", project = "p" },
               { id = "bank", accounts = "1930", measure = "closing" }"""
    text = "2022-01-31 Kostnad förra året\n4010 7\n1930 -7"

    assert uncovered(lines, "4000-4999", text) == []


def test_a_posting_without_a_project_is_on_no_line_for_each_project() -> None:
    lines = '{ each = "project", accounts = "4000-4999" }'
    text = "2023-01-31 Kostnad\n4010 7\n4010 1 #p\n1930 -8"

    assert uncovered(lines, "4000-4999", text) == [("2023", 4010, 7_00)]
    both = lines + ', { id = "b", accounts = "4000-4999", project = "" }'
    assert uncovered(both, "4000-4999", text) == []


def test_what_is_granted_is_on_no_account_and_so_never_missed() -> None:
    lines = '{ id = "a", accounts = "4000-4999", project = "p" }'
    history = books("2023-01-31 Kostnad\n4010 7\n1930 -7", forecast("2023-01-31", (2023, 4010, 9)))
    text = one_table(lines, '{ label = "g", source = "granted" }', 'covers = "4000-4999"')

    assert table_of(text, history, "2023-12-31").remarks == ()


def test_amounts_are_worked_out_once_and_the_same_whoever_asks_first() -> None:
    layout = layout_of(one_table('{ id = "a", sum = "b * 2" }, { id = "b", each = "party", accounts = "3000-3999" }'))
    (table,) = layout.tables
    one, other = (Statement(YEARS, layout, date(2023, 12, 31)) for _ in range(2))

    asked = [one.amount(table, line, 0) for line in table.lines]

    assert asked == [other.amount(table, line, 0) for line in reversed(table.lines)][::-1]
    assert one.table(table) == other.table(table) == one.table(table)
