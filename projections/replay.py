"""Replay: skimmed pages of a book into its history, with few steps for each posting.

A page becomes sums by day and key at once, so what is kept grows with the days and keys there are, not with the
vouchers. A question that is answered by whole accounts is folded by account, which is faster still.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, cast

from domain.catalogue import AnyEvent
from projections.history import History
from projections.ledger import Ledger
from projections.skim import Page, S, Skimmed, SkimmedAccounts, ordinal_of, recorded_of, skimmed

BY_ACCOUNT = frozenset({"trial-balance"})
"""Reports that ask for whole accounts; they get the same from a ledger that knows no projects and parties."""


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
            sums, accounts = self[voucher.accounting_date], voucher.accounts
            blank = ("",) * len(accounts)
            rows = zip(accounts, voucher.projects or blank, voucher.parties or blank, strict=True)
            for key, amount in zip(rows, voucher.amounts_ore, strict=True):
                sums[key] += amount

    def put(self, ledger: Ledger) -> None:
        """Add everything to a ledger."""
        for text, sums in self.items():
            ledger.add_day(ordinal_of(text), sums)


class _Columns(dict[int, list[int]]):
    """An amount for each day, by account."""

    days = 0

    def __missing__(self, account: int) -> list[int]:
        column = self[account] = [0] * self.days
        return column


class AccountSums:
    """Sums in öre by account and day: a list of all days for each account, of which there are few."""

    def __init__(self) -> None:
        self._days: dict[str, int] = {}
        self._columns = _Columns()

    def enter(self, skims: Iterable[SkimmedAccounts | Skimmed | None]) -> None:
        """Add vouchers; ValueError (also msgspec's) for one that is none."""
        days, columns = self._days, self._columns
        for skim in skims:
            if skim is None or (voucher := skim.voucher) is None:
                continue
            text, accounts, amounts = voucher.accounting_date, voucher.accounts, voucher.amounts_ore
            day = days.get(text)
            if day is None:
                day = self._open(text)
            if len(accounts) != len(amounts):
                raise ValueError("a voucher has an amount for each account")
            for account, amount in zip(accounts, amounts):  # noqa: B905 - `strict` costs more than the check above
                columns[account][day] += amount

    def put(self, ledger: Ledger) -> None:
        """Add everything to a ledger, without projects and parties."""
        columns = self._columns.items()
        for text, day in self._days.items():
            moved = {(account, "", ""): column[day] for account, column in columns if column[day]}
            ledger.add_day(ordinal_of(text), moved)

    def _open(self, text: str) -> int:
        ordinal_of(text)  # read as strictly as an event's date
        day = self._days[text] = self._columns.days
        self._columns.days += 1
        for column in self._columns.values():
            column.append(0)
        return day


class Replay(Generic[S]):
    """Folds the pages of a book, in order, into its history."""

    def __init__(self, sums: KeySums | AccountSums) -> None:
        self._history = History()
        self._sums = sums

    def take(self, page: Page[S]) -> None:
        """Take in the next page; ValueError (also msgspec's) where an event is not what it should be."""
        self._sums.enter(cast("list[Skimmed | None]", page.skims))  # who asks for keys reads skims that have them
        for event in page.full.values():
            self._history.note(event)
            self._sums.enter([skimmed(event)])
        self._history.position += len(page.rows)

    def history(self, last: AnyEvent | None) -> History:
        """Return the history of what was taken in, of which `last` was the last; nothing is taken in after that."""
        history, ledger = self._history, Ledger()
        self._sums.put(ledger)
        history.ledger = ledger
        history.registered_on = None if last is None else recorded_of(last).registered_on
        return history
