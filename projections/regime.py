"""Report regimes: which law's lines a fiscal year is reported by."""

from typing import Literal

Regime = Literal["lkr1997", "lkbr2019", "lkbr2024"]
"""Lag (1997:614) om kommunal redovisning; LKBR (2018:597) as first applied; LKBR in its wording by 2023:643."""

LKBR_FROM = 2019
AMENDED_FROM = 2024


def regime_of(year: int) -> Regime:
    """Return the regime of a fiscal year."""
    if year < LKBR_FROM:
        return "lkr1997"
    return "lkbr2019" if year < AMENDED_FROM else "lkbr2024"
