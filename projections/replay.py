"""Replay: skimmed pages of a book into its history, with few steps for each posting.

A page becomes sums by day and key at once, so what is kept grows with the days and keys there are, not with the
vouchers. A trial balance asks for whole accounts on two days, and is folded by these, which is faster still.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Generic, Protocol, TypeVar

from domain.books.fiscal_year import FiscalYearOpened
from domain.catalogue import AnyEvent, voucher_of
from domain.kernel.period import ONE_DAY
from projections.history import History
from projections.ledger import Ledger
from projections.skim import (
    COUNTED,
    Page,
    S,
    Skimmed,
    SkimmedAccounts,
    counted_on,
    ordinal_of,
    recorded_of,
    skimmed,
)

AFTER_ALL = date.max.toordinal()

UNEVEN = "a voucher has an amount for each account"

T_contra = TypeVar("T_contra", bound=SkimmedAccounts | Skimmed, contravariant=True)


class Sums(Protocol[T_contra]):
    """What a replay adds vouchers to."""

    def note(self, event: AnyEvent) -> None:
        """Add an event that was decoded in full; those of a page come before the others of it."""

    def enter(self, skims: Iterable[T_contra | None]) -> None:
        """Add vouchers; ValueError (also msgspec's) for one that is none."""

    def put(self, ledger: Ledger) -> None:
        """Add everything to a ledger."""


class KeySums(dict[str, defaultdict[tuple[int, str, str], int]]):
    """Sums in öre by day, under the text of its date, and by account, project and party."""

    def __missing__(self, text: str) -> defaultdict[tuple[int, str, str], int]:
        ordinal_of(text)  # read as strictly as an event's date, when it is seen first
        sums = self[text] = defaultdict(int)
        return sums

    def enter(self, skims: Iterable[Skimmed | None]) -> None:
        """Add vouchers; ValueError (also msgspec's) for one that is none."""
        for skim in skims:
            if skim is None or (voucher := skim.voucher) is None:
                continue
            accounts, amounts = voucher.accounts, voucher.amounts_ore
            if len(accounts) != len(amounts):
                raise ValueError(UNEVEN)
            sums, blank = self[voucher.accounting_date], ("",) * len(accounts)
            place = 0  # counted by hand, see below
            for key in zip(accounts, voucher.projects or blank, voucher.parties or blank, strict=True):
                sums[key] += amounts[place]
                place += 1  # noqa: SIM113

    def note(self, event: AnyEvent) -> None:
        """Add an event that was decoded in full."""
        self.enter([skimmed(event)])

    def put(self, ledger: Ledger) -> None:
        """Add everything to a ledger."""
        for text, sums in self.items():
            ledger.add_day(ordinal_of(text), sums)


class Stretch:
    """Sums in öre by account of days that are not told apart, and the first and the last of those days."""

    def __init__(self, day: int) -> None:
        self.first = self.last = day
        self.totals = [0] * COUNTED
        self.others: defaultdict[int, int] = defaultdict(int)

    def sums(self) -> dict[tuple[int, str, str], int]:
        """Return what the days come to, by account, without projects and parties."""
        sums = dict(enumerate(self.totals))
        for account, amount in self.others.items():
            sums[account] = sums.get(account, 0) + amount
        return {(account, "", ""): amount for account, amount in sums.items() if amount}


class _Stretches:
    """Stretches of days, each up to an edge; those after the last edge are one."""

    def __init__(self, edge: date) -> None:
        self._edges = [edge.toordinal()]
        self._by_edge: dict[int, Stretch] = {}

    def divide(self, *edges: date) -> None:
        """Let a stretch end with each of these days from now on."""
        self._edges = sorted({*self._edges, *(edge.toordinal() for edge in edges)})

    def of(self, day: int) -> Stretch:
        """Return the stretch that a day belongs to, now that it does."""
        place = bisect_left(self._edges, day)
        edge = self._edges[place] if place < len(self._edges) else AFTER_ALL
        stretch = self._by_edge.get(edge)
        if stretch is None:
            stretch = self._by_edge[edge] = Stretch(day)
        stretch.first, stretch.last = min(stretch.first, day), max(stretch.last, day)
        return stretch

    def all(self) -> Iterable[Stretch]:
        """Return the stretches, in no order."""
        return self._by_edge.values()


class _Totals(dict[str, list[int]]):
    """The totals of the stretch that each day belongs to, under the text of its date."""

    def __init__(self, stretches: _Stretches) -> None:
        super().__init__()
        self._stretches = stretches

    def __missing__(self, text: str) -> list[int]:
        # Read as strictly as an event's date, when it is seen first.
        totals = self[text] = self._stretches.of(ordinal_of(text)).totals
        return totals


class AccountSums:
    """Sums in öre by account, as a trial balance of one day needs them.

    It looks at two days, so days are told apart no further than by that day and by the fiscal years. A year is opened
    before anything is dated into it; should a book do otherwise, `tells` says that a day cannot be looked at.
    """

    def __init__(self, as_of: date) -> None:
        self._stretches = _Stretches(as_of)
        self._totals = _Totals(self._stretches)

    def note(self, event: AnyEvent) -> None:
        """Add an event that was decoded in full; a fiscal year divides what comes after it."""
        if isinstance(event, FiscalYearOpened):
            self._stretches.divide(event.start - ONE_DAY, event.end)
        voucher = voucher_of(event)
        if voucher is not None:
            others = self._stretches.of(counted_on(event, voucher).toordinal()).others
            for account, amount in zip(voucher.accounts, voucher.amounts_ore, strict=True):
                others[account] += amount

    def enter(self, skims: Iterable[SkimmedAccounts | None]) -> None:
        """Add vouchers; ValueError (also msgspec's) for one that is none."""
        totals_on = self._totals
        for skim in skims:
            if skim is None or (voucher := skim.voucher) is None:
                continue
            accounts, amounts = voucher.accounts, voucher.amounts_ore
            if len(accounts) != len(amounts):
                raise ValueError(UNEVEN)
            totals = totals_on[voucher.accounting_date]
            # Counted by hand: `zip` and `enumerate` take half as long again for so few postings.
            place = 0
            for account in accounts:
                totals[account] += amounts[place]
                place += 1  # noqa: SIM113

    def tells(self, day: date) -> bool:
        """Tell whether balances at the end of this day are known: no stretch goes on past it."""
        ordinal = day.toordinal()
        return not any(stretch.first <= ordinal < stretch.last for stretch in self._stretches.all())

    def put(self, ledger: Ledger) -> None:
        """Add everything to a ledger, each stretch on its last day."""
        for stretch in self._stretches.all():
            ledger.add_day(stretch.last, stretch.sums())


class Replay(Generic[S]):
    """Folds the pages of a book, in order, into its history."""

    def __init__(self, sums: Sums[S]) -> None:
        self._history = History()
        self._sums = sums

    def take(self, page: Page[S]) -> None:
        """Take in the next page; ValueError (also msgspec's) where an event is not what it should be."""
        for event in page.full.values():
            self._history.note(event)
            self._sums.note(event)
        self._sums.enter(page.skims)
        self._history.position += len(page.rows)

    def history(self, last: AnyEvent | None) -> History:
        """Return the history of what was taken in, of which `last` was the last; nothing is taken in after that."""
        history, ledger = self._history, Ledger()
        self._sums.put(ledger)
        history.ledger = ledger
        history.registered_on = None if last is None else recorded_of(last).registered_on
        return history
