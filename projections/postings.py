"""The postings of a book in columns, so that a balance is quick on both time axes: as of a day, as known at a position.

Postings stand in blocks in the order of the book, and over the blocks stands a tree: a cube sums sixteen blocks,
another sixteen of those, and so on. What was known at a position is then a few cubes of each level and a part of one
block, whatever the position; each answers for any day. Blocks that are full, and cubes, never change.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping

import msgspec

from projections.block import FULL, Block, block_from, by_account, empty_block
from projections.cube import CODES, Column, Cube, Parts, cube_from, cube_of, merged
from projections.ledger import Key
from projections.skim import Days, SkimmedRecorded, SkimmedVoucher, instant_of

FANOUT = 16
"""Nodes that a node of the next level sums."""

BEFORE_ALL = -(2**63)
"""Before every day and every instant."""

Place = tuple[int, int]
"""A level of the tree, 0 being that of the blocks, and a number on it."""

Fetch = Callable[[Place], Parts]
"""Gets the columns of a node that was saved."""


class Node(msgspec.Struct, frozen=True):
    """A cube, and on the lowest level the block it is of; there it knows whole accounts only."""

    cube: Cube
    block: Block | None = None

    def parts(self) -> Parts:
        """Return the columns as bytes."""
        return self.cube.parts() + (self.block.parts() if self.block is not None else ())


def node_from(parts: Parts) -> Node:
    """Return the node in these columns; ValueError where they are none."""
    own = len(CODES)
    return Node(cube_from(parts[:own]), block_from(parts[own:]) if parts[own:] else None)


class Outline(msgspec.Struct, kw_only=True):
    """What is known without reading any full block: where each ends, and the keys; all of it grows at its end only."""

    ends: Column
    through_days: Column
    through_instants: Column
    keys: list[Key]
    first_positions: Column
    growing: Block


def outline_of_nothing() -> Outline:
    """Return the outline of an empty book."""
    ends, days, instants, first = (array("q") for _ in range(4))
    return Outline(
        ends=ends, through_days=days, through_instants=instants, keys=[], first_positions=first, growing=empty_block()
    )


class Numbers(dict[tuple[int, str, str], int]):
    """The number of each key; a key that is new gets the next."""

    def __init__(self, keys: list[Key]) -> None:
        super().__init__((key, number) for number, key in enumerate(keys))
        self.keys_in_order = keys

    def __missing__(self, key: tuple[int, str, str]) -> int:
        number = self[key] = len(self.keys_in_order)
        self.keys_in_order.append(Key(*key))
        return number


class Postings:
    """All postings of a book, and when its events were registered."""

    def __init__(self, outline: Outline, position: int = 0, fetch: Fetch | None = None) -> None:
        self.outline = outline
        self.unsaved: list[Place] = []
        self._fetch = fetch
        self._nodes: dict[Place, Node] = {}
        self.numbers = Numbers(outline.keys)
        self._days = Days()
        self._position = position
        self._registered, self._recorded = "", ""
        day, instant = outline.growing.registered.latest()
        sealed = bool(outline.ends)
        self._day = day if day is not None else outline.through_days[-1] if sealed else BEFORE_ALL
        self._instant = instant if instant is not None else outline.through_instants[-1] if sealed else BEFORE_ALL

    @property
    def position(self) -> int:
        """The position of the last event that was taken in."""
        return self._position

    def take(self, recorded: SkimmedRecorded, voucher: SkimmedVoucher | None) -> None:
        """Take in the next event; ValueError (also msgspec's) where it is none, OverflowError where it is too large."""
        self._position = position = self._position + 1
        if recorded.recorded_at != self._recorded or recorded.registered_on != self._registered:
            self._register(recorded)
        outline = self.outline
        growing = outline.growing
        if voucher is not None:
            accounts = voucher.accounts
            blank = ("",) * len(accounts)
            rows = zip(accounts, voucher.projects or blank, voucher.parties or blank, strict=True)
            numbers = list(map(self.numbers.__getitem__, rows))
            if len(outline.keys) > len(outline.first_positions):
                outline.first_positions.extend([position] * (len(outline.keys) - len(outline.first_positions)))
            growing.enter(position, self._days[voucher.accounting_date], numbers, voucher.amounts_ore)
        if len(growing) >= FULL or position - self._began() >= FULL:
            self._seal()

    def _began(self) -> int:
        return self.outline.ends[-1] if self.outline.ends else 0

    def _register(self, recorded: SkimmedRecorded) -> None:
        registered = self.outline.growing.registered
        if recorded.registered_on != self._registered:
            self._registered = recorded.registered_on
            day = self._days[recorded.registered_on]
            if day > self._day:
                self._day = day
                registered.add_day(self._position, day)
        if recorded.recorded_at != self._recorded:
            self._recorded = recorded.recorded_at
            instant = instant_of(recorded.recorded_at)
            if instant > self._instant:
                self._instant = instant
                registered.add_instant(self._position, instant)

    def _seal(self) -> None:
        outline = self.outline
        number, moves = len(outline.ends), outline.growing.moves()
        accounts = [key.account for key in outline.keys]
        self._add((0, number), Node(by_account(moves, accounts), outline.growing.sealed()))
        outline.ends.append(self._position)
        outline.through_days.append(self._day)
        outline.through_instants.append(self._instant)
        outline.growing = empty_block()
        level = 1
        while (number + 1) % FANOUT**level == 0:
            above = (number + 1) // FANOUT**level - 1
            below = [self.node((level - 1, FANOUT * above + child)) for child in range(FANOUT)]
            self._add((level, above), Node(cube_of(_summed(below))))
            level += 1

    def _add(self, place: Place, node: Node) -> None:
        self._nodes[place] = node
        self.unsaved.append(place)

    def node(self, place: Place) -> Node:
        """Return a node of the tree, fetched if need be; raises what fetching raises, and ValueError."""
        node = self._nodes.get(place)
        if node is None:
            if self._fetch is None:
                raise KeyError(place)
            node = self._nodes[place] = node_from(self._fetch(place))
        return node

    def saved(self, fetch: Fetch, *, release: bool) -> None:
        """Know that all nodes can be fetched from now on; with `release`, forget them until they are asked for."""
        self._fetch = fetch
        self.unsaved.clear()
        if release:
            self._nodes.clear()

    def covering(self, position: int) -> tuple[list[Node], list[tuple[int, int, int]]]:
        """Return the nodes that together are the full blocks up to a position, and the postings after them."""
        full = bisect_right(self.outline.ends, position)
        nodes: list[Node] = []
        done, level = 0, 0
        while FANOUT ** (level + 1) <= full:
            level += 1
        while level >= 0:
            size = FANOUT**level
            while done + size <= full:
                nodes.append(self.node((level, done // size)))
                done += size
            level -= 1
        began = self.outline.ends[full - 1] if full else 0
        return nodes, list(self._block(full).rows(position)) if position > began else []

    def known_on(self, day: int) -> int:
        """Return the position up to which everything was registered by the end of a day, given by its ordinal."""
        number = bisect_right(self.outline.through_days, day)
        first = self._block(number).registered.first_after_day(day)
        return self._position if first is None else first - 1

    def known_at(self, instant: int) -> int:
        """Return the position up to which everything was recorded by an instant, in microseconds since 1970."""
        number = bisect_right(self.outline.through_instants, instant)
        first = self._block(number).registered.first_after_instant(instant)
        return self._position if first is None else first - 1

    def registered_by(self, position: int) -> int | None:
        """Return the ordinal of the last day of registration up to a position; nothing for none."""
        number = bisect_right(self.outline.ends, position)
        day = self._block(number).registered.day_at(position) if position else None
        if day is None and number:
            day = self.outline.through_days[number - 1]
        return day

    def _block(self, number: int) -> Block:
        """Return a full block, or the growing one."""
        if number == len(self.outline.ends):
            return self.outline.growing
        block = self.node((0, number)).block
        if block is None:
            raise ValueError("a node of the lowest level has a block")
        return block


def _summed(nodes: list[Node]) -> Iterator[tuple[int, Mapping[int, int]]]:
    """Iterate over the groups of these nodes, in order, with what moved by day."""
    yield from merged([node.cube for node in nodes])
    moves: dict[int, dict[int, int]] = {}
    for block in (node.block for node in nodes if node.block is not None):
        for key, days in block.moves().items():
            by_day = moves.setdefault(key, {})
            for day, amount in days.items():
                by_day[day] = by_day.get(day, 0) + amount
    yield from sorted(moves.items())  # keys are numbered from 0, accounts below
