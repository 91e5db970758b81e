"""What changed in a report between two knowledge dates, voucher by voucher."""

from datetime import date
from fractions import Fraction

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.books.manual import VoucherReplaced
from domain.catalogue import AnyEvent
from domain.planning.plan import BudgetAdopted, PlanLine
from projections.bridge import Bridge, bridge
from projections.history import history_of
from projections.journal import entered
from tests.ledger_text import events, recorded_on
from tests.projections.tables import layout_of

AS_OF = date(2023, 12, 31)
LAYOUT = layout_of("""
    [[table]]
    id = "t"
    title = ""
    columns = [{ label = "{year}" }, { label = "B", source = "budget" }]
    lines = [
      { id = "h", kind = "heading" },
      { id = "kost", label = "Kostnader", accounts = "4000-7999" },
      { id = "bank", accounts = "1930", measure = "closing" },
      { id = "both", sum = "kost + bank" },
    ]
""")
TEXT = """
    2023-01-31 Känd
        4010   100
        1930  -100
    2023-02-15 [2024-01-10] Sen
        6570    30
        1930   -30
    2023-12-31 [2024-01-11] Omförd
        6990    10
        6570   -10
    2024-02-01 [2024-02-01] Nästa år
        4010     5
        1930    -5
"""


def bridged(told: tuple[AnyEvent, ...], known: int) -> Bridge:
    before, after = history_of(told[:known]), history_of(told)
    between = [row for row in entered(told) if row.position > known]
    return bridge(before, after, between, LAYOUT, LAYOUT.tables, AS_OF)


def test_says_which_vouchers_changed_a_line_and_why() -> None:
    found = bridged(events(TEXT), 2)

    assert (found.before_position, found.after_position) == (2, 5)
    outcome = [line for line in found.lines if line.column == "2023"]
    assert [(line.line, int(line.before_ore), int(line.after_ore)) for line in outcome] == [
        ("kost", 100_00, 130_00), ("bank", -100_00, -130_00),
    ]  # fmt: skip
    kost, bank = (line for line in found.lines if line.column == "2023")
    assert [(str(step.entered.voucher.id), int(step.part_ore), str(step.why)) for step in kost.steps] == [
        ("A2/2023", 30_00, "new")
    ]
    assert [(int(step.part_ore), str(step.why)) for step in bank.steps] == [(-30_00, "new")]


def test_knows_late_reclassified_and_corrected_from_new() -> None:
    told = events(TEXT.replace("2023-01-31 Känd", "2023-01-31 [2023-06-30] Känd").replace("6990    10", "4090    10")
                  .replace("6570   -10", "1930   -10"))  # fmt: skip
    (*kept, last) = told
    corrected = VoucherReplaced(
        year=2023,
        series="A",
        number=1,
        correction_series="R",
        correction_number=1,
        recorded=last.recorded,
        voucher=msgspec.structs.replace(entered(told)[1].voucher, number=9),
    )

    bank = next(line for line in bridged((*kept, corrected), 2).lines if line.line == "bank")

    assert [step.why for step in bank.steps] == ["late", "new", "corrected"]
    moved = "2023-01-31 [2023-06-30] A\n4010 1\n1930 -1\n2023-12-31 B\n6990 10\n4010 -10\n"
    both = layout_of("""
        [[table]]
        id = "t"
        title = ""
        columns = [{ label = "" }]
        lines = [{ id = "a", accounts = "4010" }]
    """)
    told = events(moved)
    (line,) = bridge(history_of(told[:2]), history_of(told), entered(told)[1:], both, both.tables, AS_OF).lines
    assert [step.why for step in line.steps] == ["reclassified"]


def test_nothing_learned_is_no_bridge() -> None:
    told = events(TEXT)

    assert bridged(told, len(told)).lines == ()


def test_what_a_budget_changed_is_explained_by_no_voucher() -> None:
    lines = (PlanLine(year=2023, account=4010, amount_ore=5_00),)
    budget = BudgetAdopted(
        year=2023, adopted_on=date(2022, 11, 30), decision="§ 1", lines=lines, recorded=recorded_on(AS_OF)
    )

    found = bridged((*events(""), budget), 1).lines

    assert not any(line.steps for line in found)
    assert [(line.line, line.column, int(line.difference_ore), int(line.rest_ore)) for line in found] == [
        ("kost", "B", 5_00, 5_00), ("bank", "B", -5_00, -5_00),
    ]  # fmt: skip


days = st.dates(date(2022, 6, 1), date(2024, 3, 1))


@given(
    st.lists(st.tuples(days, st.sampled_from((4010, 6570, 2440)), st.integers(1, 999)), max_size=8), st.integers(0, 8)
)
def test_the_steps_sum_to_the_difference(rows: list[tuple[date, int, int]], known: int) -> None:
    told = events("\n".join(f"{day} Rad\n{account} {kronor}\n1930 -{kronor}" for day, account, kronor in rows))

    for line in bridged(told, min(known + 1, len(told))).lines:
        if line.column == "2023":
            assert line.difference_ore == sum((step.part_ore for step in line.steps), Fraction(0))
            assert line.rest_ore == 0
