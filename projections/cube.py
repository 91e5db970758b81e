"""A cube: what stands on each group at the end of each day, for the postings of one stretch of a book.

A group is a key (account, project and party; a number from 0 up) or a whole account (a number below zero). All is in
flat columns: for each group in order, its days in order with the running sum of each. A balance is one bisection.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Column = array[int]
else:  # before Python 3.12 an array cannot be subscripted when the program runs
    Column = array

Parts = tuple[bytes, ...]
"""The columns as bytes."""

CODES = ("i", "I", "i", "q")
"""What the columns are made of: groups, where each begins, days, sums."""


def account_group(account: int) -> int:
    """Return the group of a whole account."""
    return ~account


class Cube:
    """Running sums in öre by group and day; it never changes."""

    __slots__ = ("_days", "_groups", "_places", "_starts", "_sums")

    def __init__(self, groups: Column, starts: Column, days: Column, sums: Column) -> None:
        self._groups, self._starts, self._days, self._sums = groups, starts, days, sums
        self._places: dict[int, int] | None = None

    def at(self, group: int, day: int) -> int:
        """Return what stands on a group at the end of a day, given by its ordinal."""
        place = self._place(group)
        if place is None:
            return 0
        start = self._starts[place]
        found = bisect_right(self._days, day, start, self._starts[place + 1])
        return self._sums[found - 1] if found > start else 0

    def groups(self) -> Iterable[int]:
        """Return the groups, in order."""
        return self._groups

    def moves_of(self, group: int) -> Iterator[tuple[int, int]]:
        """Iterate over the days of a group and what moved on them."""
        place = self._place(group)
        return iter(()) if place is None else self._moves(self._starts[place], self._starts[place + 1])

    def _place(self, group: int) -> int | None:
        places = self._places
        if places is None:
            places = self._places = {group: place for place, group in enumerate(self._groups)}
        return places.get(group)

    def _moves(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        before = 0
        for day, total in zip(self._days[start:end], self._sums[start:end], strict=True):
            yield day, total - before
            before = total

    def parts(self) -> Parts:
        """Return the columns as bytes."""
        return tuple(column.tobytes() for column in (self._groups, self._starts, self._days, self._sums))


def cube_of(moves: Iterable[tuple[int, Mapping[int, int]]]) -> Cube:
    """Return the cube of groups, in order, with what moved by day; OverflowError where a sum does not fit."""
    groups, starts, days, sums = (array(code) for code in CODES)
    for group, by_day in moves:
        groups.append(group)
        starts.append(len(days))
        total = 0
        ordered = sorted(by_day)
        days.extend(ordered)
        for day in ordered:
            total += by_day[day]
            sums.append(total)
    starts.append(len(days))
    return Cube(groups, starts, days, sums)


def cube_from(parts: Parts) -> Cube:
    """Return the cube in these columns; ValueError where they do not fit each other."""
    groups, starts, days, sums = columns(CODES, parts)
    if len(starts) != len(groups) + 1 or not len(days) == len(sums) == starts[-1]:
        raise ValueError("the columns of a cube do not fit each other")
    return Cube(groups, starts, days, sums)


def merged(cubes: Sequence[Cube]) -> Iterator[tuple[int, dict[int, int]]]:
    """Iterate over the groups of all of these, in order, with what moved by day; one at a time is held in memory."""
    for group in sorted(set().union(*(cube.groups() for cube in cubes))):
        by_day: dict[int, int] = {}
        for cube in cubes:
            for day, amount in cube.moves_of(group):
                by_day[day] = by_day.get(day, 0) + amount
        yield group, by_day


def columns(codes: Iterable[str], parts: Parts) -> list[Column]:
    """Return columns from their bytes; ValueError where there are others than these, or parts of numbers."""
    made: list[Column] = []
    for code, content in zip(codes, parts, strict=True):
        column = array(code)
        column.frombytes(content)
        made.append(column)
    return made
