"""A stream that has what its book has not: the book was put back to an older copy, and nothing more is to be written.

The stream may be the only trace of what is missing. Were the book written on, its next event would have the position,
and its next voucher the number, of one that others have seen already.
"""

import asyncio
from collections.abc import Callable

from domain.kernel.refusal import Refusal
from services.contract.subjects import events_stream
from services.messaging.port import Bus, StreamState


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


async def refuse_ahead(bus: Bus, book: str, head: Callable[[], int]) -> StreamState | None:
    """Return how the stream of a book's events stands; raises BusAhead when it has what the book has not."""
    stream = events_stream(book)
    state = await bus.state(stream)
    # The head last: what the stream had before, the book has.
    reached = await asyncio.to_thread(head)
    if state is not None and state.last > reached:
        raise BusAhead(stream=stream, last=state.last, book=book, head=reached)
    return state
