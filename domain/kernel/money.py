"""Money (belopp): whole öre in `int`, debit positive; every division proves its sum."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from domain.kernel.refusal import ensure

MAX_ORE = 10**15
"""Ten thousand billion kronor: above every true amount, far below 2**63 even when summed."""

Ore = Annotated[int, msgspec.Meta(ge=-MAX_ORE, le=MAX_ORE)]
"""An amount in öre; debit positive, credit negative."""

PositiveOre = Annotated[int, msgspec.Meta(ge=1, le=MAX_ORE)]
"""An amount in öre that must be above zero."""

NaturalOre = Annotated[int, msgspec.Meta(ge=0, le=MAX_ORE)]
"""An amount in öre, zero or more."""


def divide(amount: int, divisor: int) -> int:
    """Divide, rounding half away from zero (half up in absolute value)."""
    ensure(divisor > 0, "divisor must be positive")
    quotient, rest = divmod(abs(amount), divisor)
    rounded = quotient + (1 if 2 * rest >= divisor else 0)
    return rounded if amount >= 0 else -rounded


def split(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split an amount in öre by weights, by largest remainder; the parts sum to the amount."""
    total = sum(weights)
    ensure(total > 0 and min(weights) >= 0, "weights must be natural numbers, not all zero")
    floors = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in by_remainder[: amount - sum(floors)]:
        floors[i] += 1
    ensure(sum(floors) == amount, "a split must sum to what was split")
    return tuple(floors)
