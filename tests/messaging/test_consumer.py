"""The client for other services, against a real server: no gaps, no duplicates, its own writes, every answer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

import msgspec
import pytest

from domain.kernel.refusal import InvariantBroken
from services.contract.answers import Answer, Receipt, Refused
from services.contract.outgoing import DeliveredEvent
from services.contract.printed import PrintedReport
from services.contract.subjects import IN_STREAM, REPORTS_BUCKET, bucket_stream, events_stream, events_subject
from services.event_store.failures import NewerThanProgram
from services.messaging.consumer import Consumer, ConsumerAhead, QuestionRefused
from services.messaging.nats_bus import BATCH_MAX
from services.messaging.port import Outgoing
from services.messaging.sender import Unanswered
from tests.messaging.one_book import OneBook, one_book
from tests.messaging.users import run
from tests.services.messages import codes, founding, line_of, receipts, vouchers

pytestmark = pytest.mark.server

NUMBERS = count(1)
SECONDS = 20.0

Told = Callable[[OneBook], Awaitable[None]]
On = Callable[[Told], None]


@pytest.fixture
def on(nats_url: str, tmp_path: Path) -> On:
    """Run a story of a book that no other test has, on a bus that they share."""

    def told(story: Told) -> None:
        async def whole() -> None:
            async with one_book(nats_url, tmp_path, f"book-{next(NUMBERS)}") as book:
                await asyncio.wait_for(story(book), 2 * SECONDS)

        run(whole)

    return told


async def taken(consumer: Consumer, after: int, upto: int) -> list[DeliveredEvent]:
    """Return the events after a position, up to another, as they come."""
    found = []
    async for event in consumer.events(after):
        found.append(event)
        if event.position >= upto:
            break
    return found


def are_those_of_the_book(found: list[DeliveredEvent], book: OneBook, after: int) -> None:
    """Check that nothing is missing, nothing comes twice, and each is what the book has."""
    stored = list(book.store.events(after, found[-1].position))
    assert [(event.position, event.event) for event in found] == stored


# ---------------------------------------------------------------------------------------------------- events


def test_events_from_the_beginning_and_from_a_position(on: On) -> None:
    async def story(book: OneBook) -> None:
        head = await book.publish(*founding(), *vouchers(30))
        for after in (0, 1, 17, head - 1):
            consumer = book.consumer
            found = await taken(consumer, after, head)
            are_those_of_the_book(found, book, after)
            assert (len(found), consumer.filled) == (head - after, 0)

    on(story)


def test_events_from_a_day(on: On) -> None:
    async def story(book: OneBook) -> None:
        before = await book.publish(*founding(), *vouchers(3))
        day = book.clock.now().date()
        book.clock.move(timedelta(days=2))
        head = await book.publish(*vouchers(4, first=4))
        consumer = book.consumer

        begin = await consumer.position(day)
        found = await taken(consumer, begin, await consumer.position())

        assert (begin, await consumer.position(), await consumer.position(day - timedelta(days=1))) == (before, head, 0)
        are_those_of_the_book(found, book, before)
        assert {event.event.recorded.registered_on for event in found} == {day + timedelta(days=2)}

    on(story)


def test_waits_for_those_to_come(on: On) -> None:
    async def story(book: OneBook) -> None:
        head = await book.publish(*founding())
        waiting = asyncio.create_task(taken(book.consumer, head, head + 20))
        for first in range(1, 21, 5):
            await book.publish(*vouchers(5, first=first))
        are_those_of_the_book(await asyncio.wait_for(waiting, SECONDS), book, head)

    on(story)


@pytest.mark.parametrize("how", ["kept", "purged"])
def test_what_the_stream_no_longer_holds_comes_from_the_book(on: On, how: str) -> None:
    async def story(book: OneBook) -> None:
        head = await book.publish(*founding(), *vouchers(30))
        stream = events_stream(book.name)
        if how == "kept":
            await book.bus.drop(stream)
            await book.relayed(keep=9)
        else:
            purge = msgspec.json.encode({"seq": head - 8})
            assert b"error" not in (await book.client.request(f"$JS.API.STREAM.PURGE.{stream}", purge)).data
        state = await book.bus.state(stream)
        assert state is not None
        assert (state.first, state.last) == (head - 8, head)

        for after, filled in ((0, head - 9), (20, head - 29), (head - 9, 0)):
            consumer = book.consumer
            are_those_of_the_book(await taken(consumer, after, head), book, after)
            assert consumer.filled == filled

    on(story)


def test_a_gap_of_more_than_one_answer_is_filled(on: On) -> None:
    async def story(book: OneBook) -> None:
        head = book.write(*founding(), *vouchers(2500))
        await book.relayed(keep=100)
        consumer = book.consumer
        are_those_of_the_book(await taken(consumer, 0, head), book, 0)
        assert consumer.filled == head - 100

    on(story)


def test_goes_on_over_a_stream_that_is_made_anew(on: On) -> None:
    async def story(book: OneBook) -> None:
        await book.publish(*founding(), *vouchers(10))
        consumer = book.consumer
        events = consumer.events()
        found = [await anext(events) for _ in range(14)]

        await book.bus.drop(events_stream(book.name))
        going_on = asyncio.ensure_future(anext(events))  # finds no stream, and waits
        await book.relay.rebuild()
        await book.publish(*vouchers(5, first=11))
        found.append(await asyncio.wait_for(going_on, SECONDS))
        found += [await anext(events) for _ in range(4)]

        are_those_of_the_book(found, book, 0)
        assert (len(found), consumer.filled) == (19, 0)

    on(story)


def test_is_not_ahead_of_a_stream_that_is_only_being_filled(on: On) -> None:
    async def story(book: OneBook) -> None:
        head = await book.publish(*founding(), *vouchers(5))
        await book.bus.drop(events_stream(book.name))
        waiting = asyncio.create_task(taken(book.consumer, head, head + 1))
        await book.relay.rebuild()
        await book.relay.step()
        assert not waiting.done()
        await book.publish(*vouchers(1, first=6))
        assert [event.position for event in await waiting] == [head + 1]

    on(story)


def test_refuses_to_go_on_ahead_of_the_book(on: On) -> None:
    async def story(book: OneBook) -> None:
        head = await book.publish(*founding())
        with pytest.raises(ConsumerAhead) as caught:
            await taken(book.consumer, head + 1, head + 2)
        assert caught.value.facts == {"book": book.name, "after": head + 1, "head": head}
        assert "bytts ut" in caught.value.sentence("sv")

    on(story)


def test_stops_at_an_event_it_does_not_know_which_lines_give_as_it_is(on: On) -> None:
    async def story(book: OneBook) -> None:
        head = await book.publish(*founding())
        first = await book.bus.get(events_stream(book.name), 1)
        assert first is not None
        strange = (
            first.data.replace(b"association.registered", b"association.dissolved")
            .replace(b'"position":1,', f'"position":{head + 1},'.encode())
            .replace(f"{book.name}/1".encode(), f"{book.name}/{head + 1}".encode())
        )
        await book.bus.append(
            events_stream(book.name), [Outgoing(events_subject(book.name, "association.dissolved"), strange)]
        )
        with pytest.raises(NewerThanProgram):
            await taken(book.consumer, 0, head + 1)
        lines = book.consumer.lines(head)
        assert await anext(lines) == (head + 1, strange)

    on(story)


def test_a_question_that_is_refused_says_so_in_both_languages(on: On) -> None:
    async def story(book: OneBook) -> None:
        with pytest.raises(QuestionRefused) as caught:
            await Consumer(book.bus, "nowhere").position()
        refused = caught.value.refused
        assert refused.code == caught.value.facts["answered"] == "book_not_found"
        assert caught.value.sentence("sv") == f"Boken svarar: {refused.sv}"
        assert caught.value.sentence("en") == f"The book answers: {refused.en}"

    on(story)


# --------------------------------------------------------------------------------------------------- reports


def test_the_latest_reports_and_what_they_reflect(on: On) -> None:
    async def story(book: OneBook) -> None:
        consumer = book.consumer
        await book.bus.make_bucket(REPORTS_BUCKET)
        assert (await consumer.shown(), await consumer.latest("trial-balance")) == (None, None)

        head = book.write(*founding(), *vouchers(3))
        waiting = asyncio.create_task(consumer.reports_reflect(head))
        assert await book.shown() == head
        shown = await asyncio.wait_for(waiting, SECONDS)

        assert shown == await consumer.shown()
        assert shown.position == head
        for name in shown.reports:
            data = await consumer.latest(name)
            assert data is not None
            assert msgspec.json.decode(data, type=PrintedReport).position == head
        assert await consumer.latest("horoscope") is None
        assert await consumer.reports_reflect(1) == shown, "later is as good"

    on(story)


def test_waits_for_reports_where_none_were_ever_shown(on: On) -> None:
    async def story(book: OneBook) -> None:
        await book.bus.drop(bucket_stream(REPORTS_BUCKET))
        waiting = asyncio.create_task(book.consumer.reports_reflect(4))
        await book.client.flush()
        book.write(*founding())
        await book.shown()
        assert (await asyncio.wait_for(waiting, SECONDS)).position == 4

    on(story)


# --------------------------------------------------------------------------------------------------- sending


def test_each_message_gets_its_answer_in_order(on: On) -> None:
    async def story(book: OneBook) -> None:
        unbalanced = vouchers(1, first=3)[0]
        unbalanced["data"]["lines"][0]["amount_ore"] += 1
        half = vouchers(1, first=4)[0]
        half["data"]["lines"][0]["amount_ore"] = 1.5
        sent = [line_of(one) for one in (*founding(), *vouchers(2), unbalanced, half)]
        sent += [b"", b"{", *map(line_of, vouchers(1, first=5))]

        async with book.ingesting():
            answers = await book.sender.send(sent)

        assert codes(answers)[4:] == [
            *("A1/2023", "A2/2023", "voucher_not_balanced", "amount_not_whole", "line_empty", "not_json", "A3/2023"),
        ]
        first = answers[0].line
        assert [answer.line for answer in answers] == list(range(first, first + len(sent)))
        state = await book.bus.state(IN_STREAM)
        assert state is not None
        assert state.last == first + len(sent) - 1
        are_those_of_the_book(await _relayed(book), book, 0)

    on(story)


async def _relayed(book: OneBook) -> list[DeliveredEvent]:
    await book.relayed()
    return await taken(book.consumer, 0, book.store.head())


def test_what_is_sent_again_gets_its_first_receipts(on: On) -> None:
    async def story(book: OneBook) -> None:
        sent = [line_of(one) for one in (*founding(), *vouchers(3))]
        async with book.ingesting():
            first = receipts(await book.sender.send(sent))
            again = receipts(await book.sender.send(sent))

        assert len(first) == len(sent)
        assert not any(receipt.duplicate for receipt in first)
        assert [msgspec.structs.replace(one, duplicate=False, line=0) for one in again] == [
            msgspec.structs.replace(one, line=0) for one in first
        ]
        assert all(receipt.duplicate for receipt in again)
        assert book.store.head() == len(sent)

    on(story)


def test_many_senders_each_get_their_own(on: On) -> None:
    async def one(book: OneBook, name: str) -> list[Answer]:
        answers: list[Answer] = []
        for first in range(1, 41, 10):
            answers += await book.sender.send([line_of(row | {"source": name}) for row in vouchers(10, first=first)])
        return answers

    async def story(book: OneBook) -> None:
        book.write(*founding())
        names = [f"/sender-{number}" for number in range(6)]
        async with book.ingesting():
            answered = await asyncio.gather(*(one(book, name) for name in names))
        for name, answers in zip(names, answered, strict=True):
            told = [answer for answer in answers if isinstance(answer, Receipt)]
            assert [(receipt.source, receipt.id) for receipt in told] == [(name, f"v-{row}") for row in range(1, 41)]
        assert book.store.head() == 4 + 40 * len(names)

    on(story)


def test_says_so_when_nobody_answers_and_may_send_again(on: On) -> None:
    async def story(book: OneBook) -> None:
        sent = [line_of(one) for one in founding()]
        async with book.ingesting():
            await book.sender.send(sent[:1])
        with pytest.raises(Unanswered) as caught:
            await book.sender.send(sent, answer_seconds=0.2)
        assert caught.value.facts == {"count": len(sent), "book": book.name}

        async with book.ingesting():
            answers = await book.sender.send(sent)
        assert codes(answers) == ["again"] * len(sent)

    on(story)


def test_needs_no_stream_of_answers_to_begin_with(on: On) -> None:
    async def story(book: OneBook) -> None:
        sending = asyncio.create_task(book.sender.send([line_of(one) for one in founding()]))
        await book.client.flush()
        async with book.ingesting():
            answers = await asyncio.wait_for(sending, SECONDS)
        assert [type(answer) for answer in answers] == [Receipt] * 4

    on(story)


def test_sends_nothing_and_not_too_much(on: On) -> None:
    async def story(book: OneBook) -> None:
        assert await book.sender.send([]) == []
        with pytest.raises(InvariantBroken):
            await book.sender.send([b"{}"] * (BATCH_MAX + 1))
        assert not await book.bus.subjects(IN_STREAM, f"grundbok.in.{book.name}")

    on(story)


def test_a_whole_batch(on: On) -> None:
    async def story(book: OneBook) -> None:
        book.write(*founding())
        async with book.ingesting():
            answers = await book.sender.send([line_of(one) for one in vouchers(BATCH_MAX)])
        assert codes(answers) == [f"A{number}/2023" for number in range(1, BATCH_MAX + 1)]
        assert not [answer for answer in answers if isinstance(answer, Refused)]

    on(story)
