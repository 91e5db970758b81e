"""Events out: a stream per book whose sequences are the positions of the book, and whose end is the only cursor."""

import asyncio

from domain.catalogue import AnyEvent
from services.contract.outgoing import Decode, EventEncoder, owner_of
from services.contract.subjects import events_stream, events_subject, events_subjects
from services.event_store.store import BookStore
from services.messaging.ahead import refuse_ahead
from services.messaging.port import Bus, Outgoing, StreamPlan, StreamState

BATCH_EVENTS = 1000
"""Events that are published together, all or none."""

LOOK_AGAIN_STEPS = 20
"""Steps without an event after which the stream is looked at again: it may have been lost while nothing happened."""


class Relay:
    """Publishes the events of one book; `step` does one batch. After an error, the next step looks again.

    `keep` is how many of the last events the stream is to hold; 0 stands for all.
    """

    def __init__(self, store: BookStore[AnyEvent], bus: Bus, decode: Decode, *, keep: int = 0) -> None:
        self.book = store.name
        self.published: int | None = None
        self._store = store
        self._bus = bus
        self._decode = decode
        self._encoder: EventEncoder | None = None
        self._keep = keep
        self._stream = events_stream(store.name)
        self._idle = 0
        self._connections = 0

    async def step(self) -> int:
        """Publish at most a batch of events; return how many.

        Raises refusals of the bus, `BusAhead` and `BusDiffers`, and failures of the store.
        """
        published, self.published = self.published, None
        if published is None or self._idle >= LOOK_AGAIN_STEPS or self._connections != self._bus.connections:
            self._idle, self._connections = 0, self._bus.connections
            published = await self._resume()
        outgoing = await asyncio.to_thread(self._next, published)
        self._idle = 0 if outgoing else self._idle + 1
        if outgoing:
            published = await self._bus.append(self._stream, outgoing, after=published)
        self.published = published
        return len(outgoing)

    async def behind(self) -> int:
        """Return how many events of the book are not known to be in the stream."""
        return await asyncio.to_thread(self._store.head) - (self.published or 0)

    async def rebuild(self) -> None:
        """Delete the stream, whatever is in it; the next step makes it anew from the book."""
        self.published = None
        await self._bus.drop(self._stream)

    def _next(self, published: int) -> list[Outgoing]:
        outgoing = []
        for position, state in self._store.read(published, BATCH_EVENTS):
            tag, data = self._encoded(position, state)
            outgoing.append(Outgoing(events_subject(self.book, tag), data))
        return outgoing

    async def _resume(self) -> int:
        """Return the position that the stream has come to; make it anew where it lacks what it should have."""
        state = await refuse_ahead(self._bus, self.book, lambda: self._store)
        head = await asyncio.to_thread(self._store.head)
        first = max(1, head - self._keep + 1) if self._keep else 1
        if state is not None and not await self._is_whole(state, first):
            await self._bus.drop(self._stream)
            state = None
        if state is None:
            state = await self._bus.make(self._plan(first))
        return state.last

    async def _is_whole(self, state: StreamState, first: int) -> bool:
        if state.first > first or state.messages != state.last - state.first + 1:
            return False
        return not state.messages or await self._bus.get(self._stream, state.last) is not None

    def _encoded(self, position: int, state: bytes) -> tuple[str, bytes]:
        """Return the tag of today and the CloudEvent of an event."""
        if self._encoder is None:
            ((_, first),) = self._store.read(0, 1)
            self._encoder = EventEncoder(self.book, owner_of(self.book, first, self._decode), self._decode)
        return self._encoder.encode(position, state)

    def _plan(self, first: int) -> StreamPlan:
        return StreamPlan(
            name=self._stream, subjects=(events_subjects(self.book),), first=first, max_messages=self._keep
        )
