"""Formulas of layouts: lines, numbers, `+ - * /` and parentheses, worked out exactly.

`int - kost` names lines of the same table, `rr.resultat` a line of another, `br.kassa@1` its second column.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from domain.kernel.refusal import say
from projections.layout_fault import FAULTS

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?(?:@\d+)?)|(?P<sign>[-+*/()]))"
)


class FormulaWrong(ValueError):  # noqa: N818 - named by what is wrong
    """The text is not a formula: a code of `projections.layout_fault.FAULTS`, and the facts behind it."""

    def __init__(self, code: str, **facts: str | int) -> None:
        self.code = code
        self.facts = facts
        super().__init__(say(FAULTS[code]["en"], facts))


class _Stop(Exception):  # noqa: N818 - named by what it does
    """Reading a formula ends here."""

    def __init__(self, code: str, **facts: str) -> None:
        self.code = code
        self.facts = facts


class Reference(NamedTuple):
    """A line: its table (empty: the same), its id, and its column (None: the same)."""

    table: str
    line: str
    column: int | None


class Formula(NamedTuple):
    """A formula in postfix order: numbers, references and operators."""

    text: str
    steps: tuple[Fraction | Reference | str, ...]

    @property
    def references(self) -> tuple[Reference, ...]:
        """Return the lines it names."""
        return tuple(step for step in self.steps if isinstance(step, Reference))

    def value(self, look_up: Callable[[Reference], Fraction]) -> Fraction:
        """Return the exact value, asking for each line's; division by zero gives zero."""
        stack: list[Fraction] = []
        for step in self.steps:
            if isinstance(step, Fraction):
                stack.append(step)
            elif isinstance(step, Reference):
                stack.append(look_up(step))
            else:
                right, left = stack.pop(), stack.pop()
                stack.append(_apply(step, left, right))
        return stack[0]


Tokens = list[Fraction | Reference | str]


def _apply(operator: str, left: Fraction, right: Fraction) -> Fraction:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right if right else Fraction(0)


def parse(text: str) -> Formula:
    """Return the formula a text states, or raise FormulaWrong with what is wrong in it."""
    text = text.strip()
    steps: Tokens = []
    tokens = _tokens(text)
    try:
        rest = _sum(tokens, 0, steps)
    except _Stop as stop:
        raise FormulaWrong(stop.code, text=text, **stop.facts) from None
    except RecursionError:
        raise FormulaWrong("formula_too_deep", text=text[:20]) from None
    if rest != len(tokens):
        raise FormulaWrong("formula_unexpected", text=text, found=_shown(tokens[rest]))
    return Formula(text, tuple(steps))


def _tokens(text: str) -> Tokens:
    tokens: Tokens = []
    place = 0
    while place < len(text):
        found = TOKEN.match(text, place)
        if found is None:
            raise FormulaWrong("formula_unreadable", text=text, rest=text[place:].lstrip())
        place = found.end()
        if number := found["number"]:
            tokens.append(Fraction(number))
        elif name := found["name"]:
            path, _, column = name.partition("@")
            table, dot, line = path.rpartition(".")
            tokens.append(Reference(table if dot else "", line, int(column) if column else None))
        else:
            tokens.append(found["sign"])
    return tokens


def _shown(token: Fraction | Reference | str) -> str:
    if not isinstance(token, Reference):
        return str(token)
    table = f"{token.table}." if token.table else ""
    return f"{table}{token.line}" if token.column is None else f"{table}{token.line}@{token.column}"


def _sum(tokens: Tokens, at: int, steps: Tokens) -> int:
    at = _product(tokens, at, steps)
    while at < len(tokens) and tokens[at] in ("+", "-"):
        operator = tokens[at]
        at = _product(tokens, at + 1, steps)
        steps.append(operator)
    return at


def _product(tokens: Tokens, at: int, steps: Tokens) -> int:
    at = _term(tokens, at, steps)
    while at < len(tokens) and tokens[at] in ("*", "/"):
        operator = tokens[at]
        at = _term(tokens, at + 1, steps)
        steps.append(operator)
    return at


def _term(tokens: Tokens, at: int, steps: Tokens) -> int:
    if at >= len(tokens):
        raise _Stop("formula_ends")
    found = tokens[at]
    if found == "-":
        steps.append(Fraction(0))
        at = _term(tokens, at + 1, steps)
        steps.append("-")
        return at
    if found == "(":
        at = _sum(tokens, at + 1, steps)
        if at >= len(tokens) or tokens[at] != ")":
            raise _Stop("formula_open")
        return at + 1
    if isinstance(found, str):
        raise _Stop("formula_unexpected", found=found)
    steps.append(found)
    return at + 1
