"""A day outside the fiscal years of a book: nothing is booked in its year, and a report as of it says so.

What speaks of a plan, or of a year that is open although the day is not in it, is left without the remark.
"""

from collections.abc import Iterable
from datetime import date

import msgspec

from domain.kernel.refusal import Language, say
from projections.history import History, decided_on
from projections.layout import ColumnLayout
from projections.periods import span_of
from projections.table import Remark, Report, ReportTable

WORDS: dict[str, dict[Language, str]] = {
    "day_outside_years": {
        "sv": "{as_of} ligger utanför bokens räkenskapsår ({first} till {last}): {nothing} för {year}.",
        "en": "{as_of} is outside the fiscal years of the book ({first} to {last}): {nothing} for {year}.",
    },
    "no_year_opened": {
        "sv": "{as_of} ligger inte i något räkenskapsår, för boken har inget: {nothing} för {year}.",
        "en": "{as_of} is in no fiscal year, because the book has none: {nothing} for {year}.",
    },
}
"""What is said of such a day, by code."""

NOTHING: dict[Language, tuple[str, str]] = {
    "sv": ("inget är bokfört eller planerat", "inget är bokfört"),
    "en": ("nothing is booked or planned", "nothing is booked"),
}
"""What there is not in the year of the day: neither amounts nor plans, or only no amounts."""


class DayRemark(Remark, frozen=True):
    """A remark on the day a report is made as of."""

    def sentence(self, language: Language) -> str:
        """Return the remark in words."""
        return say(WORDS[self.code][language], self.facts | {"nothing": NOTHING[language][int(self.facts["planned"])]})


def day_remark(history: History, as_of: date) -> DayRemark | None:
    """Return what a reader is told of the day, or None for a day in a fiscal year of the book."""
    year = history.fiscal_year(as_of)
    facts: dict[str, str | int] = {"as_of": str(as_of), "year": year, "planned": int(_planned(history, year, as_of))}
    if not history.years:
        return None if any(history.ledger.accounts()) else DayRemark("no_year_opened", facts)
    first = min(start for start, _ in history.years.values())
    last = max(end for _, end in history.years.values())
    if first <= as_of <= last:
        return None
    return DayRemark("day_outside_years", facts | {"first": str(first), "last": str(last)})


def _planned(history: History, year: int, as_of: date) -> bool:
    """Tell whether a budget, a forecast or a grant decided by a day, or a contribution, is for a year."""
    budgets = (budget for budget in history.budgets if decided_on(budget) <= as_of)
    return (
        any(line.year == year for budget in budgets for line in budget.lines)
        or history.forecast_as_of(year, as_of) is not None
        or any(year in of_year for of_year in _granted(history, as_of))
        or any(of_year == year for of_year, _ in history.agreements)
    )


def speaks(history: History, as_of: date, columns: Iterable[ColumnLayout]) -> bool:
    """Tell whether each column has an opened year, or a plan, to speak of."""
    return all(_speaks(history, as_of, column) for column in columns)


def _speaks(history: History, as_of: date, column: ColumnLayout) -> bool:
    year = span_of(history, as_of, column).year
    match column.source:
        case "outcome":
            return year in history.years
        case "budget":
            return history.budget_as_of(min(year, history.fiscal_year(as_of)), as_of) is not None
        case "forecast":
            return history.forecast_as_of(year, as_of) is not None
        case "granted":
            return any(column.all_years or year in of_year for of_year in _granted(history, as_of))


def listing_speaks(history: History, as_of: date, name: str) -> bool:
    """Tell whether a table without a layout is about plans, and its year is planned."""
    year = history.fiscal_year(as_of)
    match name:
        case "shares":
            return any(of_year == year for of_year, _ in history.agreements)
        case "grants":
            return any(year in of_year for of_year in _granted(history, as_of))
        case "committed":
            return any(max(of_year, default=0) > year for of_year in _granted(history, as_of))
        case _:
            return False


def _granted(history: History, as_of: date) -> Iterable[dict[int, int]]:
    """Iterate over what each grant amounts to by year."""
    return (grant.amounts for grant in history.grants_as_of(as_of).values())


def remarked(table: ReportTable, remark: DayRemark | None) -> ReportTable:
    """Return a table with the remark, before those of its own."""
    return table if remark is None else msgspec.structs.replace(table, remarks=(remark, *table.remarks))


def day_remarks(report: Report) -> tuple[DayRemark, ...]:
    """Return what a report says of its day; once, in however many tables it stands."""
    found = [remark for table in report.tables for remark in table.remarks if isinstance(remark, DayRemark)]
    return tuple(found[:1])


def without_day_remarks(report: Report) -> Report:
    """Return a report as it was made before reports told of such days."""
    tables = tuple(
        msgspec.structs.replace(
            table, remarks=tuple(remark for remark in table.remarks if not isinstance(remark, DayRemark))
        )
        for table in report.tables
    )
    return msgspec.structs.replace(report, tables=tables)
