"""`grundbok bus` and `grundbok serve` as people use them, against a real server and a service that runs."""

import asyncio
import json
import os
import signal
import subprocess
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog

from services.cli import bus as command
from services.contract.answers import Answer, Receipt, Refused
from services.contract.lines import LINE_BYTES_MAX
from services.contract.subjects import (
    CODE_HEADER,
    CURSORS_BUCKET,
    DEAD_STREAM,
    IN_STREAM,
    REASON_EN_HEADER,
    REASON_HEADER,
    bucket_stream,
    bucket_subject,
    cursor_key,
    dead_subject,
    events_stream,
    events_subjects,
    in_subject,
)
from services.messaging import nats_connection, sender
from services.messaging.consumer import Consumer
from services.messaging.dead_letters import REDRIVEN_HEADER
from services.messaging.inbound import DEAD_PLAN, IN_PLAN
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.port import Outgoing, Stored, StreamPlan
from services.messaging.sender import Sender
from tests.messaging.agreement import whole
from tests.messaging.serving import ROOT, Serving, until
from tests.messaging.users import run
from tests.processes import heeding_ctrl_c
from tests.servers.nats import TestServer
from tests.services.console import Grundbok, build, runner
from tests.services.messages import founding, line_of, vouchers, write_file

pytestmark = pytest.mark.server

HEAD = 328
SECONDS = 20.0


def on_bus(url: str, work: Callable[[NatsBus], Awaitable[None]]) -> None:
    """Do something on the bus."""

    async def connected_work() -> None:
        async with connected(Access(urls=(url,)), "test") as client:
            await asyncio.wait_for(work(NatsBus(client)), SECONDS)

    run(connected_work)


@pytest.fixture(autouse=True)
def no_log_left_behind() -> Iterator[None]:
    """Forget where a command that ran in this process logged to."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Run the service with a bus of its own, for books that each test names anew."""
    place = tmp_path_factory.mktemp("serving")
    with Serving(place / "books", place / "log") as running:
        yield running


