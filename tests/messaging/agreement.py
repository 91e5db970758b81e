"""Three ways to say the same: what senders were told, what the book has, what the bus shows of the book.

Every fault test ends here. Nothing is taken from the program's own idea of how far it came: streams, bucket and book
are read anew, the stream and the reports are made again from the book, and each is compared to the last byte.
"""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from domain.catalogue import AnyEvent
from services.application.latest import latest_reports
from services.application.queries import Layouts, book_layout, facts_of
from services.application.verify import verify
from services.clock import SystemClock, swedish_day
from services.contract.answers import Answer, Receipt, Refused
from services.contract.envelope import identity_key, read_message
from services.contract.outgoing import EventEncoder, owner_of
from services.contract.printed import ReportsShown
from services.contract.subjects import (
    DEAD_STREAM,
    IN_STREAM,
    POSITION_KEY,
    REPORTS_BUCKET,
    SEQUENCE_HEADER,
    bucket_stream,
    bucket_subject,
    dead_subject,
    events_stream,
    events_subject,
    in_subject,
    receipts_stream,
    report_key,
)
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from services.event_store.store import BookStore
from services.messaging.nats_bus import NatsBus
from services.messaging.port import BusUnavailable, Stored
from services.messaging.sender import Sender, Unanswered
from tests.messaging.serving import until
from tests.services.messages import line_of

Named = tuple[str, str]
"""The source and the id of a message."""

ANSWER_SECONDS = 5.0
"""How long a sender waits before it sends again."""

_answer = msgspec.json.Decoder(Answer).decode


class Agreed(NamedTuple):
    """How much was compared."""

    events: int
    receipts: int
    refused: int


class Correspondence:
    """What was sent to one book, in what order by whom, and every answer that came back."""

    def __init__(self, book: str) -> None:
        self.book = book
        self.sent: dict[Named, bytes] = {}
        self.answers: list[Answer] = []
        self.repeated = 0

    def wrote(self, messages: Iterable[dict[str, Any]]) -> list[bytes]:
        """Note messages, and return them as they are published."""
        lines = []
        for message in messages:
            line = line_of(message)
            self.sent[message["source"], message["id"]] = line
            lines.append(line)
        return lines

    async def insist(self, bus: NatsBus, messages: Sequence[dict[str, Any]]) -> list[Answer]:
        """Send messages again and again until each has its answer."""
        lines = self.wrote(messages)
        sender = Sender(bus, self.book)
        while True:
            try:
                answers = await sender.send(lines, answer_seconds=ANSWER_SECONDS)
            except (BusUnavailable, Unanswered):
                self.repeated += 1
                await asyncio.sleep(0.02)  # a sender that is told no at once would else send without a breath
            else:
                self.answers += answers
                return answers


class _Look:
    """Everything there is of a book, read anew from all three places."""

    def __init__(self, bus: NatsBus, store: BookStore[AnyEvent], data: Path, told: Correspondence) -> None:
        self.bus = bus
        self.store = store
        self.data = data
        self.told = told
        self.book = told.book

    async def is_settled(self) -> str:
        """Tell what the bus has still to do, or nothing."""
        head = self.store.head()
        try:
            state = await self.bus.state(events_stream(self.book))
            if state is None or state.last != head:
                return f"the stream is {state}, the book is at {head}"
            shown = await self.bus.last(*_place_of(self.book, POSITION_KEY))
            if shown is None or msgspec.json.decode(shown.data, type=ReportsShown).position != head:
                return f"the reports are {shown and shown.data!r}, the book is at {head}"
            answered = {_sequence(stored) for stored in await whole(self.bus, receipts_stream(self.book))}
            waiting = [stored.sequence for stored in await self.messages() if stored.sequence not in answered]
        except BusUnavailable as unavailable:
            return str(unavailable)
        return f"no answer to {len(waiting)} messages from {waiting[0]}" if waiting else ""

    async def messages(self) -> list[Stored]:
        """Return what the stream of messages has for the book."""
        subject = in_subject(self.book)
        return [stored for stored in await whole(self.bus, IN_STREAM) if stored.subject == subject]


async def agree(bus: NatsBus, place: str | Path, told: Correspondence, *, data: Path | None = None) -> Agreed:
    """Wait until everything is answered and shown, and compare all three; raises `AssertionError` where they differ."""
    with open_shelf(place, catalogue_mapper()) as shelf:
        store = shelf.open(told.book)
        look = _Look(bus, store, data or Path(place), told)
        await until(look.is_settled)
        owners = _book_is_what_was_acknowledged(store, told)
        answers = await _answers_are_in_the_book(look, owners)
        await _order_is_as_published(look, owners)
        events = await _stream_is_the_book(look)
        await _reports_are_of_the_book(look)
        proof = verify(store, catalogue_mapper())
        assert not proof.faults, proof.faults
    receipts = sum(isinstance(answer, Receipt) for answer in answers)
    return Agreed(events, receipts, len(answers) - receipts)


