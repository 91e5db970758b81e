"""Every user of the bus can do its work on a real server, and nothing else: a table of all users and all subjects."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.contract.subjects import (
    CURSORS_BUCKET,
    DEAD_STREAM,
    DEAD_SUBJECTS,
    IN_STREAM,
    IN_SUBJECTS,
    REPORTS_BUCKET,
)
from services.messaging.consumer import Consumer
from services.messaging.nats_bus import NatsBus
from services.messaging.permissions import PUBLIC_ROLES, SERVICES
from services.messaging.port import BusForbidden, Outgoing, StreamPlan
from tests.messaging.reading import all_of
from tests.messaging.users import A, B, User, connected, guarded_server, run

pytestmark = pytest.mark.server

BOOKS = (A, B)
USERS = (*SERVICES, *(f"{role}-{book}" for book in BOOKS for role in PUBLIC_ROLES))
STREAMS = (
    "grundbok-in",
    "grundbok-dead",
    "KV_grundbok-reports",
    "KV_grundbok-cursors",
    *(f"grundbok-{kind}-{book}" for kind in ("receipts", "events") for book in BOOKS),
    "someone-elses",
)
CALLS = (
    *("STREAM.INFO", "STREAM.CREATE", "STREAM.UPDATE", "STREAM.DELETE", "STREAM.PURGE", "STREAM.MSG.GET"),
    *("STREAM.MSG.DELETE", "STREAM.SNAPSHOT", "STREAM.RESTORE", "STREAM.LEADER.STEPDOWN", "STREAM.PEER.REMOVE"),
    *("CONSUMER.CREATE", "CONSUMER.LIST", "CONSUMER.NAMES", "DIRECT.GET"),
)
KEPT = {
    "grundbok-in": [f"grundbok.in.{book}" for book in BOOKS] + ["grundbok.in.*"],
    "grundbok-dead": [f"grundbok.dead.{book}" for book in BOOKS],
    "KV_grundbok-reports": [f"$KV.grundbok-reports.{book}.income" for book in BOOKS] + ["$KV.grundbok-reports.>"],
    "KV_grundbok-cursors": [f"$KV.grundbok-cursors.in.{book}" for book in BOOKS] + ["$KV.grundbok-cursors.>"],
    **{f"grundbok-receipts-{book}": [f"grundbok.receipts.{book}"] for book in BOOKS},
    **{f"grundbok-events-{book}": [f"grundbok.events.{book}.voucher"] for book in BOOKS},
}
"""Streams, and subjects of what they keep."""

PUBLISHED = (
    *(f"$JS.API.{call}.{stream}" for call in CALLS for stream in STREAMS),
    *(f"$JS.API.CONSUMER.CREATE.{stream}.c1" for stream in STREAMS),
    *(f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.c1" for stream in STREAMS),
    *(f"$JS.API.CONSUMER.{call}.{stream}.c1" for call in ("INFO", "DELETE", "PAUSE", "MSG.NEXT") for stream in STREAMS),
    *(f"$JS.API.CONSUMER.CREATE.{stream}.c1.{subject}" for stream, kept in KEPT.items() for subject in kept),
    *(f"$JS.API.DIRECT.GET.{stream}.{subject}" for stream, kept in KEPT.items() for subject in kept),
    *(subject for kept in KEPT.values() for subject in kept if "*" not in subject and ">" not in subject),
    *(f"grundbok.query.{book}.report" for book in BOOKS),
    *(f"_INBOX_{user}.x" for user in USERS),
    *("$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.ACCOUNT.PURGE.x", "$JS.API.META.LEADER"),
    *("$JS.ACK.x", "$JS.FC.x", "$SRV.PING", "$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.PING.CONNZ", "_R_.x.y", "other"),
    "$SYS.REQ.USER.INFO",
)
LISTENED = (
    *(f"_INBOX_{user}.>" for user in USERS),
    *(subject for kept in KEPT.values() for subject in kept),
    *(f"grundbok.events.{book}.>" for book in BOOKS),
    *(f"$KV.grundbok-reports.{book}.>" for book in BOOKS),
    *(f"grundbok.query.{book}.>" for book in BOOKS),
    *("grundbok.receipts.*", "grundbok.query.*.>", "grundbok.query.>", "grundbok.>", ">", "_INBOX.>", "*.>", "_R_.>"),
    *("$SRV.PING", "$SRV.>", "$SYS.>", "$JS.>", "$JS.EVENT.ADVISORY.>", "$KV.>"),
)


def reading(stream: str, *filters: str) -> set[str]:
    """Return what reading a stream in order takes."""
    return {
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.c1",
        f"$JS.API.CONSUMER.DELETE.{stream}.c1",
        f"$JS.API.DIRECT.GET.{stream}",
        *(f"$JS.API.CONSUMER.CREATE.{stream}.c1.{subject}" for subject in filters),
    }


def each(*patterns: str) -> set[str]:
    """Return the patterns for both books."""
    return {pattern.format(book) for pattern in patterns for book in BOOKS}


MAY_PUBLISH: dict[str, set[str]] = {
    "ingest": {
        *(f"$JS.API.STREAM.{call}.{stream}" for call in ("INFO", "CREATE") for stream in STREAMS[:2] + STREAMS[3:6]),
        *reading("grundbok-in", *KEPT["grundbok-in"]),
        *each("$JS.API.DIRECT.GET.KV_grundbok-cursors.$KV.grundbok-cursors.in.{}", "$KV.grundbok-cursors.in.{}"),
        *each("$JS.API.DIRECT.GET.grundbok-dead.grundbok.dead.{}", "grundbok.dead.{}", "grundbok.receipts.{}"),
        *each("$JS.API.STREAM.INFO.grundbok-events-{}", "$JS.API.DIRECT.GET.grundbok-events-{}"),
    },
    "relay": {
        *each("$JS.API.STREAM.INFO.grundbok-events-{}", "$JS.API.STREAM.CREATE.grundbok-events-{}"),
        *each("$JS.API.STREAM.DELETE.grundbok-events-{}", "$JS.API.DIRECT.GET.grundbok-events-{}"),
        *each("grundbok.events.{}.voucher"),
    },
    "reports": {
        *("$JS.API.STREAM.INFO.KV_grundbok-reports", "$JS.API.STREAM.CREATE.KV_grundbok-reports"),
        *each("$JS.API.DIRECT.GET.KV_grundbok-reports.$KV.grundbok-reports.{}.income"),
        *each("$KV.grundbok-reports.{}.income"),
    },
    "query": set(),
    "operator": {
        *(f"$JS.API.STREAM.INFO.{stream}" for stream in STREAMS[:-1]),
        *reading("grundbok-dead", *KEPT["grundbok-dead"]),
        *("$JS.API.STREAM.MSG.DELETE.grundbok-dead", "$JS.API.DIRECT.GET.grundbok-in"),
        *each("grundbok.in.{}", "$JS.API.STREAM.DELETE.grundbok-events-{}"),
        *each("$JS.API.DIRECT.GET.KV_grundbok-cursors.$KV.grundbok-cursors.in.{}", "$KV.grundbok-cursors.in.{}"),
        *each("$JS.API.DIRECT.GET.KV_grundbok-reports.$KV.grundbok-reports.{}.income"),
        *each("$JS.API.DIRECT.GET.grundbok-dead.grundbok.dead.{}", "$JS.API.DIRECT.GET.grundbok-receipts-{}"),
        *each("$JS.API.DIRECT.GET.grundbok-receipts-{0}.grundbok.receipts.{0}", "grundbok.query.{}.report"),
        *(one for book in BOOKS for one in reading(f"grundbok-events-{book}", f"grundbok.events.{book}.voucher")),
    },
    **{
        f"sender-{book}": {
            *(f"grundbok.in.{book}", f"$JS.API.DIRECT.GET.grundbok-receipts-{book}"),
            f"$JS.API.DIRECT.GET.grundbok-receipts-{book}.grundbok.receipts.{book}",
        }
        for book in BOOKS
    },
    **{
        f"reader-{book}": {
            f"$JS.API.DIRECT.GET.grundbok-events-{book}",
            f"$JS.API.DIRECT.GET.grundbok-events-{book}.grundbok.events.{book}.voucher",
            f"$JS.API.DIRECT.GET.KV_grundbok-reports.$KV.grundbok-reports.{book}.income",
            f"grundbok.query.{book}.report",
        }
        for book in BOOKS
    },
}
MAY_LISTEN: dict[str, set[str]] = {
    "ingest": set(),
    "relay": {"grundbok.receipts.*", *each("grundbok.receipts.{}")},
    "reports": {"grundbok.receipts.*", *each("grundbok.receipts.{}")},
    "query": {"$SRV.PING", "$SRV.>", "grundbok.query.*.>", *each("grundbok.query.{}.>")},
    "operator": each("grundbok.receipts.{}", "grundbok.events.{}.>", "grundbok.events.{}.voucher"),
    **{f"sender-{book}": {f"grundbok.receipts.{book}"} for book in BOOKS},
    **{
        f"reader-{book}": {
            *(f"grundbok.events.{book}.>", f"grundbok.events.{book}.voucher"),
            *(f"$KV.grundbok-reports.{book}.>", f"$KV.grundbok-reports.{book}.income"),
        }
        for book in BOOKS
    },
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Run a server that knows the users of two associations."""
    with guarded_server(tmp_path_factory.mktemp("guarded")) as place:
        yield place


