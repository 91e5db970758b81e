"""Questions over a real server: what the command line prints, to the byte; what is refused; who waits, and how long."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import nats.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.application.asking import Context
from services.application.live_book import LiveBook
from services.application.queries import Layouts
from services.application.writer import BookWriter
from services.clock import FixedClock
from services.contract.answers import Refused
from services.contract.questions import QUESTIONS, EventsAnswer, PositionAnswer
from services.contract.subjects import REFUSAL_CODE, REFUSAL_TEXT, query_subject
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from services.messaging.nats_connection import Access, connected
from services.messaging.observed import Observed
from services.messaging.query_service import AT_ONCE, HEADERS_BYTES, QueryService
from tests.messaging.users import run
from tests.servers.nats import TestServer
from tests.services.console import Grundbok, build, runner
from tests.services.messages import NOON, founding, read, vouchers

pytestmark = pytest.mark.server

HEAD = 328
TODAY = date(2017, 12, 31)
SECONDS = 20.0

SAME: list[tuple[str, dict[str, Any], str]] = [
    ("report", {"report": "interim", "as_of": "2017-T2"}, "report interim --as-of 2017-T2 -O json"),
    ("report", {"report": "interim", "as_of": "2017-T2", "output": "csv"}, "report interim --as-of 2017-08-31 -O csv"),
    ("report", {"report": "interim", "as_of": "2017-08", "output": "text"}, "report interim --as-of 2017-08"),
    (
        "report",
        {"report": "equity", "as_of": "2017", "output": "text", "language": "en", "unit": "kr"},
        "report equity --as-of 2017 --lang en --unit kr",
    ),
    (
        "report",
        {"report": "interim", "as_of": "2017-T2", "known_at": "#120", "unit": "mnkr"},
        "report interim --as-of 2017-T2 --known-at #120 --unit mnkr -O json",
    ),
    (
        "report",
        {"report": "general-ledger", "as_of": "2017-T2", "account": "1930-1940", "text": "hyra", "output": "text"},
        "report general-ledger --as-of 2017-T2 --account 1930-1940 --text hyra",
    ),
    (
        "report",
        {"report": "journal", "as_of": "2017-T2", "series": "A", "project": "team", "party": "fk"},
        "report journal --as-of 2017-T2 --series A --project team --party fk -O json",
    ),
    (
        "report",
        {"report": "journal", "as_of": "2017-T2", "series": "ZZ"},
        "report journal --as-of 2017-T2 --series ZZ -O json",
    ),
    ("trace", {"figure": "not4.uppl_insats", "as_of": "2017-T2"}, "trace not4.uppl_insats --as-of 2017-T2 -O json"),
    (
        "trace",
        {"figure": "not4.uppl_insats", "as_of": "2017-T2", "output": "text", "known_at": "2017-10-20"},
        "trace not4.uppl_insats --as-of 2017-T2 --known-at 2017-10-20",
    ),
    ("trace", {"message": "varend-0130", "as_of": "2017"}, "trace --message varend-0130 --as-of 2017 -O json"),
    (
        "trace",
        {"message": "varend-0130", "as_of": "2017", "output": "text", "language": "en"},
        "trace --message varend-0130 --as-of 2017 --lang en",
    ),
    ("history", {"voucher": "A1/2017"}, "history A1/2017 -O json"),
    ("history", {"voucher": "A1/2017", "output": "text", "language": "en"}, "history A1/2017 --lang en"),
    ("history", {"voucher": "A1/2017", "output": "text", "known_at": "#200"}, "history A1/2017 --known-at #200"),
]


class Asking:
    """Asks over one connection."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reply(self, book: str, question: str, asked: dict[str, Any] | bytes) -> Msg:
        """Return the whole reply to a question."""
        data = asked if isinstance(asked, bytes) else msgspec.json.encode(asked)
        return await self.client.request(query_subject(book, question), data, timeout=SECONDS)

    async def answer(self, book: str, question: str, **asked: Any) -> bytes:
        """Return the answer to a question that is not refused."""
        reply = await self.reply(book, question, asked)
        assert set(reply.headers or {}) == {"Content-Type"}, (reply.headers, reply.data)
        return reply.data

    async def refusal(self, book: str, question: str, asked: dict[str, Any] | bytes) -> Refused:
        """Return the refusal of a question, which its headers say too."""
        reply = await self.reply(book, question, asked)
        headers = reply.headers or {}
        said = msgspec.json.decode(reply.data, type=Refused)
        assert headers == {REFUSAL_CODE: said.code, REFUSAL_TEXT: " ".join(said.en.split())}
        return said


