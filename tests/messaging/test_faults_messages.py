"""Messages as nobody should send them: twice, late, in disorder, broken, with odd headers, for no book at all."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from services.contract.answers import Answer, Receipt, Refused
from services.contract.lines import LINE_BYTES_MAX
from services.contract.subjects import DEAD_STREAM, IN_STREAM, dead_subject, in_subject
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.port import Outgoing
from tests.messaging.agreement import Correspondence, agree, answers_of, whole
from tests.messaging.serving import Serving, until, until_health
from tests.messaging.steady_senders import BOOK
from tests.servers.nats import TestServer
from tests.services.messages import founding, line_of, vouchers

pytestmark = [pytest.mark.server, pytest.mark.slow]

Story = Callable[[NatsBus, Correspondence, Serving], Awaitable[None]]


def happens(server: TestServer, tmp_path: Path, story: Story) -> None:
    """Run the service, let a story happen, and compare everything at its end."""

    async def told() -> None:
        letters = Correspondence(BOOK)
        with Serving(tmp_path / "books", tmp_path / "serve", nats=server.url) as serving:
            async with connected(Access(urls=(server.url,)), "test") as client:
                bus = NatsBus(client)
                try:
                    await story(bus, letters, serving)
                    await agree(bus, tmp_path / "books", letters)
                except AssertionError as error:
                    error.add_note(serving.told()[-4000:])
                    raise

    asyncio.run(told())


async def publish(bus: NatsBus, data: bytes, headers: dict[str, str] | None = None, book: str = BOOK) -> int:
    """Publish a message by itself; return its sequence."""
    return await bus.append(IN_STREAM, [Outgoing(in_subject(book), data, headers or {})])


async def answer_to(bus: NatsBus, sequence: int, book: str = BOOK) -> Answer:
    """Wait for the answer to a message."""
    found: dict[int, Answer] = {}

    async def missing() -> str:
        found.update({answer.line: answer for answer in await answers_of(bus, book)})
        return "" if sequence in found else f"no answer to {sequence}"

    await until(missing, 20)
    return found[sequence]


def test_takes_each_once_from_senders_in_disorder(nats_server: TestServer, tmp_path: Path) -> None:
    chance = Random(7)

    async def story(bus: NatsBus, told: Correspondence, _: Serving) -> None:
        messages = vouchers(60)
        for place, message in enumerate(messages):
            message["source"] = f"/sender-{place}"  # nobody promises an order between senders
        told.wrote(messages)
        early = await publish(bus, line_of(messages[0]))  # nobody has registered the association
        assert isinstance(await answer_to(bus, early), Refused)
        await told.insist(bus, founding())
        lines = [line_of(message) for message in messages for _ in range(chance.randint(1, 3))]
        chance.shuffle(lines)
        for start in range(0, len(lines), 10):
            await asyncio.gather(*(publish(bus, line) for line in lines[start : start + 10]))
        await told.insist(bus, messages)

    happens(nats_server, tmp_path, story)


def test_answers_what_cannot_be_read_and_goes_on(nats_server: TestServer, tmp_path: Path) -> None:
    whole_message = line_of(vouchers(1)[0])
    broken = {
        "not_json": b"{nonsense",
        "invalid_utf8": whole_message.replace(b"Verifikation", b"Verifi\xff\xfe"),
        "line_empty": b"",
        "byte_order_mark": b"\xef\xbb\xbf" + whole_message,
        "line_too_long": whole_message + b" " * LINE_BYTES_MAX,
    }

    async def story(bus: NatsBus, told: Correspondence, _: Serving) -> None:
        await told.insist(bus, founding())
        for number, (code, data) in enumerate(broken.items(), 1):
            answer = await answer_to(bus, await publish(bus, data))
            assert isinstance(answer, Refused)
            assert answer.code == code
            await told.insist(bus, vouchers(1, first=number))
        chance = Random(8)
        noise = [chance.randbytes(chance.randint(1, 300)) for _ in range(50)]
        sequences = [await publish(bus, data) for data in noise]
        assert isinstance(await answer_to(bus, sequences[-1]), Refused)
        letters = [one.data for one in await whole(bus, DEAD_STREAM) if one.subject == dead_subject(BOOK)]
        assert letters == [*broken.values(), *noise], "dead letters keep the bytes"

    happens(nats_server, tmp_path, story)


@pytest.mark.parametrize(
    "headers",
    [
        {"Nats-Rollup": "all"},
        {"Nats-Rollup": "sub"},
        {"Nats-TTL": "1s"},
        {"Nats-Expected-Last-Sequence": "7"},
        {"Nats-Msg-Id": "known"},
        {"Nats-Schedule": "@every 1s", "Nats-Schedule-Target": "grundbok.in.other"},
        {"Status": "100", "Description": "Idle Heartbeat"},
        {"Status": "503"},
        {"Status": "409", "Description": "Consumer Deleted"},
        {"Nats-Batch-Id": "strange", "Nats-Batch-Sequence": "1"},
        {"Nats-Sequence": "1", "Nats-Subject": "grundbok.in.other", "Nats-Time-Stamp": "never"},
        {"Grundbok-Sequence": "1", "Grundbok-Stream-Made": "x"},
    ],
    ids="+".join,
)
def test_is_not_steered_by_headers(served: "Served", headers: dict[str, str]) -> None:
    """What the server takes is answered by what it says; what the server refuses was never sent."""
    served.run(lambda bus, told: _headed(bus, told, headers))


async def _headed(bus: NatsBus, told: Correspondence, headers: dict[str, str]) -> None:
    message = {**vouchers(1)[0], "source": "/odd", "id": json.dumps(headers)}
    broken = {**message, "id": f"broken {message['id']}", "type": "se.grundbok.nonsense"}
    others = [{**other, "source": "/even", "id": f"{other['id']} {headers}"} for other in vouchers(5)]
    before = await bus.state(IN_STREAM)
    assert before is not None
    for one in (message, broken):
        reply = await bus.client.request(in_subject(BOOK), line_of(one), headers=headers, timeout=5)
        if taken := _taken(reply.data):
            told.wrote([one])
            assert isinstance(await answer_to(bus, taken), Receipt if one is message else Refused)
        assert all(isinstance(answer, Receipt) for answer in await told.insist(bus, others))
    state = await bus.state(IN_STREAM)
    assert state is not None
    assert state.messages == state.last == before.messages + state.last - before.last, "nothing that was there is gone"


def _taken(acknowledgement: bytes) -> int:
    """Return the sequence of a message; 0 if the server did not take it, or has it already, or waits for the rest."""
    said = json.loads(acknowledgement or b"{}")
    return 0 if said.get("duplicate") else int(said.get("seq", 0))


RAW_HEADERS = {
    "invalid UTF-8": b"\r\nX-Name: \xff\xfe\xc3",
    "latin 1": b"\r\nX-Name: F\xf6rbundet",
    "no colon": b"\r\nX-Name",
    "no name": b"\r\n: value",
    "name with spaces": b"\r\nX Name : value",
    "control characters": b"\r\nX-Name: a\x00b\x1bc",
    "the same twice": b"\r\nX-Name: a\r\nX-Name: b",
    "folded": b"\r\nX-Name: a\r\n b",
    "a heartbeat": b" 100 Idle Heartbeat",
    "nobody there": b" 503",
    "a status that is none": b" 4\xff9 \xff\r\nX-Name: a",
}


@pytest.mark.parametrize("raw", RAW_HEADERS.values(), ids=RAW_HEADERS.keys())
def test_is_not_stopped_by_headers_that_are_none(served: "Served", raw: bytes) -> None:
    """A header that a client library cannot read must hold up neither its message nor those after it."""

    async def story(bus: NatsBus, told: Correspondence) -> None:
        others = [{**other, "source": "/even", "id": f"{other['id']} {raw!r}"} for other in vouchers(3)]
        message = {**vouchers(1)[0], "source": "/raw", "id": raw.hex()}
        broken = {**message, "id": f"broken {raw.hex()}", "type": "se.grundbok.nonsense"}
        for one in (message, broken):
            if taken := _taken(await publish_raw(served.server, in_subject(BOOK), raw, line_of(one))):
                told.wrote([one])
                assert isinstance(await answer_to(bus, taken), Receipt if one is message else Refused)
            assert all(isinstance(answer, Receipt) for answer in await told.insist(bus, others))

    served.run(story)


async def publish_raw(server: TestServer, subject: str, header: bytes, data: bytes) -> bytes:
    """Publish with a header of any bytes, over a connection of our own; return what the server says."""
    where = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    block = b"NATS/1.0" + header + b"\r\n\r\n"
    writer.write(b'CONNECT {"headers":true,"verbose":false}\r\nSUB said 1\r\n')
    writer.write(b"HPUB %s said %d %d\r\n" % (subject.encode(), len(block), len(block) + len(data)))
    writer.write(block + data + b"\r\n")
    try:
        while line := await asyncio.wait_for(reader.readline(), 10):
            if line.startswith(b"MSG"):
                return await reader.readline()
        return b""
    finally:
        writer.close()


class Served:
    """A service for several tests, each of which adds to the same book."""

    def __init__(self, server: TestServer, serving: Serving, place: Path) -> None:
        self.server = server
        self.serving = serving
        self.told = Correspondence(BOOK)
        self._place = place

    def run(self, story: Callable[[NatsBus, Correspondence], Awaitable[None]]) -> None:
        """Let a story happen, and compare everything at its end."""

        async def told() -> None:
            async with connected(Access(urls=(self.server.url,)), "test") as client:
                bus = NatsBus(client)
                await self.told.insist(bus, founding())
                try:
                    await story(bus, self.told)
                    await agree(bus, self._place, self.told)
                except AssertionError as error:
                    error.add_note(self.serving.told()[-4000:])
                    raise

        asyncio.run(told())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Run one service for the tests of headers."""
    place = tmp_path_factory.mktemp("headers")
    with TestServer(place / "nats") as server, Serving(place / "books", place / "serve", nats=server.url) as serving:
        yield Served(server, serving, place / "books")


def test_makes_a_book_of_the_first_message_and_of_no_other_name(nats_server: TestServer, tmp_path: Path) -> None:
    async def story(bus: NatsBus, told: Correspondence, serving: Serving) -> None:
        for book in ("a/b", "a\\b", "x" * 300):
            await publish(bus, line_of(founding()[0]), book=book)
        for book in ("STORA", "a_b", "x" * 42, "-minus", "a$b", "förbund"):
            answer = await answer_to(bus, await publish(bus, line_of(founding()[0]), book=book), book)
            assert isinstance(answer, Refused)
            assert answer.code == "book_name_invalid"
        unborn = await publish(bus, line_of(vouchers(1)[0]), book="unborn")
        assert isinstance(await answer_to(bus, unborn, "unborn"), Refused)
        await told.insist(bus, [*founding(), *vouchers(3)])
        assert {file.name for file in (tmp_path / "books").glob("*.sqlite")} == {f"{BOOK}.sqlite"}
        await until_health(serving, lambda health: health.ready)

    happens(nats_server, tmp_path, story)
