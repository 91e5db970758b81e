"""Refusals say why in words, with the facts in them; invariants stop the program."""

from typing import TYPE_CHECKING

import pytest

from domain.books.journal import VoucherNotBalanced
from domain.kernel.refusal import InvariantBroken, ensure, kronor, say

if TYPE_CHECKING:
    from domain.kernel.refusal import Fact


def test_says_why_in_both_languages() -> None:
    refusal = VoucherNotBalanced(difference_ore=123_456_78)

    assert refusal.sentence() == "Debet minus kredit ska vara 0 kr men är 123 456,78 kr."
    assert refusal.sentence("en") == "Debit minus credit must be 0 kr but is 123 456,78 kr."
    assert str(refusal) == refusal.sentence("en")
    assert refusal.facts == {"difference_ore": 123_456_78}


def test_lists_facts_that_are_several() -> None:
    facts: dict[str, Fact] = {"accounts": (1930, 2440), "names": ("a", "b"), "year": 2023}

    assert say("{accounts}; {names}; {year}", facts) == "1930, 2440; a, b; 2023"


@pytest.mark.parametrize(
    ("amount_ore", "shown"),
    [
        (0, "0,00"),
        (5, "0,05"),
        (-5, "-0,05"),
        (100, "1,00"),
        (-1_234_56, "-1 234,56"),
        (10**15, "10 000 000 000 000,00"),
    ],
)
def test_shows_ore_as_kronor(amount_ore: int, shown: str) -> None:
    assert kronor(amount_ore) == shown


def test_stops_when_an_invariant_is_broken() -> None:
    ensure(condition=True, message="fine")
    with pytest.raises(InvariantBroken, match="broken"):
        ensure(condition=False, message="broken")