@asynccontextmanager
async def service(
    url: str, books: Path, observed: Observed | None = None, associations: Sequence[str] = ()
) -> AsyncIterator[Asking]:
    """Answer questions to the books of a directory; give who asks them, over a connection of its own."""

    def context() -> Context:
        return Context(Layouts(books), TODAY, catalogue_mapper().decode)

    with open_shelf(books, catalogue_mapper()) as shelf:

        def opened(name: str) -> LiveBook:
            return LiveBook(shelf.open(name))

        async with (
            connected(Access(urls=(url,)), "asks") as asks,
            connected(Access(urls=(url,)), "answers") as answers,
            QueryService(answers, opened, context, observed or Observed(), associations).running(),
        ):
            yield Asking(asks)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the book of Värend, for those that only ask."""
    directory = tmp_path_factory.mktemp("books")
    build(directory, "varend")
    return directory


@pytest.fixture
def small_server(tmp_path: Path) -> Iterator[TestServer]:
    """Run a server that takes messages of at most 64 kB."""
    limits = tmp_path / "limits.conf"
    limits.write_text("max_payload: 64KB\n", encoding="utf-8")
    with TestServer(tmp_path / "small", includes=[limits]) as server:
        yield server


@pytest.fixture
def grundbok(books: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Grundbok:
    return runner(books, capsysbinary, monkeypatch)


@pytest.mark.parametrize(("question", "asked", "command"), SAME, ids=[command for _, _, command in SAME])
def test_the_answer_is_what_the_command_line_prints(
    nats_url: str, books: Path, grundbok: Grundbok, question: str, asked: dict[str, Any], command: str
) -> None:
    answers: list[Msg] = []

    async def story() -> None:
        async with service(nats_url, books) as asking:
            answers.append(await asking.reply("varend", question, asked))

    run(story)
    printed = grundbok(*command.split(), "--book", "varend")

    assert printed.code == 0, printed.err
    assert answers[0].data.decode() == printed.out
    kind = {"csv": "text/csv; charset=utf-8", "text": "text/plain; charset=utf-8"}
    assert answers[0].headers == {"Content-Type": kind.get(asked.get("output", "json"), "application/json")}


def test_without_a_day_it_is_that_of_today_in_the_years_of_the_book(nats_url: str, books: Path) -> None:
    async def story() -> None:
        async with service(nats_url, books) as asking:
            bare = await asking.answer("varend", "report", report="balance-sheet")
            assert bare == await asking.answer("varend", "report", report="balance-sheet", as_of=str(TODAY))

    run(story)


def test_events_and_positions(nats_url: str, books: Path) -> None:
    async def story() -> None:
        async with service(nats_url, books) as asking:
            found: list[msgspec.Raw] = []
            while len(found) < HEAD:
                said = await asking.answer("varend", "events", after=len(found), limit=99)
                answer = msgspec.json.decode(said, type=EventsAnswer)
                assert answer.head == HEAD
                found += answer.events
            positions = [msgspec.json.decode(bytes(event))["position"] for event in found]
            assert positions == list(range(1, HEAD + 1))
            upto = msgspec.json.decode(await asking.answer("varend", "events", after=5, upto=7), type=EventsAnswer)
            assert upto.events == tuple(found[5:7])
            past = msgspec.json.decode(await asking.answer("varend", "events", after=HEAD + 9), type=EventsAnswer)
            assert past == EventsAnswer(events=(), head=HEAD)

            bare = (await asking.reply("varend", "position", b"")).data
            assert msgspec.json.decode(bare, type=PositionAnswer) == PositionAnswer(position=HEAD, head=HEAD)
            for day, position in (("2017-08-31", 275), ("2016-12-31", 0), ("2030-01-01", HEAD)):
                said = await asking.answer("varend", "position", registered_on=day)
                assert msgspec.json.decode(said, type=PositionAnswer).position == position

    run(story)


@pytest.mark.parametrize(
    ("book", "question", "asked", "code", "field"),
    [
        ("nowhere", "report", {"report": "interim"}, "book_not_found", ""),
        ("Not-a-name", "position", {}, "book_not_found", ""),
        ("varend", "weather", {}, "question_unknown", ""),
        ("varend", "report", {"report": "interim", "asof": "2017"}, "field_unknown", "asof"),
        ("varend", "report", {}, "field_missing", "report"),
        ("varend", "report", {"report": "interim", "unit": "öre"}, "value_unknown", "unit"),
        ("varend", "report", {"report": "interim", "wait_seconds": 31}, "out_of_range", "wait_seconds"),
        ("varend", "events", {"limit": 1001}, "out_of_range", "limit"),
        ("varend", "report", b"{", "not_json", ""),
        ("varend", "report", b"[]", "not_an_object", ""),
        ("varend", "report", {"report": "horoscope", "as_of": "2017"}, "report_unknown", ""),
        ("varend", "report", {"report": "a\r\nNats-Service-Error-Code: x\r\nå"}, "report_unknown", ""),
        ("varend", "report", {"report": "interim", "as_of": "now"}, "date_wrong", ""),
        ("varend", "report", {"report": "interim", "known_at": "then"}, "moment_wrong", ""),
        ("varend", "report", {"report": "interim", "known_at": "#999"}, "position_ahead", ""),
        ("varend", "report", {"report": "journal", "account": "x"}, "accounts_wrong", ""),
        ("varend", "report", {"report": "journal", "account": "9999"}, "account_not_found", ""),
        ("varend", "report", {"report": "journal", "project": "x"}, "project_not_found", ""),
        ("varend", "report", {"report": "general-ledger", "party": "x"}, "party_not_found", ""),
        ("varend", "trace", {}, "trace_unclear", ""),
        ("varend", "trace", {"figure": "no.such"}, "figure_unknown", ""),
        ("varend", "trace", {"message": "no-such"}, "message_unknown", ""),
        ("varend", "history", {"voucher": "A9999/2017"}, "voucher_missing", ""),
        ("varend", "history", {"voucher": "the first"}, "voucher_name_wrong", ""),
    ],
)
def test_refusals_say_why_in_headers_and_body(
    nats_url: str, books: Path, book: str, question: str, asked: dict[str, Any] | bytes, code: str, field: str
) -> None:
    async def story() -> None:
        async with service(nats_url, books, observed := Observed()) as asking:
            said = await asking.refusal(book, question, asked)
            assert (said.code, said.field) == (code, field), said
            assert said.sv != said.en
            counted = {"question": question if question in QUESTIONS else "other", "outcome": code}
            assert observed.registry.get_sample_value("grundbok_questions_total", counted) == 1

    run(story)


def test_waits_for_the_position_that_is_asked_for(nats_url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with service(nats_url, tmp_path) as asking:
            asked = asyncio.create_task(asking.answer("prov", "position", at_least=7, wait_seconds=20))
            none = await asking.refusal("prov", "position", {"at_least": 1, "wait_seconds": 0})
            assert none.code == "book_not_found"

            with open_shelf(tmp_path, catalogue_mapper()) as shelf:
                writer = BookWriter(shelf.create("prov"), FixedClock(NOON))
                writer.write(read(*founding(), *vouchers(2)))
                late = await asking.refusal("prov", "position", {"at_least": 7, "wait_seconds": 1})
                assert (late.code, late.facts) == (
                    "position_not_reached",
                    {"book": "prov", "head": 6, "at_least": 7},
                )
                assert not asked.done()
                writer.write(read(*vouchers(1, first=3)))

            said = msgspec.json.decode(await asked, type=PositionAnswer)
            assert said.position == 7

    run(story)


def test_an_answer_that_does_not_fit_is_refused_and_what_just_fits_is_not(
    small_server: TestServer, books: Path, grundbok: Grundbok
) -> None:
    command = ("journal", "--as-of", "2017-T2", "-O", "json", "--book", "varend")
    whole = len(grundbok("report", *command).out.encode())

    async def story() -> None:
        async with service(small_server.url, books) as asking:
            limit = asking.client.max_payload
            assert limit == 64 * 1024
            said = await asking.refusal("varend", "report", {"report": "journal", "as_of": "2017-T2"})
            assert (said.code, said.facts) == ("answer_too_large", {"size": whole, "limit": limit - HEADERS_BYTES})
            narrow = await asking.answer("varend", "report", report="journal", as_of="2017-T2", account="4010")
            assert len(narrow) < limit

    run(story)


@pytest.mark.parametrize("over", [0, 1])
def test_the_headers_of_an_answer_fit_too(
    small_server: TestServer, books: Path, monkeypatch: pytest.MonkeyPatch, over: int
) -> None:
    """A message with one byte more than the server takes would cost the connection, and every other answer with it."""
    from services.application import asking as layer  # noqa: PLC0415
    from services.messaging import query_service  # noqa: PLC0415

    size = 64 * 1024 - HEADERS_BYTES + over
    monkeypatch.setattr(query_service, "answer", lambda *_: layer.Answered(layer.MEDIA["csv"], b"x" * size))

    async def story() -> None:
        async with service(small_server.url, books) as asking:
            if over:
                assert (await asking.refusal("varend", "position", {})).code == "answer_too_large"
            else:
                assert len(await asking.answer("varend", "position")) == size

    run(story)


def test_nobody_to_answer_is_no_trouble(nats_url: str, books: Path) -> None:
    async def story() -> None:
        async with service(nats_url, books) as asking:
            for _ in range(5):
                await asking.client.publish(query_subject("varend", "report"), b'{"report":"interim"}')
            gone = asking.client.new_inbox()  # nobody listens there
            await asking.client.publish(query_subject("varend", "position"), b"", reply=gone)
            assert msgspec.json.decode(await asking.answer("varend", "position"), type=PositionAnswer).head == HEAD

    run(story)


def test_many_at_once_each_get_their_own_answer(nats_url: str, books: Path) -> None:
    async def story() -> None:
        async with service(nats_url, books) as asking:
            days = [f"2017-{month:02}" for month in range(1, 13)] * AT_ONCE
            reports = [asking.answer("varend", "report", report="trial-balance", as_of=day) for day in days]
            answers = await asyncio.gather(*reports)
            assert [msgspec.json.decode(answer)["as_of"][:7] for answer in answers] == days
            assert len(set(answers)) == 12

    run(story)


def test_those_who_wait_hold_up_nobody(nats_url: str, books: Path) -> None:
    async def story() -> None:
        async with service(nats_url, books) as asking:
            late = {"at_least": HEAD + 1, "wait_seconds": 1}
            waiting = [asyncio.create_task(asking.refusal("varend", "position", late)) for _ in range(3 * AT_ONCE)]
            await asyncio.sleep(0)
            assert await asking.answer("varend", "position")
            assert not any(one.done() for one in waiting)
            assert {(await one).code for one in waiting} == {"position_not_reached"}

    run(story)


def test_several_processes_share_the_work(nats_url: str, books: Path) -> None:
    async def story() -> None:
        seen = [Observed(), Observed()]
        async with service(nats_url, books, seen[0]) as asking, service(nats_url, books, seen[1]):
            await asyncio.gather(*(asking.answer("varend", "position") for _ in range(60)))
        counted = [
            one.registry.get_sample_value("grundbok_questions_total", {"question": "position", "outcome": "answered"})
            for one in seen
        ]
        assert sum(count or 0 for count in counted) == 60, "each question is answered by one of them"
        assert all(counted)

    run(story)


def test_can_be_discovered(nats_url: str, books: Path) -> None:
    async def story() -> None:
        async with service(nats_url, books) as asking:
            await asking.answer("varend", "position")
            for verb in ("PING", "INFO", "STATS"):
                said = msgspec.json.decode((await asking.client.request(f"$SRV.{verb}.grundbok-query", b"")).data)
                assert (said["name"], said["type"]) == (
                    "grundbok-query",
                    f"io.nats.micro.v1.{verb.lower()}_response",
                )
            assert [endpoint["num_requests"] for endpoint in said["endpoints"]] == [1]

    run(story)


def test_counts_what_it_refused_and_how_long_it_took(nats_url: str, books: Path) -> None:
    async def endpoints(asking: Asking) -> list[dict[str, Any]]:
        reply = await asking.client.request("$SRV.STATS.grundbok-query", b"")
        found: list[dict[str, Any]] = msgspec.json.decode(reply.data)["endpoints"]
        return found

    async def story() -> None:
        async with service(nats_url, books) as asking:
            await asking.answer("varend", "position")
            (before,) = await endpoints(asking)
            refused = await asking.refusal("nosuch", "position", {})
            await asking.refusal("varend", "position", {"at_least": HEAD + 1, "wait_seconds": 1})
            (after,) = await endpoints(asking)
        assert (before["num_requests"], before["num_errors"], before["last_error"]) == (1, 0, "")
        assert (after["num_requests"], after["num_errors"]) == (3, 2)
        assert refused.code == "book_not_found"
        assert after["last_error"].startswith("position_not_reached:The book varend has ")
        assert before["processing_time"] == before["average_processing_time"] > 0
        assert after["processing_time"] > before["processing_time"] + 900_000_000, "it waited a second, in nanoseconds"
        assert after["average_processing_time"] == after["processing_time"] // 3

    run(story)


def test_listens_for_its_own_books_only(nats_url: str, books: Path) -> None:
    async def story() -> None:
        async with service(nats_url, books, associations=("varend", "timra")) as asking:
            assert await asking.answer("varend", "position")
            assert (await asking.refusal("timra", "position", {})).code == "book_not_found"
            with pytest.raises(nats.errors.NoRespondersError):
                await asking.reply("other", "position", {})
            said = msgspec.json.decode((await asking.client.request("$SRV.STATS.grundbok-query", b"")).data)
        told = {endpoint["name"]: (endpoint["num_requests"], endpoint["num_errors"]) for endpoint in said["endpoints"]}
        assert told == {"query-varend": (1, 0), "query-timra": (1, 1)}

    run(story)


def test_what_came_before_the_end_is_answered_and_waits_no_longer(nats_url: str, books: Path) -> None:
    async def story() -> None:
        now = asyncio.get_running_loop().time
        async with connected(Access(urls=(nats_url,)), "stays") as client:
            stays = Asking(client)
            async with service(nats_url, books) as asking:
                interim = {"report": "interim", "as_of": "2017-T2"}
                reports = [asyncio.create_task(stays.answer("varend", "report", **interim)) for _ in range(9)]
                waits = {"at_least": HEAD + 1, "wait_seconds": 30}
                late = asyncio.create_task(stays.refusal("varend", "position", waits))
                await asyncio.sleep(0)
                await client.flush()  # the server has them all
                await asking.answer("varend", "position")  # which came after them
                assert not late.done()
                ending = now()
            assert now() - ending < SECONDS
            assert len(set(await asyncio.gather(*reports))) == 1
            assert (await late).code == "position_not_reached"

    run(story)