@pytest.mark.parametrize("name", USERS)
def test_may_do_what_the_table_says_and_nothing_else(name: str, guarded: tuple[str, Path]) -> None:
    async def work() -> None:
        async with connected(*guarded, name) as user:
            published = {subject for subject in PUBLISHED if not await user.is_forbidden(subject)}
            listened = {subject for subject in LISTENED if not await user.is_forbidden(subject, listening=True)}

        assert published == MAY_PUBLISH[name]
        assert listened == MAY_LISTEN[name] | {f"_INBOX_{name}.>"}

    run(work)


@pytest.mark.parametrize("name", sorted(MAY_PUBLISH))
def test_the_table_speaks_of_subjects_that_are_tried(name: str) -> None:
    assert MAY_PUBLISH[name] <= set(PUBLISHED)
    assert MAY_LISTEN[name] <= set(LISTENED)


def plan(name: str, *subjects: str) -> StreamPlan:
    return StreamPlan(name=name, subjects=subjects)


async def fill(url: str, keys: Path) -> None:
    """Do the work of the services for both books, as the services: every call must be allowed."""
    async with connected(url, keys, "ingest") as user:
        bus = NatsBus(user.client)
        await bus.make(plan(IN_STREAM, IN_SUBJECTS))
        await bus.make(DEAD_PLAN)
        await bus.make_bucket(CURSORS_BUCKET)
        for book in BOOKS:
            receipts = f"grundbok-receipts-{book}"
            await bus.make(plan(receipts, f"grundbok.receipts.{book}"))
            await bus.append(receipts, [Outgoing(f"grundbok.receipts.{book}", b"%d" % n) for n in range(1, 6)])
            await bus.append(DEAD_STREAM, [Outgoing(f"grundbok.dead.{book}", b"dead")])
            await bus.append("KV_grundbok-cursors", [Outgoing(f"$KV.grundbok-cursors.in.{book}", b"1")])
            assert await bus.last("KV_grundbok-cursors", f"$KV.grundbok-cursors.in.{book}")
            assert await bus.last(DEAD_STREAM, f"grundbok.dead.{book}")
        assert not user.forbidden
    async with connected(url, keys, "relay") as user:
        bus = NatsBus(user.client)
        for book in BOOKS:
            events = f"grundbok-events-{book}"
            await bus.make(plan(events, f"grundbok.events.{book}.>"))
            await bus.drop(events)
            await bus.make(plan(events, f"grundbok.events.{book}.>"))
            sent = [Outgoing(f"grundbok.events.{book}.voucher", f"{book} {n}".encode()) for n in range(1, 6)]
            assert await bus.append(events, sent, after=0) == 5
            assert await bus.get(events, 5)
        assert not user.forbidden
    async with connected(url, keys, "reports") as user:
        bus = NatsBus(user.client)
        await bus.make_bucket(REPORTS_BUCKET)
        for book in BOOKS:
            subject = f"$KV.grundbok-reports.{book}.income"
            await bus.append("KV_grundbok-reports", [Outgoing(subject, f"report of {book}".encode())])
            assert await bus.last("KV_grundbok-reports", subject)
        assert not user.forbidden


