"""A report as a value: rounding, and finding things in it."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.table import ORE_PER, REMARKS, Cell, Line, Remark, Report, ReportTable, Unit, rounded

numbers = st.fractions(max_denominator=1000) | st.builds(Fraction, st.integers(), st.sampled_from((2, 8, 12, 100_000)))


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (Fraction(5, 2), 0, "3"),
        (Fraction(-5, 2), 0, "-3"),
        (Fraction(49, 100), 0, "0"),
        (Fraction(-49, 100), 0, "0"),
        (Fraction(-1, 2), 0, "-1"),
        (Fraction(5, 100), 1, "0.1"),
        (Fraction(-4, 100), 1, "0.0"),
        (Fraction(999, 100), 1, "10.0"),
        (Fraction(5), 2, "5.00"),
        (Fraction(8937, 2), -2, "4500"),
        (Fraction(4449), -2, "4400"),
        (Fraction(-50), -2, "-100"),
        (Fraction(-49), -2, "0"),
        (Fraction(10**30 + 1, 2), 0, str(10**30 // 2 + 1)),
    ],
)
def test_rounds_half_away_from_zero(value: Fraction, decimals: int, text: str) -> None:
    assert rounded(value, decimals) == text


@given(numbers, st.integers(0, 4))
def test_rounds_as_decimals_do(value: Fraction, decimals: int) -> None:
    scaled = abs(value) * 10**decimals
    below = Decimal(scaled.numerator // scaled.denominator)
    half = Decimal("0.5") if scaled % 1 >= Fraction(1, 2) else Decimal(0)
    whole = (below + half).quantize(Decimal(1), ROUND_HALF_UP)
    expected = whole.scaleb(-decimals).copy_sign(Decimal(-1 if value < 0 and whole else 1))

    assert Decimal(rounded(value, decimals)) == expected
    assert rounded(value, decimals) == f"{expected:.{decimals}f}"


ore = st.integers() | st.integers(-(10**6), 10**6).map(lambda count: 5 * count)  # every tie there is ends in a 5


@pytest.mark.parametrize("unit", ORE_PER)
@pytest.mark.parametrize("decimals", range(-3, 5))
@given(amount_ore=ore | numbers)
def test_an_amount_in_any_unit_is_rounded_as_the_exact_quotient(
    unit: Unit, decimals: int, amount_ore: int | Fraction
) -> None:
    exact = Fraction(amount_ore) / ORE_PER[unit]
    step = Fraction(1, 10**decimals) if decimals >= 0 else Fraction(10**-decimals)
    away = int(abs(exact) / step + Fraction(1, 2)) * step  # a whole number of steps; `int` cuts what is above

    text = rounded(amount_ore, decimals, ORE_PER[unit])

    assert Fraction(text) == (-away if exact < 0 else away)
    assert text.startswith("-") == (exact < 0 and away > 0)
    assert len(text.partition(".")[2]) == max(decimals, 0)
    assert text == rounded(exact, decimals)


@given(numbers, st.integers(-3, 4))
def test_is_never_off_by_more_than_half_a_unit_and_never_minus_zero(value: Fraction, decimals: int) -> None:
    text = rounded(value, decimals)

    assert abs(Fraction(text) - value) <= Fraction(1, 2) / Fraction(10) ** decimals
    assert not (text.startswith("-") and Fraction(text) == 0)
    assert rounded(-value, decimals) == (text.removeprefix("-") if value < 0 or Fraction(text) == 0 else f"-{text}")


def table(*lines: Line, unit: Unit = "tkr", decimals: int = 0) -> ReportTable:
    return ReportTable(
        id="rr",
        title="RR",
        unit=unit,
        decimals=decimals,
        columns=("A",),
        lines=lines,
    )


@pytest.mark.parametrize(
    ("unit", "decimals", "amount_ore", "text"),
    [
        ("kr", 0, 12_345_50, "12346"),
        ("kr", 2, 12_345_50, "12345.50"),
        ("tkr", 0, 12_499_99, "12"),
        ("tkr", 1, 12_450_00, "12.5"),
        ("mnkr", 1, 12_450_000_00, "12.5"),
        ("%", 0, 43, "43"),
    ],
)
def test_an_amount_is_in_the_tables_unit(unit: Unit, decimals: int, amount_ore: int, text: str) -> None:
    line = Line(id="a", label="A", cells=(Cell(Fraction(amount_ore)),))

    assert table(line, unit=unit, decimals=decimals).amount(line, 0) == text


def test_the_amounts_of_a_line_are_each_of_its_amounts() -> None:
    cells = (Cell(1_499_99), Cell(Fraction(-100_000, 3)), Cell(0), Cell(0, "Slutfakturerat"))
    line = Line(id="a", label="A", cells=cells, zero="-")
    rows = table(line, unit="kr", decimals=1)

    assert rows.amounts(line) == ("1500.0", "-333.3", "-", "")
    assert rows.amounts(line) == tuple(rows.amount(line, at) for at in range(len(cells)))
    assert rows.amounts(Line(id="h", label="H", kind="heading")) == ()


@pytest.mark.parametrize(("amount_ore", "text"), [(0, "-"), (1, "0"), (-1, "0")])
def test_only_a_true_zero_prints_as_the_layout_says(amount_ore: int, text: str) -> None:
    line = Line(id="a", label="A", cells=(Cell(Fraction(amount_ore)),), zero="-")

    assert table(line).amount(line, 0) == text


def test_a_text_in_place_of_an_amount_has_no_amount() -> None:
    line = Line(id="a", label="A", cells=(Cell(Fraction(100_000), "Slutfakturerat"),))

    assert not table(line).amount(line, 0)


def test_finds_tables_and_lines_by_name_or_says_which_is_missing() -> None:
    line = Line(id="a", label="A", kind="heading")
    report = Report(
        book="b", association="B", as_of=date(2023, 12, 31), known_at="now", position=1, tables=(table(line),)
    )

    assert report.table("rr").line("a") is line
    with pytest.raises(KeyError, match="br"):
        report.table("br")
    with pytest.raises(KeyError, match=r"rr\.b"):
        report.table("rr").line("b")


@pytest.mark.parametrize("code", REMARKS)
def test_every_remark_speaks_both_languages_with_the_same_facts(code: str) -> None:
    named = [{name for _, name, _, _ in Formatter().parse(words) if name} for words in REMARKS[code].values()]
    facts: dict[str, str | int] = {name: 1 if name.endswith("_ore") else "text" for name in named[0]}

    assert named[0] == named[1]
    assert Remark(code, facts).sentence("sv") != Remark(code, facts).sentence("en")
