"""What a writer knows of its book: the state decisions are made on, and how it follows from the events.

A value like the book itself, so that a batch that never reached the disk leaves no trace. A snapshot is such a value
with its position; nothing but `follow` needs to run from there.
"""

from typing import Any

import msgspec

from domain.book import Book, evolve
from domain.books.voucher import VoucherId
from domain.catalogue import AnyEvent, voucher_of
from domain.kernel.event import Recorded
from services.application.registration import Registered, registered_after
from services.event_store.store import BookStore

PLACES_EVERY = 64
"""Vouchers of a series between two whose positions are remembered."""


class Known(msgspec.Struct, frozen=True):
    """The state of a book after its first `book.position` events."""

    book: Book = Book()
    registered: Registered = Registered()

    @property
    def position(self) -> int:
        """Return the position of the last event this knows of."""
        return self.book.position


def follow(known: Known, event: AnyEvent) -> Known:
    """Return what is known after one more event."""
    recorded = recorded_of(event)
    registered = registered_after(known.registered, recorded.registered_on, recorded.recorded_at)
    return Known(evolve(known.book, event), registered)


def recorded_of(event: Any) -> Recorded:  # noqa: ANN401 - a union whose members all have it
    """Return who told the book of an event, and when."""
    recorded: Recorded = event.recorded
    return recorded


class VoucherPlaces:
    """Where in the book to look for a voucher: the position of every 64th of each series and year.

    Numbers and positions grow together, so the voucher stands between two remembered positions. Only corrections
    ask for it; without a remembered position the search begins at the beginning.
    """

    def __init__(self, positions: dict[tuple[int, str], list[int]] | None = None) -> None:
        self._positions = positions or {}

    @property
    def positions(self) -> dict[tuple[int, str], list[int]]:
        """Return what is remembered: positions in order, by year and series."""
        return self._positions

    def note(self, position: int, event: AnyEvent) -> None:
        """Remember the position of an event if its voucher is one to remember; events come in order."""
        voucher = voucher_of(event)
        if voucher is not None and voucher.number % PLACES_EVERY == 1:
            self._positions.setdefault((voucher.year, voucher.series), []).append(position)

    def go_on(self, later: "VoucherPlaces") -> None:
        """Remember what was noted of the events that follow."""
        for key, positions in later.positions.items():
            self._positions.setdefault(key, []).extend(positions)

    def find(self, store: BookStore[AnyEvent], named: VoucherId, upto: int) -> AnyEvent | None:
        """Return the event with the voucher, among those up to a position."""
        positions = self._positions.get((named.year, named.series), [])
        place = (named.number - 1) // PLACES_EVERY
        start = positions[place] if place < len(positions) else 1
        for _, event in store.events(start - 1, upto):
            voucher = voucher_of(event)
            if voucher is not None and voucher.id == named:
                return event
        return None
