"""Fiscal years and periods (räkenskapsår, perioder): what is open, what is closed, who reopened it and why.

A year is closed from its start up to `closed_through`; closing moves that day forward, reopening moves it back.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec

from domain.kernel.event import Command, Recorded, Value, accept
from domain.kernel.identity import Text, is_same_person
from domain.kernel.period import ONE_DAY, first_of_month, is_month_end
from domain.kernel.refusal import Refusal
from domain.kernel.table import Table

Year = Annotated[int, msgspec.Meta(ge=1900, le=2999)]


class FiscalYear(Value, frozen=True, kw_only=True):
    """One fiscal year: first and last day, the last day closed, and whether its result has been moved to equity."""

    start: date
    end: date
    closed_through: date | None = None
    closed: bool = False


Years = Table[int, FiscalYear]


class OpenFiscalYear(Command, frozen=True, kw_only=True):
    """Open a fiscal year, named by the calendar year in which it ends (LKBR 1:5: the calendar year)."""

    year: Year
    start: date
    end: date


class FiscalYearOpened(OpenFiscalYear, frozen=True, kw_only=True, tag_field="event", tag="fiscal_year.opened"):
    """Vouchers may be dated into the year (räkenskapsår upplagt)."""

    recorded: Recorded


Point = Literal[
    "bank_reconciled", "subledgers_agree", "invoices_attested", "accruals_reversed", "numbers_gapless", "late_bookings"
]
"""What is looked at before a period is closed."""


class Waiver(Value, frozen=True, kw_only=True):
    """A point of the checklist that is let pass, and why; the reason stays in the book."""

    point: Point
    reason: Text


class PointChecked(Value, frozen=True, kw_only=True):
    """A point of the checklist and what was found."""

    point: Point
    outcome: Literal["passed", "waived"]
    reason: str = ""
    facts: dict[str, str | int] = {}


class ClosePeriod(Command, frozen=True, kw_only=True):
    """Close a fiscal year up to and including the last day of a month."""

    year: Year
    through: date
    waivers: tuple[Waiver, ...] = ()


class PeriodClosed(ClosePeriod, frozen=True, kw_only=True, tag_field="event", tag="period.closed"):
    """Nothing is dated into the period any more (period stängd); the checklist says what was found."""

    recorded: Recorded
    points: tuple[PointChecked, ...] = ()


class ReopenPeriod(Command, frozen=True, kw_only=True):
    """Reopen a fiscal year from the first day of a month; needs a reason and a second signer."""

    year: Year
    opened_from: date
    reason: Text
    second_signer: Text


class PeriodReopened(ReopenPeriod, frozen=True, kw_only=True, tag_field="event", tag="period.reopened"):
    """The period takes vouchers again (period återöppnad)."""

    recorded: Recorded


class YearExists(Refusal):
    """A fiscal year is opened once."""

    code = "fiscal_year_exists"
    sv = "Räkenskapsåret {year} finns redan."
    en = "Fiscal year {year} already exists."


class YearUnknown(Refusal):
    """Vouchers belong to a fiscal year that was opened."""

    code = "fiscal_year_unknown"
    sv = "Räkenskapsåret {year} är inte upplagt."
    en = "Fiscal year {year} has not been opened."


class YearNotContiguous(Refusal):
    """Fiscal years follow each other without a gap and end in the year that names them."""

    code = "fiscal_year_not_contiguous"
    sv = "Räkenskapsåret {year} kan inte gå från {start} till {end}: det ska börja {expected} och sluta under {year}."
    en = "Fiscal year {year} cannot run from {start} to {end}: it must begin on {expected} and end in {year}."


class DateOutsideYear(Refusal):
    """An accounting date lies in an open fiscal year."""

    code = "date_outside_year"
    sv = "Bokföringsdatum {accounting_date} ligger inte i något öppet räkenskapsår."
    en = "Accounting date {accounting_date} is not in an open fiscal year."


class DateInClosedPeriod(Refusal):
    """Nothing is dated into a closed period."""

    code = "date_in_closed_period"
    sv = "Bokföringsdatum {accounting_date} ligger i en stängd period (stängt till och med {closed_through})."
    en = "Accounting date {accounting_date} is in a closed period (closed through {closed_through})."


class NotAMonthEnd(Refusal):
    """Periods are closed and accruals posted at the end of a month within the fiscal year."""

    code = "not_a_month_end"
    sv = "{day} är inte sista dagen i en månad i räkenskapsåret {year}."
    en = "{day} is not the last day of a month in fiscal year {year}."


class PeriodIsClosed(Refusal):
    """Closing moves forward."""

    code = "period_closed"
    sv = "Räkenskapsåret {year} är redan stängt till och med {closed_through}."
    en = "Fiscal year {year} is already closed through {closed_through}."


class PeriodIsOpen(Refusal):
    """Only a closed period of a year whose result has not been moved is reopened, from the first day of a month."""

    code = "period_not_closed"
    sv = "Perioden från {opened_from} i räkenskapsåret {year} är inte stängd, eller så är årets resultat redan omfört."
    en = "The period from {opened_from} in fiscal year {year} is not closed, or the year's result has been moved."


class SecondSignerMissing(Refusal):
    """Reopening is signed by somebody else than the one who asks for it."""

    code = "second_signer_missing"
    sv = "Återöppning ska godkännas av någon annan än {actor}."
    en = "Reopening must be approved by somebody other than {actor}."


def open_fiscal_year(years: Years, command: OpenFiscalYear, recorded: Recorded) -> FiscalYearOpened:
    """Open the year that follows the last one, or the first."""
    if command.year in years:
        raise YearExists(year=command.year)
    expected = max(year.end for year in years.values()) + ONE_DAY if years else first_of_month(command.start)
    contiguous = command.start == expected and is_month_end(command.end) and command.end > command.start
    if not contiguous or command.end.year != command.year:
        raise YearNotContiguous(
            year=command.year, start=str(command.start), end=str(command.end), expected=str(expected)
        )
    return accept(FiscalYearOpened, command, recorded=recorded)


def refuse_closed(years: Years, name: int, through: date) -> None:
    """Refuse to close a year through a day that is no month end, or that is closed already."""
    year = known_year(years, name)
    refuse_odd_month_end(year, name, through)
    if year.closed_through is not None and through <= year.closed_through:
        raise PeriodIsClosed(year=name, closed_through=str(year.closed_through))


def reopen_period(years: Years, command: ReopenPeriod, recorded: Recorded) -> PeriodReopened:
    """Reopen a closed period from the first day of a month."""
    year = known_year(years, command.year)
    if is_same_person(command.second_signer, recorded.actor):
        raise SecondSignerMissing(actor=recorded.actor)
    closed = year.closed_through is not None and year.start <= command.opened_from <= year.closed_through
    if not closed or year.closed or command.opened_from != first_of_month(command.opened_from):
        raise PeriodIsOpen(year=command.year, opened_from=str(command.opened_from))
    return accept(PeriodReopened, command, recorded=recorded)


def with_year(years: Years, event: FiscalYearOpened | PeriodClosed | PeriodReopened) -> Years:
    """Return the fiscal years after the event."""
    if isinstance(event, FiscalYearOpened):
        return years.put(event.year, FiscalYear(start=event.start, end=event.end))
    through: date | None = event.through if isinstance(event, PeriodClosed) else event.opened_from - ONE_DAY
    year = years[event.year]
    if through is not None and through < year.start:
        through = None
    return years.put(event.year, msgspec.structs.replace(year, closed_through=through))


def known_year(years: Years, name: int) -> FiscalYear:
    """Return the fiscal year, or refuse."""
    year = years.get(name)
    if year is None:
        raise YearUnknown(year=name)
    return year


def open_year_of(years: Years, day: date) -> int:
    """Return the name of the fiscal year a voucher of that day belongs to, or refuse: no such year, or closed."""
    known = years.flat()
    for name in (day.year, day.year + 1):
        year = known.get(name)
        if year is not None and year.start <= day <= year.end:
            if year.closed_through is not None and day <= year.closed_through:
                raise DateInClosedPeriod(accounting_date=str(day), closed_through=str(year.closed_through))
            return name
    raise DateOutsideYear(accounting_date=str(day))


def first_open_day(years: Years, day: date) -> date:
    """Return the day itself while its period is open, else the first day after it that is not closed."""
    for _, year in sorted(years.items()):
        if year.end < day or year.closed_through == year.end:
            continue
        opened = year.start if year.closed_through is None else year.closed_through + ONE_DAY
        return max(day, opened)
    return day


def refuse_odd_month_end(year: FiscalYear, name: int, day: date) -> None:
    """Refuse a day that is not a month end in the fiscal year."""
    if not (year.start <= day <= year.end and is_month_end(day)):
        raise NotAMonthEnd(year=name, day=str(day))
