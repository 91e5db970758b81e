"""Closing (bokslut): the checklist, the accruals that the closing posts itself, and their reversals.

One request becomes several events in the order a bookkeeper would enter them: contributions and recurring accruals at
the month end, the closing with its checklist, then every reversal that falls on the day after. They are decided
together and appended together.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec import structs

from domain.book import Book, evolve
from domain.books import accrual, year_end
from domain.books.accrual import ReverseAccrual
from domain.books.chart import control_accounts
from domain.books.fiscal_year import (
    ClosePeriod,
    OpenFiscalYear,
    PeriodClosed,
    Point,
    PointChecked,
    Waiver,
    known_year,
    open_fiscal_year,
    refuse_closed,
)
from domain.books.year_end import CloseYear, YearIsClosed
from domain.catalogue import AnyEvent
from domain.kernel.event import Recorded, accept
from domain.kernel.period import ONE_DAY
from domain.kernel.refusal import Refusal
from domain.membership.contribution import accrue_contributions, contribution_differences
from domain.membership.facts import AccrueContributions
from domain.treasury import bank

if TYPE_CHECKING:
    from domain.books.fiscal_year import (
        FiscalYearOpened,
    )

Found = dict[str, str | int]
"""What a point found: nothing where it passes."""


class PeriodNotReady(Refusal):
    """A period is closed when each point of the checklist passes, or is waived with a reason."""

    code = "period_not_ready"
    sv = "Perioden till och med {through} kan inte stängas. Åtgärda, eller ange skäl att gå vidare: {points}."
    en = "The period through {through} cannot be closed. Mend, or state why to go on: {points}."


def close_period(book: Book, command: ClosePeriod, recorded: Recorded) -> tuple[AnyEvent, ...]:
    """Close a period: accruals, checklist, closing, reversals."""
    refuse_closed(book.journal.years, command.year, command.through)
    steps = _Steps(book)
    _close(steps, command, recorded)
    return tuple(steps.events)


def close_year(book: Book, command: CloseYear, recorded: Recorded) -> tuple[AnyEvent, ...]:
    """Close a year: its last period first where that is open, with all that goes with it, then the result to equity."""
    year = known_year(book.journal.years, command.year)
    if year.closed:
        raise YearIsClosed(year=command.year)
    steps = _Steps(book)
    if year.closed_through != year.end:
        last = ClosePeriod(year=command.year, through=year.end, waivers=command.waivers)
        _close(steps, last, recorded)
    steps.take(year_end.close_year(steps.book.journal, command, recorded))
    return tuple(steps.events)


def open_year(book: Book, command: OpenFiscalYear, recorded: Recorded) -> tuple[AnyEvent, ...]:
    """Open a fiscal year, and reverse on its first day what was accrued at the end of the year before."""
    steps = _Steps(book)
    opened: FiscalYearOpened = open_fiscal_year(book.journal.years, command, recorded)
    steps.take(opened)
    if command.start - ONE_DAY in {year.closed_through for year in book.journal.years.values()}:
        _reverse(steps, command.start, recorded)
    return tuple(steps.events)


class _Steps:
    """Events decided one after the other, each on the book after the one before."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.events: list[AnyEvent] = []

    def take(self, event: AnyEvent) -> None:
        self.events.append(event)
        self.book = evolve(self.book, event)


def _close(steps: _Steps, command: ClosePeriod, recorded: Recorded) -> None:
    through = command.through
    _accrue(steps, through, recorded)
    points = tuple(_checked(steps.book, through, command.waivers))
    steps.take(accept(PeriodClosed, command, recorded=recorded, points=points))
    _reverse(steps, through + ONE_DAY, recorded)


def _accrue(steps: _Steps, through: date, recorded: Recorded) -> None:
    """Post the contributions earned and the recurring accruals at a month end."""
    journal = steps.book.journal
    if contribution_differences(journal, steps.book.membership, through):
        command = AccrueContributions(accrual=_fresh(steps.book, "contributions", through), period_end=through)
        steps.take(accrue_contributions(journal, steps.book.membership, steps.book.accruals, command, recorded))
    year = next(year for year in journal.years.values() if year.start <= through <= year.end)
    for name, rule in sorted(steps.book.recurring.items()):
        standing = steps.book.recurred.get((name, through))
        for item in accrual.recurring_items(rule, year.start, through, standing):
            fresh = structs.replace(item, accrual=_fresh(steps.book, name, through))
            steps.take(accrual.accrue_item(steps.book.journal, steps.book.accruals, fresh, recorded))


