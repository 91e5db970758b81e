"""The read model of a book: what its reports are made from, kept so that it need not be folded anew.

It holds the postings in columns and the few events that say more than their voucher does. From these comes the history
as it was known at any position up to its own. It is equal to a replay, and can be thrown away.
"""

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec

from domain.catalogue import AnyEvent
from domain.kernel.refusal import ensure
from projections.history import NOTED, History
from projections.postings import Postings
from projections.prefix_ledger import PrefixLedger
from projections.skim import Page, Skimmed, microseconds, skimmed

Decode = Callable[[int, bytes], AnyEvent]
"""Makes an event of its position and its stored bytes."""


class Note(msgspec.Struct, frozen=True, gc=False):
    """A noted event: its position and its bytes as they are stored."""

    position: int
    state: bytes


class ReadModel:
    """What a book's reports are made from, up to a position."""

    def __init__(self, postings: Postings, notes: list[Note], decode: Decode) -> None:
        self.postings = postings
        self.notes = notes
        self._decode = decode
        self._events: list[AnyEvent] = []
        self._latest: History | None = None

    @property
    def position(self) -> int:
        """The position of the last event that was taken in."""
        return self.postings.position

    def take(self, page: Page[Skimmed]) -> None:
        """Take in the next events.

        Raises ValueError (also msgspec's) for an event that is none, and OverflowError for sums beyond the columns.
        """
        ensure(page.rows[0][0] == self.position + 1, "a read model takes in every event once, in order")
        self._latest = None
        enter = self.postings.take
        for skim, (position, state) in zip(page.skims, page.rows, strict=True):
            if skim is not None:
                enter(skim.recorded, skim.voucher)
                continue
            event = page.full[position]
            plain = skimmed(event)
            enter(plain.recorded, plain.voucher)
            if isinstance(event, NOTED):
                self.notes.append(Note(position, state))

    def history(self, position: int) -> History:
        """Return the history as it was known at a position."""
        latest = self._latest
        if latest is not None and latest.position == position:
            return latest
        history = History()
        known = bisect_right(self.notes, position, key=lambda note: note.position)
        for event in self._noted(known):
            history.note(event)
        history.ledger = PrefixLedger(self.postings, position)
        history.position = position
        day = self.postings.registered_by(position)
        history.registered_on = None if day is None else date.fromordinal(day)
        if position == self.position:
            self._latest = history
        return history

    def position_on(self, day: date) -> int:
        """Return the position up to which everything was registered by the end of a day."""
        return self.postings.known_on(day.toordinal())

    def position_at(self, instant: datetime) -> int:
        """Return the position up to which everything was recorded by an instant."""
        return self.postings.known_at(microseconds(instant.astimezone(UTC)))

    def _noted(self, count: int) -> list[AnyEvent]:
        """Return the first noted events; each is decoded once."""
        for note in self.notes[len(self._events) : count]:
            self._events.append(self._decode(note.position, note.state))
        return self._events[:count]
