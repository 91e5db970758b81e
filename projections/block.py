"""A block: some thousand postings that follow each other in a book, and when their events were registered.

While it grows, postings stand in the order of the book. When it is full it is *sealed*: its postings are sorted by key
(and within one, in the order of the book), so that the postings of a key are one slice of each column.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from projections.cube import Column, Cube, Parts, account_group, columns, cube_of

POSTING_CODES = ("i", "I", "i", "q")
"""What the columns are made of: keys, positions, days, amounts."""

FULL = 4096
"""Postings, or events, in a block: enough that blocks are few, few enough to be scanned in half a millisecond."""


class Registered:
    """When the events of a stretch were registered and recorded, as far as each is later than all before it.

    Up to the first event that is later than a moment, everything was known at that moment.
    """

    CODES = ("q", "q", "q", "q")

    def __init__(self, *parts: Column) -> None:
        self._day_positions, self._days, self._instant_positions, self._instants = parts or (
            array(code) for code in self.CODES
        )

    def add_day(self, position: int, day: int) -> None:
        """Note that an event was registered on a later day than those before it."""
        self._day_positions.append(position)
        self._days.append(day)

    def add_instant(self, position: int, instant: int) -> None:
        """Note that an event was recorded at a later instant than those before it."""
        self._instant_positions.append(position)
        self._instants.append(instant)

    def first_after_day(self, day: int) -> int | None:
        """Return the first position that was registered after a day."""
        place = bisect_right(self._days, day)
        return self._day_positions[place] if place < len(self._days) else None

    def first_after_instant(self, instant: int) -> int | None:
        """Return the first position that was recorded after an instant."""
        place = bisect_right(self._instants, instant)
        return self._instant_positions[place] if place < len(self._instants) else None

    def latest(self) -> tuple[int | None, int | None]:
        """Return the latest day and the latest instant, if this stretch has later ones than those before it."""
        return (self._days[-1] if self._days else None), (self._instants[-1] if self._instants else None)

    def day_at(self, position: int) -> int | None:
        """Return the latest day of registration up to a position, if it is one of this stretch."""
        place = bisect_right(self._day_positions, position)
        return self._days[place - 1] if place else None

    def parts(self) -> Parts:
        """Return the columns as bytes."""
        together = (self._day_positions, self._days, self._instant_positions, self._instants)
        return tuple(column.tobytes() for column in together)


class Block:
    """Postings in columns, in one of the two orders."""

    __slots__ = ("_amounts", "_days", "_keys", "_positions", "registered")

    def __init__(self, postings: Sequence[Column], registered: Registered) -> None:
        self._keys, self._positions, self._days, self._amounts = postings
        self.registered = registered

    def __len__(self) -> int:
        return len(self._keys)

    def enter(self, position: int, day: int, keys: Sequence[int], amounts: Sequence[int]) -> None:
        """Add a voucher's postings at the end; only before it is sealed. OverflowError for an amount beyond all."""
        count = len(keys)
        self._amounts.extend(amounts)
        self._keys.extend(keys)
        self._positions.extend((position,) * count)
        self._days.extend((day,) * count)

    def sealed(self) -> "Block":
        """Return the same postings sorted by key."""
        order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        postings = (self._keys, self._positions, self._days, self._amounts)
        return Block([array(column.typecode, map(column.__getitem__, order)) for column in postings], self.registered)

    def moves_of(self, key: int) -> Iterator[tuple[int, int]]:
        """Iterate over the postings of a key as days and amounts; only of a sealed block."""
        start, end = bisect_left(self._keys, key), bisect_right(self._keys, key)
        return zip(self._days[start:end], self._amounts[start:end], strict=True)

    def rows(self, upto: int) -> Iterator[tuple[int, int, int]]:
        """Iterate over keys, days and amounts of postings up to a position."""
        rows = zip(self._keys, self._positions, self._days, self._amounts, strict=True)
        return ((key, day, amount) for key, position, day, amount in rows if position <= upto)

    def moves(self) -> dict[int, dict[int, int]]:
        """Return what moved by key and day."""
        moves: dict[int, dict[int, int]] = {}
        for key, day, amount in zip(self._keys, self._days, self._amounts, strict=True):
            by_day = moves.get(key)
            if by_day is None:
                by_day = moves[key] = {}
            by_day[day] = by_day.get(day, 0) + amount
        return moves

    def parts(self) -> Parts:
        """Return the columns as bytes: those of the postings, then those of registration."""
        postings = (self._keys, self._positions, self._days, self._amounts)
        return (*(column.tobytes() for column in postings), *self.registered.parts())


def empty_block() -> Block:
    """Return a block with nothing in it."""
    return Block([array(code) for code in POSTING_CODES], Registered())


def block_from(parts: Parts) -> Block:
    """Return the block in these columns; ValueError where they do not fit each other."""
    made = columns((*POSTING_CODES, *Registered.CODES), parts)
    if len({len(column) for column in made[:4]}) != 1 or len(made[4]) != len(made[5]) or len(made[6]) != len(made[7]):
        raise ValueError("the columns of a block do not fit each other")
    return Block(made[:4], Registered(*made[4:]))


def by_account(moves: dict[int, dict[int, int]], accounts: Sequence[int]) -> Cube:
    """Return the cube by account of what moved by key and day; `accounts` gives each key's."""
    totals: dict[int, dict[int, int]] = {}
    for key, days in moves.items():
        by_day = totals.setdefault(account_group(accounts[key]), {})
        for day, amount in days.items():
            by_day[day] = by_day.get(day, 0) + amount
    return cube_of(sorted(totals.items()))
