"""The auditor's own books: dictionaries and sums, kept beside the program's while a book is proved.

Nothing here uses what decisions or reports are made from; what both say is compared at the end.
"""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from domain.books.accrual import AccrualReversed, ItemAccrued
from domain.books.fiscal_year import FiscalYearOpened, PeriodClosed, PeriodReopened
from domain.books.manual import OpeningBalancesEntered, VoucherCorrected, VoucherReplaced
from domain.books.voucher import Voucher, VoucherId
from domain.books.year_end import YearClosed
from domain.catalogue import AnyEvent, voucher_of
from domain.kernel.event import Recorded
from domain.kernel.period import ONE_DAY
from domain.membership.facts import ContributionsAccrued
from domain.reporting.issued import ReportIssued
from services.clock import swedish_day

if TYPE_CHECKING:
    from datetime import datetime

NotePut = Callable[..., None]
"""Takes a position, the code of a fault and its facts."""


class Year:
    """A fiscal year: first and last day, and the last day that is closed."""

    def __init__(self, start: date, end: date) -> None:
        self.start, self.end, self.through = start, end, date.min


class Booked(NamedTuple):
    """A voucher that has been seen: its name, and what it did."""

    id: VoucherId
    effect: int
    reverse: int


class SecondBooks:
    """What the auditor has added up so far."""

    def __init__(self, fault: NotePut) -> None:
        self.fault = fault
        self.numbers: dict[tuple[int, str], int] = {}
        self.sums: dict[tuple[date, int], int] = {}
        self.postings = 0
        self.vouchers: dict[VoucherId, Booked] = {}
        self.corrected: dict[VoucherId, VoucherId] = {}
        self.accruals: dict[str, tuple[Booked, date]] = {}
        self.reversed: set[str] = set()
        self.years: dict[int, Year] = {}
        self.registered: tuple[date, datetime] | None = None
        self.awaited: tuple[int, VoucherCorrected] | None = None
        self.issued = 0

    def take(self, position: int, event: AnyEvent) -> None:
        """Check an event against those before it, and enter it."""
        self._registration(position, event.recorded)
        self._await(position, event)
        voucher = voucher_of(event)
        if voucher is not None:
            self._voucher(position, voucher, event)
            self._links(position, voucher, event)
            self.vouchers.setdefault(voucher.id, Booked(voucher.id, _effect(voucher), _effect(voucher, -1)))
        self._years(event)
        if isinstance(event, ReportIssued):
            if event.number != self.issued + 1:
                self.fault(position, "issue_out_of_sequence", number=event.number, expected=self.issued + 1)
            self.issued = event.number

    def finish(self) -> None:
        """Say what is still awaited when no more is to come."""
        if self.awaited is not None:
            self.fault(self.awaited[0], "replacement_missing", voucher=str(self.awaited[1].voucher.id))
        self.awaited = None

    def _registration(self, position: int, recorded: Recorded) -> None:
        on, at = recorded.registered_on, recorded.recorded_at
        facts = {"registered_on": str(on), "recorded_at": str(at)}
        if self.registered is not None and (on < self.registered[0] or at < self.registered[1]):
            before = f"{self.registered[0]} ({self.registered[1]})"
            self.fault(position, "registration_goes_back", before=before, **facts)
        if on > swedish_day(at):
            self.fault(position, "registration_ahead", **facts)
        self.registered = on, at

    def _await(self, position: int, event: AnyEvent) -> None:
        """See to it that a correction that states the right lines is followed by the right voucher."""
        if self.awaited is not None and not isinstance(event, VoucherReplaced):
            self.finish()
        if isinstance(event, VoucherCorrected) and event.lines:
            self.awaited = position, event

    def _voucher(self, position: int, voucher: Voucher, event: AnyEvent) -> None:
        name = str(voucher.id)
        self.postings += len(voucher.accounts)
        sizes = {len(voucher.accounts), len(voucher.amounts_ore)}
        sizes |= {len(dimension) for dimension in (voucher.projects, voucher.parties) if dimension}
        if len(sizes) > 1:
            self.fault(position, "postings_uneven", voucher=name)
        difference = sum(voucher.amounts_ore)
        if difference:
            self.fault(position, "voucher_not_balanced", voucher=name, difference_ore=difference)
        expected = self.numbers.get((voucher.year, voucher.series), 0) + 1
        if voucher.number != expected:
            self.fault(position, "number_out_of_sequence", voucher=name, expected=expected)
        self.numbers[voucher.year, voucher.series] = voucher.number
        said = getattr(event, "amount_ore", None)
        if said is not None and abs(said) not in {abs(amount) for amount in voucher.amounts_ore}:
            self.fault(position, "amount_not_posted", voucher=name, said_ore=said)
        self._dated(position, voucher, event)
        opening = isinstance(event, OpeningBalancesEntered)
        day = voucher.accounting_date - ONE_DAY if opening else voucher.accounting_date
        for account, amount in zip(voucher.accounts, voucher.amounts_ore, strict=False):
            self.sums[day, account] = self.sums.get((day, account), 0) + amount

    def _dated(self, position: int, voucher: Voucher, event: AnyEvent) -> None:
        """Check that a voucher is dated into its year, and into an open period unless it closes the year."""
        day, year = voucher.accounting_date, self.years.get(voucher.year)
        facts = {"voucher": str(voucher.id), "accounting_date": str(day)}
        if year is None or not year.start <= day <= year.end:
            self.fault(position, "date_outside_year", **facts)
        elif day <= year.through and not isinstance(event, YearClosed):
            self.fault(position, "date_in_closed_period", through=str(year.through), **facts)

    def _years(self, event: AnyEvent) -> None:
        match event:
            case FiscalYearOpened():
                self.years[event.year] = Year(event.start, event.end)
            case PeriodClosed() if event.year in self.years:
                self.years[event.year].through = event.through
            case PeriodReopened() if event.year in self.years:
                self.years[event.year].through = event.opened_from - ONE_DAY
            case YearClosed() if event.year in self.years:
                self.years[event.year].through = self.years[event.year].end
            case _:
                pass

    def _links(self, position: int, voucher: Voucher, event: AnyEvent) -> None:
        match event:
            case VoucherCorrected():
                named = VoucherId(event.year, event.series, event.number)
                if named in self.corrected:
                    self.fault(position, "corrected_twice", voucher=str(voucher.id), named=str(named))
                self.corrected[named] = voucher.id
                self._reverses(position, voucher, str(named), self.vouchers.get(named))
            case VoucherReplaced():
                self._replaces(position, voucher, event)
            case ItemAccrued() | ContributionsAccrued():
                booked = Booked(voucher.id, _effect(voucher), _effect(voucher, -1))
                self.accruals[event.accrual] = booked, event.reverse_on
            case AccrualReversed():
                self._reverses_accrual(position, voucher, event)
            case _:
                pass

    def _reverses(self, position: int, voucher: Voucher, name: str, original: Booked | None) -> None:
        """Check that a voucher names one that is there, and does the opposite."""
        if original is None or voucher.reference != name:
            named = name if original is None else voucher.reference
            self.fault(position, "link_broken", voucher=str(voucher.id), named=named)
        if original is not None and original.reverse != _effect(voucher):
            self.fault(position, "not_the_reverse", voucher=str(voucher.id), named=name)

    def _replaces(self, position: int, voucher: Voucher, event: VoucherReplaced) -> None:
        """Check that the right voucher follows its correction, and that both name the same one."""
        named = VoucherId(event.year, event.series, event.number)
        awaited = self.awaited[1].voucher.id if self.awaited is not None else None
        correction = VoucherId(voucher.year, event.correction_series, event.correction_number)
        if not awaited == correction == self.corrected.get(named) or voucher.reference != str(correction):
            self.fault(position, "link_broken", voucher=str(voucher.id), named=f"{named} ({correction})")
        self.awaited = None

    def _reverses_accrual(self, position: int, voucher: Voucher, event: AccrualReversed) -> None:
        original, reverse_on = self.accruals.get(event.accrual, (None, voucher.accounting_date))
        name = event.accrual if original is None else str(original.id)
        if event.accrual in self.reversed:
            self.fault(position, "corrected_twice", voucher=str(voucher.id), named=name)
        self.reversed.add(event.accrual)
        self._reverses(position, voucher, name, original)
        if voucher.accounting_date != reverse_on:
            self.fault(position, "not_the_reverse", voucher=str(voucher.id), named=name)


def _effect(voucher: Voucher, sign: int = 1) -> int:
    """Return a number that two vouchers share when they do the same; with -1, the opposite."""
    amounts = tuple(sign * amount for amount in voucher.amounts_ore)
    return hash((voucher.accounts, amounts, voucher.projects, voucher.parties))
