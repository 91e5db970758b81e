"""Tracing a figure to its vouchers, and a voucher to the figures it touches."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.history import history_of
from projections.journal import entered
from projections.layout import Layout
from projections.statement import Statement
from projections.trace import Leaf, Trace, touched, trace
from tests.ledger_text import events
from tests.projections.tables import layout_of

AS_OF = date(2023, 8, 31)
LAYOUT = layout_of("""
    [[table]]
    id = "rr"
    title = ""
    columns = [{ label = "{year}" }, { label = "{year-1}", year = -1 }, { label = "B", source = "budget" },
               { label = "del", share = "months" }]
    lines = [
      { id = "h", label = "Rubrik", kind = "heading" },
      { id = "int", accounts = "3000-3999", sign = "-" },
      { id = "kost", each = "project", accounts = "4000-4999" },
      { id = "utan", accounts = "4000-4999", project = "" },
      { id = "res", sum = "int - (kost + utan)" },
      { id = "half", sum = "res / 2 + int - int" },
    ]
    [[table]]
    id = "br"
    title = ""
    columns = [{ label = "" }]
    lines = [
      { id = "bank", accounts = "1930", measure = "closing" },
      { id = "in", accounts = "1930", measure = "opening" },
      { id = "flow", sum = "bank - in" },
      { id = "twice", terms = [{ accounts = "1930", measure = "closing" }, { accounts = "3000-3999", sign = "-" }] },
      { id = "last", sum = "rr.res@1" },
    ]
""")
TEXT = """
    2023-01-01 IB Balans
        1930  1 000
        2081 -1 000
    2023-02-28 Insats
        1930    600
        3985   -600
    2023-03-31 Bidrag
        4010    300  #insatsen
        4010     20
        1930   -320
    2023-10-31 Efteråt
        4010      7
        1930     -7
"""


def traced(text: str, table: str, line: str, column: int = 0) -> Trace:
    told = events(text)
    return trace(Statement(history_of(told), LAYOUT, AS_OF), Leaf(table, line, column), entered(told))


def test_a_sum_is_traced_to_its_lines_and_they_to_their_vouchers() -> None:
    found = traced(TEXT, "rr", "res")

    assert (found.printed, int(found.amount_ore), found.column) == ("280", 280_00, "2023")
    assert [(line.line, int(line.times), int(line.amount_ore), int(line.rest_ore)) for line in found.lines] == [
        ("int", 1, 600_00, 0), ("kost", -1, 300_00, 0), ("utan", -1, 20_00, 0),
    ]  # fmt: skip
    assert [line.accounts for line in found.lines] == [{3985: 600_00}, {4010: 300_00}, {4010: 20_00}]
    assert [(row.entered.position, str(row.entered.voucher.id)) for row in found.lines[1].postings] == [(4, "A2/2023")]


def test_an_opening_balance_is_traced_to_what_came_before_the_year() -> None:
    (opening,) = traced(TEXT, "br", "in").lines

    assert [str(row.entered.voucher.id) for row in opening.postings] == ["IB1/2023"]
    new_year = TEXT + "2023-01-01 Nyår\n1930 1\n2081 -1"
    assert len(traced(new_year, "br", "in").lines[0].postings) == 1
    assert traced(TEXT, "br", "bank").lines[0].accounts == {1930: 1_280_00}
    assert traced(TEXT, "rr", "res", 3).lines[0].amount_ore == 400_00


def test_a_line_that_cancels_out_is_left_out() -> None:
    assert [(line.line, line.times) for line in traced(TEXT, "rr", "half").lines] == [
        ("int", Fraction(1, 2)), ("kost", Fraction(-1, 2)), ("utan", Fraction(-1, 2)),
    ]  # fmt: skip


def test_a_heading_and_a_budget_have_no_vouchers() -> None:
    assert not traced(TEXT, "rr", "h").printed
    assert traced(TEXT, "rr", "int", 2).lines[0].postings == ()


@pytest.mark.parametrize(
    ("table", "line", "column"), [("nn", "res", 0), ("rr", "nn", 0), ("rr", "res", 4), ("rr", "res", -1)]
)
def test_a_place_that_does_not_exist_is_a_key_error(table: str, line: str, column: int) -> None:
    with pytest.raises(KeyError):
        traced(TEXT, table, line, column)


def test_a_voucher_touches_the_lines_it_is_on() -> None:
    told = events(TEXT)
    rows = entered(told)

    found = touched(Statement(history_of(told), LAYOUT, AS_OF), rows[2])

    assert [(row.table, row.line, row.column, row.part_ore) for row in found] == [
        ("rr", "kost", "2023", 300_00), ("rr", "utan", "2023", 20_00),
        ("rr", "kost", "del", 200_00), ("rr", "utan", "del", Fraction(20_00 * 8, 12)),
        ("br", "bank", "", -320_00), ("br", "twice", "", -320_00),
    ]  # fmt: skip


days = st.dates(date(2022, 1, 1), date(2023, 12, 31))
rows = st.lists(st.tuples(days, st.sampled_from((3985, 4010, 2440)), st.integers(1, 999), st.sampled_from(("", " #p"))))


def places(layout: Layout) -> list[Leaf]:
    return [
        Leaf(table.id, line.id, column)
        for table in layout.tables
        for line in table.lines
        for column in range(len(table.columns))
    ]


@given(rows, st.sampled_from(places(LAYOUT)))
def test_any_figure_is_the_sum_of_what_it_is_traced_to(some: list[tuple[date, int, int, str]], place: Leaf) -> None:
    text = "\n".join(
        f"{day} Rad\n{account} {kronor}{project}\n1930 -{kronor}" for day, account, kronor, project in some
    )

    found = traced(text, *place)

    assert sum((line.times * line.amount_ore for line in found.lines), Fraction(0)) == found.amount_ore
    assert all(line.rest_ore == 0 for line in found.lines), "in the outcome, vouchers explain everything"
    assert all(sum(line.accounts.values(), Fraction(0)) == line.amount_ore for line in found.lines)
