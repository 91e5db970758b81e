"""Whether the bus says what a book says: event by event, and what the latest reports reflect."""

import asyncio

import msgspec

from domain.catalogue import AnyEvent
from services.contract.outgoing import Decode, EventEncoder, owner_of
from services.contract.printed import ReportsShown
from services.contract.subjects import (
    POSITION_KEY,
    REPORTS_BUCKET,
    bucket_stream,
    bucket_subject,
    events_stream,
    events_subject,
    report_key,
)
from services.event_store.store import BookStore
from services.messaging.nats_bus import NatsBus
from services.messaging.port import Bus, StreamState

BATCH_EVENTS = 1000
DIFFERENCES_MAX = 20
"""Differences that are named; more are only counted."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """How the bus compares with a book: positions, and the positions at which the two differ."""

    book: str
    head: int
    first: int
    last: int
    compared: int
    missing: int
    differences: tuple[int, ...]
    different: int
    reports_position: int

    @property
    def agrees(self) -> bool:
        """Tell whether every event on the bus is the book's, and the bus is not ahead."""
        return not self.different and not self.missing and not self.ahead

    @property
    def ahead(self) -> int:
        """Return how many events the stream has that the book has not."""
        return max(0, self.last - self.head)

    @property
    def behind(self) -> int:
        """Return how many events of the book the stream has not got yet."""
        return max(0, self.head - self.last)


async def check(bus: NatsBus, store: BookStore[AnyEvent], decode: Decode) -> Checked:
    """Compare the stream of a book's events with the book; raises `BusUnavailable` and failures of the store."""
    stream = events_stream(store.name)
    state = await bus.state(stream) or StreamState(first=1, last=0, messages=0, made="")
    # The head last: what the stream had before, the book has.
    head = await asyncio.to_thread(store.head)
    end = min(state.last, head)
    after = state.first - 1
    compared = missing = 0
    differences: list[int] = []
    while after < end:
        batch = await bus.fetch(stream, after, min(BATCH_EVENTS, end - after))
        found = {stored.sequence: (stored.subject, stored.data) for stored in batch}
        upto = batch[-1].sequence if batch else end
        for position, *expected in await asyncio.to_thread(_expected, store, decode, after, upto):
            compared += 1
            if position not in found:
                missing += 1
            elif found[position] != tuple(expected):
                differences.append(position)
        after = upto
    return Checked(
        book=store.name,
        head=head,
        first=state.first,
        last=state.last,
        compared=compared,
        missing=missing,
        differences=tuple(differences[:DIFFERENCES_MAX]),
        different=len(differences),
        reports_position=await _reports_position(bus, store.name),
    )


def _expected(store: BookStore[AnyEvent], decode: Decode, after: int, upto: int) -> list[tuple[int, str, bytes]]:
    ((_, first),) = store.read(0, 1)
    encoder = EventEncoder(store.name, owner_of(store.name, first, decode), decode)
    found = []
    for position, state in store.read(after, upto - after, upto=upto):
        tag, data = encoder.encode(position, state)
        found.append((position, events_subject(store.name, tag), data))
    return found


async def _reports_position(bus: Bus, book: str) -> int:
    stream = bucket_stream(REPORTS_BUCKET)
    if await bus.state(stream) is None:
        return 0
    found = await bus.last(stream, bucket_subject(REPORTS_BUCKET, report_key(book, POSITION_KEY)))
    return 0 if found is None else msgspec.json.decode(found.data, type=ReportsShown).position
