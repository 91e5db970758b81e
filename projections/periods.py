"""Which days a column of a report speaks of, and the words for them."""

from datetime import date

import msgspec

from domain.kernel.period import ONE_DAY, is_month_end, last_of_month, months_between
from projections.history import History
from projections.layout import ColumnLayout

MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni",
    "juli", "augusti", "september", "oktober", "november", "december",
)  # fmt: skip


class Span(msgspec.Struct, frozen=True):
    """The first and last day of a column, the year it belongs to, and the share of the year that has passed."""

    year: int
    start: date
    end: date
    months: int
    months_of_year: int


def span_of(history: History, as_of: date, column: ColumnLayout) -> Span:
    """Return the days a column speaks of, in a report as of a day."""
    base = history.fiscal_year(as_of)
    start, end = history.span(base + column.year)
    base_start, base_end = history.span(base)
    if not column.through_year_end:
        end = _same_day(as_of, column.year)
    return Span(
        year=base + column.year,
        start=start,
        end=end,
        months=months_between(base_start, as_of),
        months_of_year=months_between(base_start, base_end),
    )


def filled(text: str, history: History, as_of: date) -> str:
    """Return a label with its dates filled in."""
    year = history.fiscal_year(as_of)
    words = {
        "{as_of}": str(as_of),
        "{day}": in_words(as_of),
        "{prior_day}": in_words(history.span(year)[0] - ONE_DAY),
        "{year}": str(year),
    }
    for offset in range(-5, 6):
        words[f"{{year{offset:+d}}}"] = str(year + offset)
    for name, word in words.items():
        text = text.replace(name, word)
    return text


def in_words(day: date) -> str:
    """Return a date as Swedish prose, e.g. '31 augusti 2017'."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _same_day(day: date, years: int) -> date:
    first = day.replace(day=1, year=day.year + years)
    if is_month_end(day):
        return last_of_month(first)
    return first.replace(day=min(day.day, last_of_month(first).day))
