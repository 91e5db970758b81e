"""A persistent table: an immutable mapping that shares what it can with the one it came from.

The state of a book is a value: `evolve` returns a new one and the old one stays valid, so that a batch that fails on
its way to disk leaves no trace. Copying a dictionary for each change would make a growing book quadratic; here a
change costs O(log n) on average. The standard library has no such mapping, and the domain imports nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")

_GONE = object()
_new = object.__new__

SMALL = 16
"""Up to so many rows a table is copied whole: cheaper than a layer more to look through."""


class Table(Mapping[K, V], Generic[K, V]):
    """An immutable mapping in layers, the newest first: each is at least twice as large as the one before it."""

    __slots__ = ("_count", "_layers")

    def __init__(self, rows: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        base = dict(rows)
        self._layers: tuple[dict[K, object], ...] = (base,) if base else ()  # type: ignore[assignment]
        self._count = len(base)

    def put(self, key: K, value: V) -> "Table[K, V]":
        """Return a table in which the key has this value."""
        if self._count <= SMALL and len(self._layers) == 1:
            rows = self._layers[0].copy()
            rows[key] = value
            made: Table[K, V] = _new(Table)
            made._layers = (rows,)
            made._count = len(rows)
            return made
        return self._with(key, value, self._count + (key not in self))

    def drop(self, key: K) -> "Table[K, V]":
        """Return a table without the key; the key must be there."""
        if key not in self:
            raise KeyError(key)
        return self._with(key, _GONE, self._count - 1)

    def _with(self, key: K, value: object, count: int) -> "Table[K, V]":
        top: dict[K, object] = {key: value}
        layers, merged = self._layers, 0
        while merged < len(layers) and len(layers[merged]) <= 2 * len(top):
            top = layers[merged] | top
            merged += 1
        if merged == len(layers) and len(top) != count:
            top = {k: v for k, v in top.items() if v is not _GONE}
        return _table((top, *layers[merged:]), count)

    def __getitem__(self, key: K) -> V:
        for layer in self._layers:
            if key in layer:
                found = layer[key]
                if found is _GONE:
                    break
                return found  # type: ignore[return-value]
        raise KeyError(key)

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | D) -> V | D: ...
    def get(self, key: K, /, default: V | D | None = None) -> V | D | None:
        """Return the value of a key, or the default; asked several times for each posting, so not by exception."""
        for layer in self._layers:
            if key in layer:
                found = layer[key]
                return default if found is _GONE else found  # type: ignore[return-value]
        return default

    def __contains__(self, key: object) -> bool:
        for layer in self._layers:
            if key in layer:
                return layer[key] is not _GONE
        return False

    def flat(self) -> Mapping[K, V]:
        """Return the rows as a mapping that is quicker to ask than the table.

        For tables that are asked far more often than they change: after a change it takes a copy.
        """
        if len(self._layers) > 1 or not self._layers:
            self._layers = (self.plain(),)  # type: ignore[assignment]
        return self._layers[0]  # type: ignore[return-value]

    def plain(self) -> dict[K, V]:
        """Return the rows as a dictionary of one's own."""
        merged: dict[K, object] = {}
        for layer in reversed(self._layers):
            merged |= layer
        return {key: value for key, value in merged.items() if value is not _GONE}  # type: ignore[misc]

    def __iter__(self) -> Iterator[K]:
        return iter(self.plain())

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"Table({dict(self)!r})"


def _table(layers: "tuple[dict[K, object], ...]", count: int) -> "Table[K, V]":
    made: Table[K, V] = _new(Table)
    made._layers = layers  # noqa: SLF001 - a second constructor
    made._count = count  # noqa: SLF001 - a second constructor
    return made
