"""Messages that were refused: looked at, sent again once what they lacked is there, or put away for good."""

from collections.abc import AsyncIterator, Collection, Sequence

import msgspec

from domain.kernel.refusal import Language, Refusal
from services.contract.subjects import (
    CODE_HEADER,
    DEAD_STREAM,
    FIELD_HEADER,
    IN_STREAM,
    KEPT_PREFIX,
    MADE_HEADER,
    REASON_EN_HEADER,
    REASON_HEADER,
    SEQUENCE_HEADER,
    dead_subject,
    in_subject,
)
from services.event_store.shelf import checked_name
from services.messaging.port import Bus, Outgoing, Stored

BATCH_LETTERS = 1000
WAIT_SECONDS = 10.0

REDRIVEN_HEADER = "Grundbok-Redriven"
"""The number of the dead letter that a message was sent again from."""

OURS = frozenset(
    {SEQUENCE_HEADER, MADE_HEADER, CODE_HEADER, FIELD_HEADER, REASON_HEADER, REASON_EN_HEADER, REDRIVEN_HEADER}
)
"""Headers that were added when the message became a dead letter."""


class LettersMissing(Refusal):
    """Dead letters that are named are there."""

    code = "dead_letters_missing"
    sv = "Bland de avvisade meddelandena till {book} finns inte nummer {numbers}."
    en = "Among the refused messages for {book} there is no number {numbers}."


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A refused message: its number among the dead letters, its sequence when it came, why, and the message."""

    number: int
    sequence: int
    code: str
    field: str
    reason: str
    reason_en: str
    data: bytes
    headers: dict[str, str]

    def sentence(self, language: Language) -> str:
        """Return why the message was refused, in words; letters of older programs say it in Swedish only."""
        return (language == "en" and self.reason_en) or self.reason


async def letters(
    bus: Bus, book: str, *, numbers: Collection[int] = (), code: str = ""
) -> AsyncIterator[list[DeadLetter]]:
    """Iterate over the dead letters of a book in order, some at a time: all, or those with a number or a code.

    Raises `LettersMissing` at the end when a number was named that is not there.
    """
    checked_name(book)
    missing = set(numbers)
    end = await bus.last(DEAD_STREAM, dead_subject(book)) if await bus.state(DEAD_STREAM) else None
    if end is not None:
        reader = await bus.reader(DEAD_STREAM, dead_subject(book), 0)
        try:
            last = 0
            while last < end.sequence:
                batch = await reader.next(BATCH_LETTERS, WAIT_SECONDS)
                last = batch[-1].sequence if batch else end.sequence
                wanted = [letter for letter in map(_letter, batch) if _is_wanted(letter, numbers, code)]
                missing -= {letter.number for letter in wanted}
                if wanted:
                    yield wanted
        finally:
            await reader.close()
    if missing:
        raise LettersMissing(book=book, numbers=", ".join(map(str, sorted(missing))))


async def redrive(bus: Bus, book: str, chosen: Sequence[DeadLetter]) -> None:
    """Send dead letters again as they came, at most 1000, and take them away; they are answered anew.

    Should the program die between the two, they are sent twice, which the book recognises.
    """
    await bus.append(IN_STREAM, [Outgoing(in_subject(book), letter.data, _headers(letter)) for letter in chosen])
    await discard(bus, chosen)


async def discard(bus: Bus, chosen: Sequence[DeadLetter]) -> None:
    """Take dead letters away without sending them again."""
    for letter in chosen:
        await bus.delete(DEAD_STREAM, letter.number)


def _is_wanted(letter: DeadLetter, numbers: Collection[int], code: str) -> bool:
    return (not numbers or letter.number in numbers) and (not code or letter.code == code)


def _letter(stored: Stored) -> DeadLetter:
    headers = stored.headers
    return DeadLetter(
        number=stored.sequence,
        sequence=int(headers.get(SEQUENCE_HEADER, 0)),
        code=headers.get(CODE_HEADER, ""),
        field=headers.get(FIELD_HEADER, ""),
        reason=headers.get(REASON_HEADER, ""),
        reason_en=headers.get(REASON_EN_HEADER, ""),
        data=stored.data,
        headers=dict(headers),
    )


def _headers(letter: DeadLetter) -> dict[str, str]:
    """Return the headers a message came with, less those of the server's own.

    With its first `Nats-Msg-Id`, inside the duplicate window, the server would say yes and keep nothing.
    """
    came = {
        name: value
        for name, value in letter.headers.items()
        if name not in OURS and not name.startswith((KEPT_PREFIX, "Nats-"))
    }
    return came | {REDRIVEN_HEADER: str(letter.number)}