DEAD_PLAN = StreamPlan(name=DEAD_STREAM, subjects=(DEAD_SUBJECTS,), deletable=True)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Run a server on which the services have worked for both associations."""
    with guarded_server(tmp_path) as place:
        run(lambda: fill(*place))
        yield place


def test_the_services_can_work_with_what_associations_publish(filled: tuple[str, Path]) -> None:
    async def work() -> None:
        async with connected(*filled, f"sender-{A}") as sender, connected(*filled, "ingest") as ingest:
            live = await sender.client.subscribe(f"grundbok.receipts.{A}")
            await sender.settled()
            acknowledged = json.loads((await sender.client.request(f"grundbok.in.{A}", b"a message")).data)
            batch = [Outgoing(f"grundbok.in.{A}", b"%d" % n) for n in range(3)]
            assert await NatsBus(sender.client).append(IN_STREAM, batch) == 4
            bus = NatsBus(ingest.client)
            reader = await bus.reader(IN_STREAM, f"grundbok.in.{A}", 0)
            got = await all_of(reader, 4)
            await reader.close()
            assert acknowledged == {"stream": IN_STREAM, "seq": 1}
            assert [one.data for one in got] == [b"a message", b"0", b"1", b"2"]
            await bus.append(f"grundbok-receipts-{A}", [Outgoing(f"grundbok.receipts.{A}", b"6")])
            assert (await live.next_msg(2)).data == b"6"
            receipts = await sender.answers(f"$JS.API.DIRECT.GET.grundbok-receipts-{A}", b'{"seq": 3, "batch": 100}')
            assert [one.data for one in receipts] == [b"3", b"4", b"5", b"6"]
            assert not sender.forbidden + ingest.forbidden

    run(work)


def test_a_reader_gets_events_reports_and_answers_of_its_own_book(filled: tuple[str, Path]) -> None:
    async def work() -> None:
        async with connected(*filled, f"reader-{A}") as reader, connected(*filled, "query") as query:
            await serve(query)
            bus = NatsBus(reader.client)
            events = await reader.answers(f"$JS.API.DIRECT.GET.grundbok-events-{A}", b'{"seq": 2, "batch": 100}')
            assert [one.headers and one.headers["Nats-Sequence"] for one in events] == ["2", "3", "4", "5"]
            fetched = await bus.fetch(f"grundbok-events-{A}", 1, 100)
            assert [one.data for one in fetched] == [one.data for one in events]
            report = await bus.last("KV_grundbok-reports", f"$KV.grundbok-reports.{A}.income")
            assert report is not None
            assert report.data == f"report of {A}".encode()
            assert (await reader.client.request(f"grundbok.query.{A}.report", b"?")).data == b"answer to ?"
            watched = await reader.client.subscribe(f"$KV.grundbok-reports.{A}.>")
            followed = await reader.client.subscribe(f"grundbok.events.{A}.>")
            await reader.settled()
            async with connected(*filled, "reports") as reports, connected(*filled, "relay") as relay:
                for book in (B, A):
                    put = Outgoing(f"$KV.grundbok-reports.{book}.income", b"newer")
                    await NatsBus(reports.client).append("KV_grundbok-reports", [put])
                    told = Outgoing(f"grundbok.events.{book}.voucher", b"newer")
                    await NatsBus(relay.client).append(f"grundbok-events-{book}", [told], after=5)
            assert (await watched.next_msg(2)).subject == f"$KV.grundbok-reports.{A}.income"
            assert (await followed.next_msg(2)).subject == f"grundbok.events.{A}.voucher"
            assert not reader.forbidden + query.forbidden + reports.forbidden + relay.forbidden

    run(work)


async def serve(query: User) -> None:
    async def answer(message: object) -> None:
        await message.respond(b"answer to " + message.data)  # type: ignore[attr-defined]

    for book in BOOKS:
        await query.client.subscribe(f"grundbok.query.{book}.>", queue="grundbok-query", cb=answer)
    await query.settled()


def test_the_operator_reads_drops_and_redrives_dead_letters_and_has_streams_made_anew(
    filled: tuple[str, Path],
) -> None:
    async def work() -> None:
        async with connected(*filled, "operator") as operator:
            bus = NatsBus(operator.client)
            reader = await bus.reader(DEAD_STREAM, f"grundbok.dead.{A}", 0)
            (letter,) = await all_of(reader, 1)
            await reader.close()
            await bus.append(IN_STREAM, [Outgoing(f"grundbok.in.{A}", letter.data)])
            await bus.delete(DEAD_STREAM, letter.sequence)
            assert await bus.get(DEAD_STREAM, letter.sequence) is None
            events = await bus.reader(f"grundbok-events-{A}", f"grundbok.events.{A}.>", 0)
            assert [one.sequence for one in await all_of(events, 5)] == [1, 2, 3, 4, 5]
            await events.close()
            await bus.drop(f"grundbok-events-{A}")
            assert await bus.state(f"grundbok-events-{A}") is None
            assert not operator.forbidden

    run(work)


@pytest.mark.parametrize("role", PUBLIC_ROLES)
def test_no_user_of_one_association_reaches_the_other(role: str, filled: tuple[str, Path]) -> None:
    async def work() -> None:
        async with connected(*filled, f"{role}-{A}") as user:
            bus = NatsBus(user.client, answer_seconds=1)
            streams = (f"grundbok-events-{B}", f"grundbok-receipts-{B}", "KV_grundbok-reports", IN_STREAM)
            outcomes = await asyncio.gather(
                bus.append(IN_STREAM, [Outgoing(f"grundbok.in.{B}", b"x")]),
                bus.last("KV_grundbok-reports", f"$KV.grundbok-reports.{B}.income"),
                Consumer(bus, B).latest("income"),
                *(bus.get(stream, 1) for stream in streams),
                *(bus.fetch(stream, 0, 10) for stream in streams),
                *(bus.reader(stream, ">", 0) for stream in streams),
                *(bus.state(stream) for stream in streams),
                *(bus.drop(stream) for stream in streams),
                return_exceptions=True,
            )
            assert {type(outcome) for outcome in outcomes} == {BusForbidden}
            assert await user.is_forbidden(f"grundbok.query.{B}.report")

    run(work)
    assert stands(filled) == {"in": 0, A: 5, B: 5}


def stands(filled: tuple[str, Path]) -> dict[str, int]:
    """Return how many messages the streams of messages in and of events have."""
    found: dict[str, int] = {}

    async def work() -> None:
        async with connected(*filled, "operator") as operator:
            bus = NatsBus(operator.client)
            for name, stream in (("in", IN_STREAM), (A, f"grundbok-events-{A}"), (B, f"grundbok-events-{B}")):
                state = await bus.state(stream)
                found[name] = -1 if state is None else state.messages

    run(work)
    return found


def test_an_answer_cannot_be_sent_where_its_asker_may_not_publish(filled: tuple[str, Path]) -> None:
    harm = [f"$JS.API.STREAM.DELETE.{stream}" for stream in (IN_STREAM, f"grundbok-events-{B}", f"grundbok-events-{A}")]
    harm += [f"$JS.API.STREAM.PURGE.grundbok-events-{B}", f"grundbok.in.{B}", f"grundbok.events.{B}.voucher"]

    async def work() -> None:
        async with connected(*filled, f"reader-{A}") as reader, connected(*filled, "query") as query:
            await serve(query)
            for reply in harm:
                for asked, data in (
                    (f"$JS.API.DIRECT.GET.grundbok-events-{A}", b'{"seq": 99}'),  # the answer has no content
                    (f"$JS.API.DIRECT.GET.grundbok-events-{A}", b'{"seq": 1, "batch": 10}'),
                    (f"$JS.API.DIRECT.GET.KV_grundbok-reports.$KV.grundbok-reports.{A}.none", b""),
                    (f"grundbok.query.{A}.report", b"?"),
                ):
                    await reader.client.publish(asked, data, reply=reply)
            # Asked later on the same ways, so that the answers above have come wherever they went.
            await reader.client.request(f"grundbok.query.{A}.report", b"?")
            await reader.answers(f"$JS.API.DIRECT.GET.grundbok-events-{A}", b'{"seq": 1, "batch": 10}')
        async with connected(*filled, f"sender-{A}") as sender:
            for reply in harm:
                await sender.client.publish(f"grundbok.in.{A}", b"", reply=reply)
            await sender.client.request(f"grundbok.in.{A}", b"")

    run(work)
    assert stands(filled) == {"in": len(harm) + 1, A: 5, B: 5}


def test_a_request_for_one_key_of_a_bucket_gives_no_other(filled: tuple[str, Path]) -> None:
    asked = f"$JS.API.DIRECT.GET.KV_grundbok-reports.$KV.grundbok-reports.{A}.income"
    other = f"$KV.grundbok-reports.{B}.income"
    tricks = [
        {"last_by_subj": other},
        {"seq": 1, "next_by_subj": other},
        {"multi_last": [other]},
        {"seq": 1, "batch": 9},
    ]

    async def work() -> None:
        async with connected(*filled, f"reader-{A}") as reader:
            for trick in tricks:
                answer = await reader.client.request(asked, json.dumps(trick).encode())
                assert (answer.headers or {})["Status"] == "408"
                assert answer.data == b""

    run(work)
