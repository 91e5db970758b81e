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


class Table(Mapping[K, V], Generic[K, V]):
    """An immutable mapping in layers: each layer is at least twice as large as the one above it."""

    __slots__ = ("_count", "_layers")

    def __init__(self, rows: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        base = dict(rows)
        self._layers: tuple[dict[K, object], ...] = (base,) if base else ()  # type: ignore[assignment]
        self._count = len(base)

    def put(self, key: K, value: V) -> "Table[K, V]":
        """Return a table in which the key has this value."""
        return self._with(key, value, self._count + (key not in self))

    def drop(self, key: K) -> "Table[K, V]":
        """Return a table without the key; the key must be there."""
        if key not in self:
            raise KeyError(key)
        return self._with(key, _GONE, self._count - 1)

    def _with(self, key: K, value: object, count: int) -> "Table[K, V]":
        top: dict[K, object] = {key: value}
        layers = list(self._layers)
        while layers and len(layers[-1]) <= 2 * len(top):
            top = layers.pop() | top
        if not layers and len(top) != count:
            top = {k: v for k, v in top.items() if v is not _GONE}
        made: Table[K, V] = Table.__new__(Table)
        made._layers = (*layers, top)
        made._count = count
        return made

    def __getitem__(self, key: K) -> V:
        for layer in reversed(self._layers):
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
        for layer in reversed(self._layers):
            if key in layer:
                found = layer[key]
                return default if found is _GONE else found  # type: ignore[return-value]
        return default

    def __contains__(self, key: object) -> bool:
        for layer in reversed(self._layers):
            if key in layer:
                return layer[key] is not _GONE
        return False

    def __iter__(self) -> Iterator[K]:
        merged: dict[K, object] = {}
        for layer in self._layers:
            merged |= layer
        return (key for key, value in merged.items() if value is not _GONE)

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"Table({dict(self)!r})"