@pytest.fixture
def live(serving: Serving, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Grundbok:
    """Run the program beside the service."""
    monkeypatch.setenv("GRUNDBOK_NATS", serving.bus)
    return runner(serving.log.parents[1] / "books", capsysbinary, monkeypatch)


@pytest.fixture
def still(
    nats_server: TestServer, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Grundbok:
    """Run the program with the book of Värend and a bus where nothing else happens."""
    build(tmp_path, "varend")
    monkeypatch.setenv("GRUNDBOK_NATS", nats_server.url)
    return runner(tmp_path, capsysbinary, monkeypatch)


def a_file(place: Path, *messages: dict[str, Any]) -> Path:
    return write_file(place / "messages.jsonl", *messages)


def unbalanced(number: int) -> dict[str, Any]:
    message = vouchers(1, first=number)[0]
    message["data"]["lines"][0]["amount_ore"] += 100
    return message


# --------------------------------------------------------------------------------------------------- sending


def test_send_shows_the_answer_to_each_line_and_knows_what_came_before(live: Grundbok, tmp_path: Path) -> None:
    file = a_file(tmp_path, *founding(), *vouchers(2), unbalanced(3))

    first = live("bus", "send", file, "--book", "send-a", "--lang", "en")
    again = live("bus", "send", file, "--book", "send-a", "-O", "json")

    assert first.out.splitlines()[4:] == ["line 5  A1/2023  position 5", "line 6  A2/2023  position 6"]
    assert f"{file}:7: voucher_not_balanced: " in first.err
    assert first.err.endswith("6 accepted, 0 already known, 1 refused\n")
    assert (first.code, again.code) == (5, 5)
    answers = [msgspec.json.decode(line, type=Answer) for line in again.out.splitlines()]
    assert [(answer.file, answer.line) for answer in answers] == [(str(file), line) for line in range(1, 8)]
    assert [isinstance(answer, Receipt) and answer.duplicate for answer in answers] == [True] * 6 + [False]
    assert again.err.endswith("0 bokförda, 6 redan kända, 1 avvisade\n")


@pytest.mark.parametrize(
    ("language", "waits", "left"),
    [
        ("sv", "publicerade till unheard men inte besvarade ännu: 4; väntar\n", "Inte besvarade i tid"),
        ("en", "published for unheard but not answered yet: 4; waiting\n", "Not answered in time"),
    ],
)
def test_send_says_that_nobody_answers_and_in_the_end_gives_up(
    still: Grundbok,
    nats_server: TestServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    waits: str,
    left: str,
) -> None:
    async def make_streams(bus: NatsBus) -> None:
        await bus.make(IN_PLAN)

    on_bus(nats_server.url, make_streams)
    monkeypatch.setattr(sender, "LATE_SECONDS", 0.1)
    monkeypatch.setattr(sender, "ANSWER_SECONDS", 1.0)

    done = still("bus", "send", a_file(tmp_path, *founding()), "--book", "unheard", "--lang", language)

    first, *rest = done.err.splitlines(keepends=True)
    assert first == waits
    assert len(rest) == 1, "it is said once"
    assert rest[0].startswith(f"grundbok: messages_unanswered: {left}")
    assert ": 4. " in rest[0]
    assert (done.code, done.out) == (1, "")


def test_send_takes_several_files_and_answers_what_is_no_message(live: Grundbok, tmp_path: Path) -> None:
    good = a_file(tmp_path, *founding())
    odd = tmp_path / "odd.jsonl"
    long = b'{"x":"' + b"x" * LINE_BYTES_MAX + b'"}'
    odd.write_bytes(b"\n".join([b"{", long, b"", line_of(vouchers(1)[0])]))
    empty, binary = tmp_path / "empty.jsonl", tmp_path / "binary.jsonl"
    empty.touch()
    binary.write_bytes(b"\0\1\2")

    said = live("bus", "send", good, odd, empty, binary, "--book", "send-b", "-O", "json")

    answers = [msgspec.json.decode(line, type=Answer) for line in said.out.splitlines()]
    told = [(Path(one.file).name, one.line, one.code if isinstance(one, Refused) else "") for one in answers]
    assert told[:4] == [("messages.jsonl", line, "") for line in range(1, 5)]
    assert told[4:] == [
        ("odd.jsonl", 1, "not_json"),
        ("odd.jsonl", 2, "line_too_long"),
        ("odd.jsonl", 3, "line_empty"),
        ("odd.jsonl", 4, ""),
        ("empty.jsonl", 0, "file_empty"),
        ("binary.jsonl", 0, "file_binary"),
    ]
    assert live("bus", "send", tmp_path / "none.jsonl", "--book", "send-b").code == 3


@pytest.mark.slow
def test_send_takes_more_than_one_batch(live: Grundbok, tmp_path: Path) -> None:
    file = a_file(tmp_path, *founding(), *vouchers(2200))

    said = live("bus", "send", file, "--book", "send-c")

    assert said.code == 0, said.err
    numbers = [int(line.split()[1]) for line in said.out.splitlines()]
    assert numbers == list(range(1, 2205))


def test_send_holds_a_batch_of_a_file_and_not_the_file(tmp_path: Path) -> None:
    file = tmp_path / "large.jsonl"
    with file.open("wb") as out:
        for _ in range(40):
            out.write((b"x" * 999 + b"\n") * 1000)
    tracemalloc.start()
    try:
        lines = sum(len(batch) for batch in command._batches(str(file)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert lines == 40_000
    assert peak < file.stat().st_size / 8


# ---------------------------------------------------------------------------------------------------- events


def test_events_prints_the_stream(live: Grundbok, serving: Serving, tmp_path: Path) -> None:
    live("bus", "send", a_file(tmp_path, *founding(), *vouchers(3)), "--book", "events-a")
    found: list[Stored] = []

    async def read(bus: NatsBus) -> None:
        async for position, _ in Consumer(bus, "events-a").lines():
            if position == 7:
                break
        found.extend(await whole(bus, events_stream("events-a")))

    on_bus(serving.bus, read)
    printed = live("bus", "events", "--book", "events-a")

    assert printed.code == 0
    assert printed.out.encode() == b"".join(stored.data + b"\n" for stored in found)
    assert live("bus", "events", "--book", "events-a", "--after", 5).out == "".join(
        f"{stored.data.decode()}\n" for stored in found[5:]
    )
    assert live("bus", "events", "--book", "events-a", "--after", 7) == (0, "", "")
    unknown = live("bus", "events", "--book", "nowhere", "--lang", "en")
    assert (unknown.code, unknown.out) == (3, "")
    assert "question_refused: Boken svarar: " in live("bus", "events", "--book", "nowhere").err


@pytest.mark.slow
def test_events_follows_until_ctrl_c(live: Grundbok, serving: Serving, tmp_path: Path) -> None:
    live("bus", "send", a_file(tmp_path, *founding()), "--book", "events-b")
    with subprocess.Popen(
        heeding_ctrl_c("bus", "events", "--book", "events-b", "--follow"),
        cwd=ROOT,
        env={**os.environ, "GRUNDBOK_NATS": serving.bus},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as following:
        assert following.stdout is not None
        assert following.stderr is not None
        seen = [json.loads(following.stdout.readline())["position"] for _ in range(4)]
        live("bus", "send", a_file(tmp_path, *vouchers(2)), "--book", "events-b")
        seen += [json.loads(following.stdout.readline())["position"] for _ in range(2)]
        following.send_signal(signal.SIGINT)
        try:
            code = following.wait(SECONDS)
        finally:
            following.kill()
        said = following.stderr.read()

    assert seen == [1, 2, 3, 4, 5, 6]
    assert (code, said) == (130, b"")


# ------------------------------------------------------------------------------------------------ dead letters


def refused_with_headers(serving: Serving, book: str) -> dict[str, str]:
    """Send a message that is refused, with headers of the sender and some that mean something to the server."""
    headers = {"X-Trace": "7", "Nats-Msg-Id": f"{book}-1", "Nats-Expected-Stream": IN_STREAM}

    async def send(bus: NatsBus) -> None:
        data = line_of(vouchers(1)[0])
        await bus.client.jetstream().publish(in_subject(book), data, headers=headers)
        again = await bus.client.jetstream().publish(in_subject(book), data, headers=headers)
        assert again.duplicate, "the window is open"
        (answer,) = await Sender(bus, book).send([b"{"])
        assert isinstance(answer, Refused)
        await until(lambda: has_left_behind(bus, book, answer.line))

    on_bus(serving.bus, send)
    return headers


async def has_left_behind(bus: NatsBus, book: str, sequence: int) -> str:
    """Tell whether the service would begin after a message if it looked again."""
    saved = await bus.last(bucket_stream(CURSORS_BUCKET), bucket_subject(CURSORS_BUCKET, cursor_key(book)))
    reached = 0 if saved is None else json.loads(saved.data)["sequence"]
    return "" if reached >= sequence else f"the cursor is at {reached}, not {sequence}"


def test_dead_letters_are_listed_in_the_language_that_is_asked_for(still: Grundbok, nats_server: TestServer) -> None:
    async def bury(bus: NatsBus) -> None:
        await bus.make(DEAD_PLAN)
        await bus.make(IN_PLAN)
        both = {REASON_HEADER: "Nej.", REASON_EN_HEADER: "No."}
        await bus.append(DEAD_STREAM, [Outgoing(dead_subject("varend"), b"{", {CODE_HEADER: "x", **both})])
        old = {CODE_HEADER: "x", REASON_HEADER: "Inte heller."}
        await bus.append(DEAD_STREAM, [Outgoing(dead_subject("varend"), b"{", old)])

    on_bus(nats_server.url, bury)

    def told(*options: str) -> list[str]:
        return [row.split("  ")[-1] for row in still("bus", "dead", "--book", "varend", *options).out.splitlines()]

    assert told() == told("--lang", "sv") == ["Nej.", "Inte heller."]
    assert told("--lang", "en") == ["No.", "Inte heller."]
    as_json = [json.loads(row) for row in still("bus", "dead", "--book", "varend", "-O", "json").out.splitlines()]
    assert [(letter["reason"], letter["reason_en"]) for letter in as_json] == [("Nej.", "No."), ("Inte heller.", "")]
    assert still("bus", "redrive", "--book", "varend").code == 0

    async def as_it_came(bus: NatsBus) -> None:
        stored = await bus.last(IN_STREAM, in_subject("varend"))
        assert stored is not None
        ours = {name for name in stored.headers if name.startswith("Grundbok-")}
        assert ours == {REDRIVEN_HEADER}, "what we have added is taken away"

    on_bus(nats_server.url, as_it_came)


def test_redrive_stores_the_message_again_as_it_came(live: Grundbok, serving: Serving, tmp_path: Path) -> None:
    headers = refused_with_headers(serving, "dead-a")
    listed = live("bus", "dead", "--book", "dead-a")
    rows = [row.split("  ") for row in listed.out.splitlines()]
    code = rows[0][2]
    as_json = [json.loads(row) for row in live("bus", "dead", "--book", "dead-a", "-O", "json").out.splitlines()]
    assert [row[2] for row in rows] == [code, "not_json"]
    assert code != "not_json"
    assert as_json[0]["data"].encode() == line_of(vouchers(1)[0])
    assert as_json[0]["headers"].items() >= {"X-Trace": "7", "Grundbok-Had-Nats-Msg-Id": "dead-a-1"}.items()
    assert live("bus", "dead", "--book", "dead-a", "--code", "not_json").out == listed.out.splitlines(keepends=True)[1]

    live("bus", "send", a_file(tmp_path, *founding()), "--book", "dead-a")
    redriven = live("bus", "redrive", "--book", "dead-a", "--code", code, "--lang", "en")

    assert (redriven.code, redriven.err) == (0, "sent again to dead-a: 1\n")

    async def look(bus: NatsBus) -> None:
        stored = await bus.last(IN_STREAM, in_subject("dead-a"))
        assert stored is not None
        assert stored.data == line_of(vouchers(1)[0])
        # What the server reads is of this publishing, and not what the sender had.
        assert not {"Nats-Msg-Id", "Grundbok-Code"} & set(stored.headers)
        own = {name: said for name, said in stored.headers.items() if not name.startswith("Nats-")}
        assert own == {"X-Trace": headers["X-Trace"], "Grundbok-Redriven": rows[0][0]}
        (answer,) = await Sender(bus, "dead-a").send([stored.data])  # answered after the one that was redriven
        assert isinstance(answer, Receipt)
        assert (answer.duplicate, answer.position) == (True, 5)

    on_bus(serving.bus, look)
    left = live("bus", "dead", "--book", "dead-a").out.splitlines()
    assert [row.split("  ")[2] for row in left] == ["not_json"]


def test_redrive_and_discard_by_number(live: Grundbok, serving: Serving) -> None:
    refused_with_headers(serving, "dead-b")
    numbers = [int(row.split("  ")[0]) for row in live("bus", "dead", "--book", "dead-b").out.splitlines()]

    for verb in ("redrive", "discard"):
        for language, said in (("sv", "finns inte nummer 999999"), ("en", "there is no number 999999")):
            missing = live(
                *("bus", verb, "--book", "dead-b", "--number", 999999, "--number", numbers[0], "--lang", language)
            )
            assert (missing.code, missing.out) == (3, "")
            assert said in missing.err
    assert len(live("bus", "dead", "--book", "dead-b").out.splitlines()) == 2, "nothing was done by halves"
    assert live("bus", "dead", "--book", "dead-a-stranger").out == ""

    discarded = live("bus", "discard", "--book", "dead-b", "--number", numbers[1])
    assert (discarded.code, discarded.err) == (0, "avvisade och nu borttagna för dead-b: 1\n")
    assert [int(row.split("  ")[0]) for row in live("bus", "dead", "--book", "dead-b").out.splitlines()] == numbers[:1]

    live("bus", "redrive", "--book", "dead-b", "--number", numbers[0])

    async def look(bus: NatsBus) -> None:
        await Sender(bus, "dead-b").send([b"{"])  # answered after the one that was redriven
        assert await bus.get(DEAD_STREAM, numbers[0]) is None

    on_bus(serving.bus, look)
    again = live("bus", "dead", "--book", "dead-b").out.splitlines()
    assert len(again) == 2, "what is refused again is a new letter"
    assert int(again[0].split("  ")[0]) > numbers[1]
    assert live("bus", "discard", "--book", "dead-b").code == 0
    assert live("bus", "dead", "--book", "dead-b").out == ""


# ------------------------------------------------------------------------------------------- check and rebuild


def forge(url: str, change: Callable[[list[Stored]], list[Outgoing]], without: int = 0) -> None:
    """Make the stream of Värend anew with other events, or without one."""

    async def work(bus: NatsBus) -> None:
        stream = events_stream("varend")
        stored = await whole(bus, stream)
        await bus.drop(stream)
        await bus.make(StreamPlan(name=stream, subjects=(events_subjects("varend"),), deletable=True))
        await bus.append(stream, change(stored))
        if without:
            await bus.delete(stream, without)

    on_bus(url, work)


def as_they_are(stored: list[Stored]) -> list[Outgoing]:
    return [Outgoing(one.subject, one.data) for one in stored]


def replaced(position: int) -> Callable[[list[Stored]], list[Outgoing]]:
    """Return a change of one byte of one event."""

    def change(stored: list[Stored]) -> list[Outgoing]:
        events = as_they_are(stored)
        event = events[position - 1]
        events[position - 1] = event._replace(data=event.data.replace(b'"actor":"e', b'"actor":"x'))
        return events

    return change


def test_check_and_rebuild(still: Grundbok, nats_server: TestServer) -> None:
    rebuilt = still("bus", "rebuild", "--book", "varend", "--lang", "en")
    assert (rebuilt.code, rebuilt.err) == (0, f"the stream is made anew from the book: {HEAD} events\n")
    equal = still("bus", "check", "--book", "varend")
    assert (equal.code, equal.out) == (0, f"varend: bok {HEAD}, ström 1-{HEAD}, {HEAD} lika, rapporter vid 0\n")

    forge(nats_server.url, replaced(200))
    differs = still("bus", "check", "--book", "varend", "-O", "json")
    assert differs.code == 6
    said = json.loads(differs.out)
    assert (said["compared"], said["different"], said["differences"], said["missing"]) == (HEAD, 1, [200], 0)
    assert "1 skiljer sig (200), 0 saknas, 0 finns inte i boken" in still("bus", "check", "--book", "varend").out

    still("bus", "rebuild", "--book", "varend")
    assert still("bus", "check", "--book", "varend").code == 0

    forge(nats_server.url, as_they_are, without=77)
    lacks = still("bus", "check", "--book", "varend", "-O", "json")
    assert (lacks.code, json.loads(lacks.out)["missing"]) == (6, 1)

    forge(nats_server.url, lambda stored: as_they_are([*stored, stored[-1], stored[-1]]))
    ahead = still("bus", "check", "--book", "varend", "-O", "json")
    assert (ahead.code, json.loads(ahead.out)["last"]) == (6, HEAD + 1)
    assert "1 finns inte i boken" in still("bus", "check", "--book", "varend").out

    still("bus", "rebuild", "--book", "varend")
    forge(nats_server.url, lambda stored: as_they_are(stored[:-8]))
    behind = still("bus", "check", "--book", "varend", "--lang", "en")
    assert (behind.code, behind.out) == (
        1,
        f"varend: book {HEAD}, stream 1-{HEAD - 8}, {HEAD - 8} equal; 8 not published yet\n",
    )


@pytest.mark.parametrize("command", ["dead", "redrive", "discard", "events"])
@pytest.mark.parametrize("book", ["*", ">", "Å b", "a.b"])
def test_a_name_with_wildcards_is_no_book(still: Grundbok, command: str, book: str) -> None:
    said = still("bus", command, "--book", book)

    assert (said.code, said.out) == (2, "")
    assert "book_name_invalid" in said.err


def test_events_begin_after_a_position_that_there_is(still: Grundbok) -> None:
    assert still("bus", "events", "--book", "varend", "--after", "-5").code == 2


def test_a_book_without_refused_messages_says_so(still: Grundbok) -> None:
    assert still("bus", "dead", "--book", "varend").err == "inga avvisade meddelanden till varend\n"


def test_check_of_what_the_stream_keeps(still: Grundbok, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRUNDBOK_EVENTS_KEEP", "28")
    assert still("bus", "rebuild", "--book", "varend").code == 0
    kept = json.loads(still("bus", "check", "--book", "varend", "-O", "json").out)
    assert (kept["first"], kept["last"], kept["compared"], kept["missing"]) == (HEAD - 27, HEAD, 28, 0)
    assert still("bus", "check", "--book", "nowhere").code == 3


# ------------------------------------------------------------------------------------------------ what goes wrong


COMMANDS = (("send", __file__), ("events",), ("dead",), ("redrive",), ("discard",), ("check",), ("rebuild",))


@pytest.mark.parametrize("words", COMMANDS, ids=[words[0] for words in COMMANDS])
def test_says_so_without_a_bus(
    words: tuple[str, ...], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    grundbok = runner(tmp_path, capsysbinary, monkeypatch)
    monkeypatch.setattr(nats_connection, "CONNECT_SECONDS", 0.1)
    monkeypatch.setenv("GRUNDBOK_NATS", "nats://127.0.0.1:1")
    for language, sentence in (
        ("sv", "Bussen svarar inte; besked från NATS"),
        ("en", "The bus does not answer; NATS says"),
    ):
        monkeypatch.setenv("GRUNDBOK_LANG", language)
        said = grundbok("bus", *words, "--book", "varend")
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith(f"grundbok: bus_unavailable: {sentence}: nats://127.0.0.1:1: ")

    monkeypatch.setenv("GRUNDBOK_NATS", "http://127.0.0.1:1")
    wrong = grundbok("bus", *words, "--book", "varend")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith("grundbok: setting_wrong: ")


def test_serve_says_what_is_wrong_with_its_settings(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    grundbok = runner(tmp_path, capsysbinary, monkeypatch)
    for name, value in (
        ("GRUNDBOK_NATS", "x"),
        ("GRUNDBOK_STATUS", "here"),
        ("GRUNDBOK_EVENTS_KEEP", "-1"),
        ("GRUNDBOK_ASSOCIATIONS", "Varend"),
    ):
        with monkeypatch.context() as wrong:
            wrong.setenv(name, value)
            said = grundbok("serve", "--lang", "en")
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("grundbok: setting_wrong: ")
        assert name in said.err
    assert grundbok("serve", "--only", "everything").code == 2
    named = grundbok("serve", "--associations", "varend,Timra")
    assert (named.code, named.out) == (2, "")
    assert named.err.startswith("grundbok: setting_wrong: --associations kan inte vara 'Timra': namn på böcker ")
    shown = grundbok("serve", "--help")
    assert shown.code == 0
    assert all(
        word in shown.out for word in ("--only", "--nats-port", "--associations", "ingest, relay, reports, query")
    )


def test_keys_are_made_here(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    grundbok = runner(tmp_path, capsysbinary, monkeypatch)
    assert grundbok("bus", "keys", tmp_path / "keys", "--association", "varend").code == 0
    assert list((tmp_path / "keys").glob("*.seed"))


# ----------------------------------------------------------------------------------------------------- the demo


@pytest.mark.slow
def test_the_demo_gives_back_what_was_published_and_knows_it_the_second_time(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    grundbok = runner(tmp_path, capsysbinary, monkeypatch)
    monkeypatch.delenv("GRUNDBOK_NATS", raising=False)
    monkeypatch.chdir(ROOT)

    first = grundbok("bus", "demo", "--data", tmp_path / "demo", "--lang", "en")
    again = grundbok("bus", "demo", "--data", tmp_path / "demo", "--lang", "en")

    end = "Compared with what was published: 45 figures, 45 matched, 0 unexplained.\n"
    for said in (first, again):
        assert said.code == 0, said.err
        assert said.out.endswith(end)
        assert f"{HEAD} compared with the book, 0 differ" in said.out
    rows = [row.split() for row in again.out.splitlines() if row.split()[0].endswith(".jsonl")]
    assert rows
    assert all(row[3] == "0" and row[1] == row[5] and row[8] == "0" for row in rows), again.out
    assert sum(int(row[1]) for row in rows) == sum(
        len(file.read_bytes().splitlines()) for file in (ROOT / "examples" / "varend").glob("*.jsonl")
    )
    assert grundbok("bus", "demo", "--book", "nowhere").code == 3
