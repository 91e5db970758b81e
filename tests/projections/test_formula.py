"""Formulas of layouts: what they are worth, exactly, and what is not one."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.formula import FormulaWrong, Reference, parse

LINES = {
    Reference("", "a", None): Fraction(10),
    Reference("", "b_2", None): Fraction(3),
    Reference("br", "kassa", None): Fraction(7),
    Reference("br", "kassa", 1): Fraction(5),
    Reference("", "zero", None): Fraction(0),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", Fraction(10)),
        ("a - b_2", Fraction(7)),
        ("a - b_2 - 1", Fraction(6)),
        ("a + b_2 * 2", Fraction(16)),
        ("(a + b_2) * 2", Fraction(26)),
        ("a / b_2", Fraction(10, 3)),
        ("a / b_2 / 2", Fraction(10, 6)),
        ("a / b_2 * 3", Fraction(10)),
        ("-a", Fraction(-10)),
        ("-a + 4", Fraction(-6)),
        ("2 * -a", Fraction(-20)),
        ("--a", Fraction(10)),
        ("-(a - b_2)", Fraction(-7)),
        ("0.2 * a", Fraction(2)),
        ("br.kassa - br.kassa@1", Fraction(2)),
        ("a / zero", Fraction(0)),
        ("1 + a / (b_2 - 3)", Fraction(1)),
        ("  a  ", Fraction(10)),
    ],
)
def test_works_out(text: str, value: Fraction) -> None:
    assert parse(text).value(LINES.__getitem__) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'': a formula ends too early"),
        ("a +", "'a +': a formula ends too early"),
        ("(a", "'(a': a parenthesis is not closed"),
        ("a)", "'a)': unexpected ')'"),
        ("a b", "'a b': unexpected 'b'"),
        ("a br.b@2", "'a br.b@2': unexpected 'br.b@2'"),
        ("a 2", "'a 2': unexpected '2'"),
        ("* a", "'* a': unexpected '*'"),
        ("a # b", "'a # b': cannot read '# b'"),
        ("A", "'A': cannot read 'A'"),
        ("()", "'()': unexpected ')'"),
    ],
)
def test_refuses_what_is_not_a_formula(text: str, reason: str) -> None:
    with pytest.raises(FormulaWrong) as raised:
        parse(text)

    assert str(raised.value) == reason


@pytest.mark.parametrize("text", ["(" * 5000 + "a" + ")" * 5000, "-" * 5000 + "a"])
def test_refuses_a_formula_nested_beyond_reason(text: str) -> None:
    with pytest.raises(FormulaWrong, match="too many"):
        parse(text)


def test_names_the_lines_it_takes_in() -> None:
    assert parse("a + br.kassa@1 * 2 - a").references == (
        Reference("", "a", None),
        Reference("br", "kassa", 1),
        Reference("", "a", None),
    )


leaf = st.sampled_from(("a", "b_2", "zero", "br.kassa", "br.kassa@1", "3", "0.25", "12"))
formulas = st.recursive(
    leaf,
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from("+-*/"), part).map(" ".join),
        part.map(lambda text: f"({text})"),
        part.map(lambda text: f"-{text}"),
    ),
    max_leaves=12,
)


def _evaluated(text: str) -> "Worth":
    """Return what Python makes of the formula, reading every name and number as an exact fraction."""
    names = {"a": 10, "b_2": 3, "zero": 0, "br.kassa": 7, "br.kassa@1": 5, "3": 3, "0.25": Fraction(1, 4), "12": 12}
    words = text.replace("(", " ( ").replace(")", " ) ").replace("-", " - ").split()
    source = " ".join(f"E({names[word]!r})" if word in names else word for word in words)
    found: Worth = eval(source, {"E": Worth, "Fraction": Fraction})  # noqa: S307 - our own text
    return found


class Worth:
    """A number that divides as formulas do, for Python's own precedence to work on."""

    def __init__(self, value: Fraction | int) -> None:
        self.value = Fraction(value)

    def __add__(self, other: "Worth") -> "Worth":
        return Worth(self.value + other.value)

    def __sub__(self, other: "Worth") -> "Worth":
        return Worth(self.value - other.value)

    def __mul__(self, other: "Worth") -> "Worth":
        return Worth(self.value * other.value)

    def __truediv__(self, other: "Worth") -> "Worth":
        return Worth(self.value / other.value if other.value else Fraction(0))

    def __neg__(self) -> "Worth":
        return Worth(-self.value)


@given(formulas)
def test_means_what_python_means(text: str) -> None:
    assert parse(text).value(LINES.__getitem__) == _evaluated(text).value
