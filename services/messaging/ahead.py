"""A stream that has what its book has not: the book is an older copy or another, and nothing more is to be written.

The stream may be the only trace of what is missing. Were the book written on, its next event would have the position,
and its next voucher the number, of one that others have seen already.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec

from domain.catalogue import AnyEvent
from domain.kernel.event import Recorded
from domain.kernel.refusal import Refusal
from services.contract.outgoing import event_id
from services.contract.subjects import events_stream
from services.event_store.store import BookStore
from services.messaging.port import Bus, StreamState

T = TypeVar("T")


class BusAhead(Refusal):
    """A stream of events ends where its book ends, or before."""

    code = "bus_ahead"
    sv = (
        "Strömmen {stream} har {last} händelser, men boken {book} har {head}: boken är en äldre kopia. Strömmen kan"
        " vara det enda spåret av det som saknas. Ta reda på det; sedan gör `grundbok bus rebuild` om strömmen från"
        " boken, och meddelandena på bussen läses igen."
    )
    en = (
        "The stream {stream} has {last} events, but the book {book} has {head}: the book is an older copy. The stream"
        " may be the only trace of what is missing. Find out; then `grundbok bus rebuild` makes it anew from the book,"
        " and the messages on the bus are read again."
    )


class BusDiffers(Refusal):
    """A stream of events says what its book says."""

    code = "bus_differs"
    sv = (
        "Strömmen {stream} har en annan händelse än boken {book} på position {position}: boken har bytts ut, eller"
        " strömmen är skadad. Ta reda på vilket; `grundbok bus rebuild` gör sedan om strömmen från boken."
    )
    en = (
        "The stream {stream} has another event than the book {book} at position {position}: the book was replaced, or"
        " the stream is damaged. Find out which; then `grundbok bus rebuild` makes it anew from the book."
    )


async def refuse_ahead(bus: Bus, book: str, opened: Callable[[], BookStore[AnyEvent] | None]) -> StreamState | None:
    """Return how the stream of a book's events stands; raises BusAhead or BusDiffers when it is not this book's.

    `opened` returns the book, nothing where there is none. The last event of the stream is compared; it is known by who
    told the book of it and when, which no later wording of events changes.
    """
    stream = events_stream(book)
    state = await bus.state(stream)
    last = 0 if state is None else state.last
    # The book last: what the stream had before, the book has.
    reached, mine = await asyncio.to_thread(_seen, opened, last)
    if last > reached:
        raise BusAhead(stream=stream, last=last, book=book, head=reached)
    stored = await bus.get(stream, last) if state is not None and state.messages else None
    if stored is not None and _recorded(stored.data, _Published) != _Published(event_id(book, last), mine):
        raise BusDiffers(stream=stream, book=book, position=last)
    return state


class _Data(msgspec.Struct, frozen=True):
    recorded: Recorded


class _Published(msgspec.Struct, frozen=True):
    id: str
    data: _Data | None


def _seen(opened: Callable[[], BookStore[AnyEvent] | None], position: int) -> tuple[int, _Data | None]:
    """Return the head of a book, and who told it of the event at a position."""
    store = opened()
    if store is None:
        return 0, None
    head = store.head()
    rows = store.read(position - 1, 1, upto=position) if 0 < position <= head else []
    return head, _recorded(rows[0][1], _Data) if rows else None


def _recorded(data: bytes, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError:
        return None
