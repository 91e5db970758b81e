"""The ledger as it was known at a position, read from the columns instead of folded."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from itertools import accumulate, chain

from projections.cube import account_group
from projections.ledger import Key
from projections.postings import Postings
from projections.selection import Selection

KEPT_BALANCES = 10_000
"""Balances that are kept, as the lines of a report ask for the same ones again and again; then it begins anew."""


class PrefixLedger:
    """`Sums` of a prefix of a book; it stays what it is while the book goes on."""

    def __init__(self, postings: Postings, position: int) -> None:
        outline = postings.outline
        nodes, self._rest = postings.covering(position)
        self._cubes = [node.cube for node in nodes]
        self._key_cubes = [node.cube for node in nodes if node.block is None]
        self._blocks = [node.block for node in nodes if node.block is not None]
        # Keys are numbered as they first appear, so those of a prefix are the first ones.
        self._keys = outline.keys
        self._known = bisect_right(outline.first_positions, position)
        self._numbers = postings.numbers
        self._chosen: dict[Selection, tuple[Key, ...]] = {}
        self._loose: dict[int, tuple[list[int], list[int]]] = {}
        self._balances: dict[tuple[int, int], int] = {}

    def keys(self, selection: Selection) -> tuple[Key, ...]:
        """Return the keys a selection takes in, in order."""
        chosen = self._chosen.get(selection)
        if chosen is None:
            # An account is looked at once, instead of with each of its keys.
            taken = chain.from_iterable(
                keys for account, keys in self._keys_of.items() if selection.takes_account(account)
            )
            chosen = self._chosen[selection] = tuple(
                sorted(
                    key for key in taken if selection.takes_project(key.project) and selection.takes_party(key.party)
                )
            )
        return chosen

    def accounts(self) -> tuple[int, ...]:
        """Return the accounts there is anything on, in order."""
        return self._own_accounts

    def balance(self, selection: Selection, through: date) -> int:
        """Return the balance in öre at the end of a day."""
        if selection.projects is None and selection.parties is None and selection.named in (None, "account"):
            taken = filter(selection.takes_account, self._own_accounts)
            return sum(self.account_at(account, through) for account in taken)
        return sum(self.at(key, through) for key in self.keys(selection))

    def movement(self, selection: Selection, start: date, end: date) -> int:
        """Return the movement in öre from the first day through the last."""
        return self.balance(selection, end) - self.balance(selection, date.fromordinal(start.toordinal() - 1))

    def at(self, key: Key, through: date) -> int:
        """Return the balance in öre of one key at the end of a day."""
        number, day = self._numbers.get(key, self._known), through.toordinal()
        if number >= self._known:
            raise KeyError(key)
        total = self._balances.get((number, day))
        if total is None:
            days, sums = self._loose.get(number) or self._gathered(number)
            place = bisect_right(days, day)
            total = sums[place - 1] if place else 0
            for cube in self._key_cubes:
                total += cube.at(number, day)
            self._keep(number, day, total)
        return total

    def account_at(self, account: int, through: date) -> int:
        """Return the balance in öre of an account at the end of a day, whatever the project and party."""
        group, day = account_group(account), through.toordinal()
        total = self._balances.get((group, day))
        if total is None:
            total = sum(amount for on, amount in self._rest_by_account.get(group, ()) if on <= day)
            for cube in self._cubes:
                total += cube.at(group, day)
            self._keep(group, day, total)
        return total

    def _keep(self, group: int, day: int, total: int) -> None:
        if len(self._balances) >= KEPT_BALANCES:
            self._balances.clear()
        self._balances[group, day] = total

    def rows(self) -> Iterator[tuple[date, Key, int]]:
        """Return every sum in the ledger, in no order."""
        for number, key in enumerate(self._keys[: self._known]):
            days: dict[int, int] = {}
            moves = (move for cube in self._key_cubes for move in cube.moves_of(number))
            for day, amount in (*moves, *self._loose_moves(number)):
                days[day] = days.get(day, 0) + amount
            for day, amount in days.items():
                yield date.fromordinal(day), key, amount

    @cached_property
    def _own_accounts(self) -> tuple[int, ...]:
        return tuple(sorted({key.account for key in self._keys[: self._known]}))

    @cached_property
    def _keys_of(self) -> dict[int, list[Key]]:
        found: dict[int, list[Key]] = {}
        for key in self._keys[: self._known]:
            found.setdefault(key.account, []).append(key)
        return found

    @cached_property
    def _rest_by_key(self) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = {}
        for number, day, amount in self._rest:
            found.setdefault(number, []).append((day, amount))
        return found

    @cached_property
    def _rest_by_account(self) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = {}
        for number, moves in self._rest_by_key.items():
            found.setdefault(account_group(self._keys[number].account), []).extend(moves)
        return found

    def _loose_moves(self, number: int) -> list[tuple[int, int]]:
        """Return the postings of a key that no cube knows by key, as days and amounts."""
        return [
            *(move for block in self._blocks for move in block.moves_of(number)),
            *self._rest_by_key.get(number, ()),
        ]

    def _gathered(self, number: int) -> tuple[list[int], list[int]]:
        """Return the days and running sums of those postings; a report asks for many days of each key."""
        moves = sorted(self._loose_moves(number))
        found = self._loose[number] = [day for day, _ in moves], list(accumulate(amount for _, amount in moves))
        return found