def _fresh(book: Book, name: str, through: date) -> str:
    """Return a name no accrual has had: a period that was reopened is accrued again by the difference."""
    stem = f"{name}.{through:%Y-%m}"
    names = [stem, *(f"{stem}.{again}" for again in range(2, len(book.accruals) + 3))]
    return next(fresh for fresh in names if fresh not in book.accruals)


def _reverse(steps: _Steps, day: date, recorded: Recorded) -> None:
    """Reverse every accrual that waits for a day, where that day lies in an open year."""
    if not any(year.start <= day <= year.end for year in steps.book.journal.years.values()):
        return
    waiting = [name for name, row in sorted(steps.book.accruals.items()) if row is not None and row.reverse_on == day]
    for name in waiting:
        command = ReverseAccrual(accrual=name)
        steps.take(accrual.reverse_accrual(steps.book.journal, steps.book.accruals, command, recorded))


def _checked(book: Book, through: date, waivers: tuple[Waiver, ...]) -> Iterator[PointChecked]:
    """Return each point with its outcome, or refuse with all that block."""
    reasons = {waiver.point: waiver.reason for waiver in waivers}
    found = {point: look(book, through) for point, look in POINTS.items()}
    blocking = tuple(point for point, facts in found.items() if facts and point not in reasons)
    if blocking:
        facts: dict[str, Any] = {f"{point}_{name}": fact for point in blocking for name, fact in found[point].items()}
        raise PeriodNotReady(through=str(through), points=blocking, **facts)
    for point, facts in found.items():
        if facts:
            yield PointChecked(point=point, outcome="waived", reason=reasons[point], facts=facts)
        else:
            yield PointChecked(point=point, outcome="passed", facts=NOTED[point](book) if point in NOTED else {})


def _unreconciled(book: Book, through: date) -> Found:
    """Find cash accounts that moved by the day and whose statements do not reach it, or agree no more."""
    moved = sorted({account for account, day in book.journal.cash_ore if day <= through})
    late = [account for account in moved if not bank.is_reconciled(book.journal, book.reconciled, account, through)]
    return {"accounts": ", ".join(str(account) for account in late)} if late else {}


def _subledgers(book: Book, _: date) -> Found:
    """Find sub-ledgers that do not sum to their control account (LKBR 3:6)."""
    members, customers, suppliers = control_accounts(book.journal.chart)
    owed = dict.fromkeys((members, customers, suppliers), 0)
    owed[members] += sum(invoice.owed_ore for invoice in book.membership.invoices.values())
    owed[customers] += sum(invoice.owed_ore for invoice in book.receivables.values())
    owed[suppliers] -= sum(invoice.owed_ore for invoice in book.payables.invoices.values())
    differences = {str(account): book.journal.controls_ore.get(account, 0) - amount for account, amount in owed.items()}
    return {f"{account}_difference_ore": amount for account, amount in differences.items() if amount}


def _unattested(book: Book, through: date) -> Found:
    """Count invoices dated by the day that are owed and not attested."""
    count = sum(
        invoice.owed_ore > 0 and not invoice.attested_by and invoice.dated <= through
        for invoice in book.payables.invoices.values()
    )
    return {"invoices": count} if count else {}


def _unreversed(book: Book, through: date) -> Found:
    """Find accruals whose reversal was due by the day and has not come."""
    names = sorted(name for name, row in book.accruals.items() if row is not None and row.reverse_on <= through)
    return {"accruals": ", ".join(names)} if names else {}


def _nothing(_: Book, __: date) -> Found:
    """Find nothing: the book cannot be otherwise, or the point is only noted."""
    return {}


POINTS: dict[Point, Callable[[Book, date], Found]] = {
    "bank_reconciled": _unreconciled,
    "subledgers_agree": _subledgers,
    "invoices_attested": _unattested,
    "accruals_reversed": _unreversed,
    "numbers_gapless": _nothing,
    "late_bookings": _nothing,
}
"""The checklist in order; a point that finds something blocks, unless it is waived."""

NOTED: dict[Point, Callable[[Book], Found]] = {
    "numbers_gapless": lambda book: {"vouchers": sum(book.journal.numbers.values())},
    "late_bookings": lambda book: {"vouchers": book.late_bookings},
}
"""What is noted in the closing though it does not block."""
