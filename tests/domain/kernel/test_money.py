"""Öre are divided half away from zero and split without losing one."""

import pytest

from domain.kernel.money import divide, split
from domain.kernel.refusal import InvariantBroken


@pytest.mark.parametrize(
    ("amount", "divisor", "expected"),
    [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (5, 3, 2), (-4, 3, -1), (0, 7, 0), (7, 1, 7), (1, 3, 0), (1, 2, 1)],
)
def test_divides_half_away_from_zero(amount: int, divisor: int, expected: int) -> None:
    assert divide(amount, divisor) == expected


@pytest.mark.parametrize("divisor", [0, -1])
def test_stops_at_a_divisor_that_is_not_positive(divisor: int) -> None:
    with pytest.raises(InvariantBroken):
        divide(1, divisor)


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, (1, 1, 1), (34, 33, 33)),
        (-100, (1, 1, 1), (-33, -33, -34)),
        (1, (1, 2), (0, 1)),
        (10, (0, 1), (0, 10)),
        (0, (3, 4), (0, 0)),
        (7, (2, 1, 1), (3, 2, 2)),
    ],
)
def test_splits_by_largest_remainder(amount: int, weights: tuple[int, ...], parts: tuple[int, ...]) -> None:
    assert split(amount, weights) == parts


@pytest.mark.parametrize("weights", [(), (0, 0), (2, -1)])
def test_stops_at_weights_that_share_nothing_out(weights: tuple[int, ...]) -> None:
    with pytest.raises(InvariantBroken):
        split(1, weights)
