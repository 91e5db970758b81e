"""The latest reports of a book: what other services find without asking."""

from datetime import date

import msgspec

from projections.built_in import BUILT_IN
from projections.history import History
from projections.layout import Layout
from projections.report import Known, Question, make_report
from services.formats.as_json import report_json


class Latest(msgspec.Struct, frozen=True):
    """Reports by name, as JSON, and the position and accounting date they reflect."""

    position: int
    as_of: date
    reports: dict[str, bytes]


def latest_reports(facts: Known, layout: Layout, today: date) -> Latest:
    """Return the statements, the budget, grants, equity and trial balance of a book as they stand on a day."""
    as_of = latest_date(facts.history, today)
    reports = {}
    for name in latest_names(layout):
        made = make_report(facts, layout, Question(name=name, as_of=as_of))
        if made is not None:
            reports[name] = report_json(made)
    return Latest(facts.history.position, as_of, reports)


def latest_names(layout: Layout) -> tuple[str, ...]:
    """Return which reports a book with this layout shows: packs, statements, and the tables every book has."""
    roles = sorted({table.role for table in layout.tables if table.role})
    return tuple(dict.fromkeys([*layout.packs, *roles, *BUILT_IN]))


def latest_date(history: History, today: date) -> date:
    """Return the accounting date of the latest reports: today, or the nearest day in the years the book has opened."""
    if not history.years:
        return today
    first = min(start for start, _ in history.years.values())
    last = max(end for _, end in history.years.values())
    return min(max(today, first), last)
