"""Reading a known number of messages: a reader gives what has come, which may be a part of what there is."""

from services.messaging.port import Reader, Stored

PATIENT = 5.0
"""Seconds to wait for what must come."""


async def all_of(reader: Reader, number: int) -> list[Stored]:
    """Return so many messages of a reader, in as many pieces as it gives."""
    found: list[Stored] = []
    while len(found) < number:
        piece = await reader.next(number - len(found), PATIENT)
        assert piece, f"only {len(found)} of {number} came"
        found += piece
    return found
