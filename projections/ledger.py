"""The ledger (huvudbok) as sums: what stands on each account, project and party, day by day.

The outcome, a budget and a forecast are all ledgers; a report asks them the same three questions: a movement between
two days, a balance at the end of a day, and which keys there are.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple, Protocol

from domain.books.voucher import Voucher
from projections.selection import Selection


class Key(NamedTuple):
    """What amounts are summed by."""

    account: int
    project: str
    party: str


class Sums(Protocol):
    """What reports ask of a ledger, whether it was folded or is read from columns; amounts in öre."""

    def keys(self, selection: Selection) -> tuple[Key, ...]:
        """Return the keys a selection takes in, in order."""

    def accounts(self) -> tuple[int, ...]:
        """Return the accounts there is anything on, in order."""

    def balance(self, selection: Selection, through: date) -> int:
        """Return the balance in öre at the end of a day."""

    def movement(self, selection: Selection, start: date, end: date) -> int:
        """Return the movement in öre from the first day through the last."""

    def at(self, key: Key, through: date) -> int:
        """Return the balance in öre of one key at the end of a day."""

    def account_at(self, account: int, through: date) -> int:
        """Return the balance in öre of an account at the end of a day, whatever the project and party."""

    def rows(self) -> Iterator[tuple[date, Key, int]]:
        """Return every sum in the ledger, in no order."""


class Ledger:
    """Sums in öre (debit positive) by account, project, party and day."""

    def __init__(self) -> None:
        self._days: dict[Key, dict[int, int]] = {}
        self._running: dict[Key, tuple[list[int], list[int]]] = {}
        self._chosen: dict[Selection, tuple[Key, ...]] = {}
        self._accounts: dict[int, list[Key]] = {}

    def post(self, day: date, key: Key, amount_ore: int) -> None:
        """Add an amount on a day."""
        self._add(day.toordinal(), key, amount_ore)

    def enter(self, voucher: Voucher, day: date) -> None:
        """Add a voucher's postings, counted on a day (usually its accounting date)."""
        ordinal = day.toordinal()
        blank = ("",) * len(voucher.accounts)
        rows = zip(
            voucher.accounts,
            voucher.projects or blank,
            voucher.parties or blank,
            voucher.amounts_ore,
            strict=True,
        )
        for account, project, party, amount in rows:
            self._add(ordinal, Key(account, project, party), amount)

    def add_day(self, ordinal: int, sums: Mapping[tuple[int, str, str], int]) -> None:
        """Add a day's sums by account, project and party."""
        for key, amount in sums.items():
            self._add(ordinal, Key(*key), amount)

    def _add(self, ordinal: int, key: Key, amount_ore: int) -> None:
        days = self._days.get(key)
        if days is None:
            days = self._days[key] = {}
            self._accounts.setdefault(key.account, []).append(key)
            self._chosen.clear()
        days[ordinal] = days.get(ordinal, 0) + amount_ore
        self._running.pop(key, None)

    def keys(self, selection: Selection) -> tuple[Key, ...]:
        """Return the keys a selection takes in, in order."""
        chosen = self._chosen.get(selection)
        if chosen is None:
            chosen = tuple(sorted(key for key in self._days if selection.takes(*key)))
            self._chosen[selection] = chosen
        return chosen

    def accounts(self) -> tuple[int, ...]:
        """Return the accounts there is anything on, in order."""
        return tuple(sorted(self._accounts))

    def account_at(self, account: int, through: date) -> int:
        """Return the balance in öre of an account at the end of a day, whatever the project and party."""
        return sum(self.at(key, through) for key in self._accounts.get(account, ()))

    def balance(self, selection: Selection, through: date) -> int:
        """Return the balance in öre at the end of a day."""
        return sum(self.at(key, through) for key in self.keys(selection))

    def movement(self, selection: Selection, start: date, end: date) -> int:
        """Return the movement in öre from the first day through the last."""
        before = date.fromordinal(start.toordinal() - 1)
        return self.balance(selection, end) - self.balance(selection, before)

    def at(self, key: Key, through: date) -> int:
        """Return the balance in öre of one key at the end of a day."""
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = _running(self._days[key])
        days, sums = running
        place = bisect_right(days, through.toordinal())
        return sums[place - 1] if place else 0

    def rows(self) -> Iterator[tuple[date, Key, int]]:
        """Return every sum in the ledger, in no order."""
        for key, days in self._days.items():
            for ordinal, amount in days.items():
                yield date.fromordinal(ordinal), key, amount


def _running(days: dict[int, int]) -> tuple[list[int], list[int]]:
    ordered = sorted(days)
    sums: list[int] = []
    total = 0
    for day in ordered:
        total += days[day]
        sums.append(total)
    return ordered, sums


def ledger_of(rows: Iterable[tuple[date, Key, int]]) -> Ledger:
    """Return a ledger with these sums in it."""
    ledger = Ledger()
    for day, key, amount_ore in rows:
        ledger.post(day, key, amount_ore)
    return ledger