def _book_is_what_was_acknowledged(store: BookStore[AnyEvent], told: Correspondence) -> list[Named]:
    """Check that each message is there once with the content it had; return whose each position is."""
    owners: list[Named] = []
    for position, event in store.events():
        owners.append((event.recorded.source, event.recorded.message_id))
        assert position == len(owners)
    identities = {identity.key: identity for identity in store.all_identities()}
    assert len(identities) == len(set(owners))
    for named in dict.fromkeys(owners):
        assert named in told.sent, f"{named} is in the book and was never sent"
        identity = identities[identity_key(*named)]
        places = [position for position, owner in enumerate(owners, 1) if owner == named]
        assert places == list(range(identity.position, identity.position + identity.count)), f"{named}: {places}"
        assert identity.digest == read_message(told.sent[named]).digest
    return owners


async def _answers_are_in_the_book(look: _Look, owners: list[Named]) -> list[Answer]:
    """Check every receipt that is kept or was seen, and that what was sent is there or was refused."""
    kept = await answers_of(look.bus, look.book)
    answers = [*kept, *look.told.answers]
    first: dict[Named, tuple[int, int, tuple[str, ...]]] = {}
    for answer in answers:
        if isinstance(answer, Receipt):
            named = (answer.source, answer.id)
            assert set(owners[answer.position - 1 : answer.last_position]) == {named}, f"lost: {answer}"
            what = (answer.position, answer.last_position, answer.vouchers)
            assert first.setdefault(named, what) == what, f"two receipts that differ: {answer}"
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    unanswered = set(look.told.sent) - set(owners) - {(answer.source, answer.id) for answer in refused}
    assert not unanswered, f"neither in the book nor refused: {sorted(unanswered)[:5]}"
    if any(isinstance(answer, Refused) for answer in kept):
        letters = {
            _sequence(one) for one in await whole(look.bus, DEAD_STREAM) if one.subject == dead_subject(look.book)
        }
        assert {answer.line for answer in kept if isinstance(answer, Refused)} <= letters
    return answers


async def _order_is_as_published(look: _Look, owners: list[Named]) -> None:
    """Check that the messages that the stream still has, and that got a receipt, are in the book in its order."""
    places = {named: place for place, named in reversed(list(enumerate(owners)))}
    answers = await answers_of(look.bus, look.book)
    accepted = {answer.line for answer in answers if isinstance(answer, Receipt)}
    lines = {line: named for named, line in look.told.sent.items()}
    there = [stored for stored in await look.messages() if stored.sequence in accepted]
    published = [lines[stored.data] for stored in there if lines.get(stored.data) in places]
    order = [places[named] for named in dict.fromkeys(published)]
    assert order == sorted(order)
    for source in {source for source, _ in look.told.sent}:
        own = [places[named] for named in look.told.sent if named[0] == source and named in places]
        assert own == sorted(own), f"the messages of {source} are in another order than they were sent"


async def _stream_is_the_book(look: _Look) -> int:
    """Check the stream position by position, to the byte."""
    stored = await whole(look.bus, events_stream(look.book))
    states = look.store.read(0, look.store.head())
    decode = catalogue_mapper().decode
    encoder = EventEncoder(look.book, owner_of(look.book, states[0][1], decode), decode)
    for (position, state), message in zip(states, stored, strict=True):
        tag, data = encoder.encode(position, state)
        assert (message.sequence, message.subject, message.data) == (position, events_subject(look.book, tag), data)
    return len(stored)


async def _reports_are_of_the_book(look: _Look) -> None:
    """Check that the bucket has the reports as they come out of the whole book today, and no others."""
    facts = facts_of(look.store, None)
    latest = latest_reports(facts, book_layout(facts, Layouts(look.data)), swedish_day(SystemClock().now()))
    shown = ReportsShown(position=latest.position, as_of=latest.as_of, reports=tuple(latest.reports))
    expected = {POSITION_KEY: msgspec.json.encode(shown), **latest.reports}
    there = await look.bus.subjects(*_place_of(look.book, ">"))
    assert set(there) == {_place_of(look.book, key)[1] for key in expected}
    for key, data in expected.items():
        stored = await look.bus.last(*_place_of(look.book, key))
        assert stored is not None
        assert stored.data == data, key


async def answers_of(bus: NatsBus, book: str) -> list[Answer]:
    """Return all answers that are kept."""
    return [_answer(stored.data) for stored in await whole(bus, receipts_stream(book))]


async def whole(bus: NatsBus, stream: str) -> list[Stored]:
    """Return all messages of a stream; none where there is no stream."""
    state = await bus.state(stream)
    if state is None:
        return []
    found: list[Stored] = []
    while batch := await bus.fetch(stream, found[-1].sequence if found else 0, 1000):
        found += batch
    return found


def _place_of(book: str, key: str) -> tuple[str, str]:
    return bucket_stream(REPORTS_BUCKET), bucket_subject(REPORTS_BUCKET, report_key(book, key))


def _sequence(stored: Stored) -> int:
    return int(stored.headers[SEQUENCE_HEADER])
