"""A second decoder beside the mapper's: pages of events, skimmed where reports need no more of them.

It reads what the ledger needs and passes over the rest, so it does not see damage there; that is what `verify` is for.
What it cannot read, or does not know, it leaves to the mapper, which says what is wrong.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Generic, Literal, cast

import msgspec

from domain.books.voucher import Voucher
from domain.catalogue import AnyEvent, voucher_of
from projections.history import PLAIN_TAGS
from projections.skim import Page, S, Skimmed, SkimmedAccounts
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.failures import DamagedEvent
from services.event_store.store import BookStore

PAGE_ROWS = 1000
"""Events read at a time: half of what is best without decoding, as decoded events take room in the cache too."""


class Skimmer(Generic[S]):
    """Reads the pages of a book; the events of `plain` tags are skimmed to a shape, all others decoded in full."""

    def __init__(self, shape: type[S], plain: frozenset[str]) -> None:
        # A tag that is not one of these fails to decode, in C, and so costs the others nothing.
        tags = Literal.__getitem__(tuple(sorted(plain)))
        plain_shape = msgspec.defstruct("Plain", [("event", tags)], bases=(shape,), gc=False)
        self._skim = msgspec.json.Decoder(cast("type[S]", plain_shape)).decode

    def pages(self, store: BookStore[AnyEvent], after: int = 0, upto: int | None = None) -> Iterator[Page[S]]:
        """Iterate over pages of events above `after` (and not above `upto`).

        Raises `NewerThanProgram`, and `DamagedEvent` for what is read and does not decode and for a missing position.
        """
        while rows := store.read(after, PAGE_ROWS, upto=upto):
            if rows[-1][0] != after + len(rows):
                missing = next(place for place, (position, _) in enumerate(rows, after + 1) if place != position)
                raise DamagedEvent(book=store.name, position=missing, reason="the event is missing")
            yield self.page(store.name, rows)
            after = rows[-1][0]

    def page(self, book: str, rows: list[tuple[int, bytes]]) -> Page[S]:
        """Return the events in these rows."""
        skims, full = list[S | None](), dict[int, AnyEvent]()
        # One iterator is drained by C until an event is not to be skimmed; what came before it is in the list then.
        skimming = map(self._skim, map(itemgetter(1), rows))
        while len(skims) < len(rows):
            try:
                skims.extend(skimming)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                position, state = rows[len(skims)]
                skims.append(None)
                full[position] = event_of(book, position, state)
        return Page(rows, skims, full)


SKIMMER = Skimmer(Skimmed, PLAIN_TAGS)
ACCOUNTS_SKIMMER = Skimmer(SkimmedAccounts, PLAIN_TAGS)
"""Skim what a history needs no more of: to keys, and when it was registered; to accounts."""


def event_of(book: str, position: int, state: bytes) -> AnyEvent:
    """Return the event in these bytes; raises `NewerThanProgram` or `DamagedEvent`."""
    return catalogue_mapper().decode(book, position, state)


@contextmanager
def folding(book: str, page: Page[S]) -> Iterator[None]:
    """Raise `DamagedEvent` where a page cannot be folded because an event in it is not what it should be."""
    try:
        yield
    except (msgspec.MsgspecError, ValueError) as error:
        for position, state in page.rows:
            voucher = voucher_of(event_of(book, position, state))
            if voucher is not None and not _is_whole(voucher):
                raise DamagedEvent(book=book, position=position, reason="its postings are no rows") from error
        raise


def _is_whole(voucher: Voucher) -> bool:
    count = len(voucher.accounts)
    return len(voucher.amounts_ore) == count and {len(voucher.projects), len(voucher.parties)} <= {0, count}
