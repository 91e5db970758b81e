"""The process that writes the books: it answers like a writer here, and whatever ends it loses and doubles nothing."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import msgspec
import pytest

from domain.kernel.refusal import InvariantBroken, Refusal
from services.application.pipes import received, send
from services.application.registration import ClockBehind
from services.application.snapshots import EVENTS_AT_REST
from services.application.writer import BookWriter
from services.clock import SystemClock
from services.contract.answers import Answer, Receipt, Refused
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.failures import DamagedBook, OutcomeUnknown, StoreFailure, Unavailable
from services.event_store.shelves import open_shelf
from services.messaging import writer_process as module
from services.messaging.writer_process import WriterEnded, WriterProcess, answer_requests
from services.messaging.writing import Answered, Heard, Written, write_messages
from services.settings import Settings
from services.writing import writer_process
from tests.processes import is_running, wait_until
from tests.servers.ports import free_ports
from tests.services.messages import founding, line_of, vouchers

BOOK = "varend"
_answer = msgspec.json.Decoder(Answer).decode


def heard(*messages: dict[str, object], first: int = 1) -> list[Heard]:
    """Return messages as they stand in a stream."""
    return [Heard(number, f"in.{BOOK}", line_of(message)) for number, message in enumerate(messages, first)]


def codes(written: Written) -> list[str]:
    """Return what each message became: its vouchers, `again`, or the code of its refusal."""
    found = []
    for data in written.answers:
        answer = _answer(data)
        if isinstance(answer, Refused):
            found.append(answer.code)
        else:
            found.append("again" if answer.duplicate else ",".join(answer.vouchers) or answer.type)
    return found


@pytest.fixture
def process(tmp_path: Path) -> Iterator[WriterProcess]:
    process = writer_process(Settings(data=tmp_path / "books"))
    yield process
    process.close()


def test_answers_as_a_writer_here_does(process: WriterProcess, tmp_path: Path) -> None:
    empty = {**vouchers(1)[0], "id": "odd"}
    empty["data"] = {**empty["data"], "lines": []}
    batches = [heard(*founding(), *vouchers(3)), heard(*vouchers(2, first=3), empty, first=10)]
    batches.append([Heard(20, "in.varend", b"{"), Heard(21, "in.varend", b"x" * 2_000_000)])

    with open_shelf("memory:", catalogue_mapper()) as shelf:
        writer = BookWriter(shelf.create(BOOK), SystemClock())
        expected = [write_messages(lambda: writer, batch) for batch in batches]

    assert [process.write(BOOK, batch) for batch in batches] == expected
    assert [sorted(written.refused) for written in expected] == [[], [2], [0, 1]]
    assert expected[1].did == Answered(1, 1, {"voucher_empty": 1}, expected[1].did.position)
    with open_shelf(str(tmp_path / "books"), catalogue_mapper()) as shelf:
        assert shelf.open(BOOK).head() == expected[1].did.position


def test_a_name_that_no_book_can_have_is_answered(process: WriterProcess) -> None:
    assert codes(process.write("No Book", heard(*founding()))) == ["book_name_invalid"] * len(founding())


def test_a_failure_of_the_store_comes_through_and_stops_no_other_book(process: WriterProcess, tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / f"{BOOK}.sqlite").write_bytes(b"no book at all")

    with pytest.raises(DamagedBook) as raised:
        process.write(BOOK, heard(*founding()))

    pid = process.pid
    assert raised.value.facts["book"] == BOOK
    assert BOOK in raised.value.sentence("sv")
    assert process.write("annan", heard(*founding())).did.accepted == len(founding())
    assert process.pid == pid


def test_says_why_the_books_cannot_be_opened(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (port,) = free_ports(1)
    process = writer_process(Settings(data=tmp_path, postgres=f"postgresql://127.0.0.1:{port}/books"))
    try:
        with pytest.raises(Unavailable, match=str(port)):
            process.write(BOOK, heard(*founding()))
    finally:
        process.close()
    assert "Traceback" not in capfd.readouterr().err


def test_begins_again_after_it_was_killed_at_rest(process: WriterProcess) -> None:
    process.write(BOOK, heard(*founding()))
    pid = process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid))

    assert codes(process.write(BOOK, heard(*vouchers(1)))) == ["A1/2023"]
    assert process.pid != pid


def test_says_so_when_it_was_killed_at_work(process: WriterProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    process.write(BOOK, heard(*founding()))

    def killed(pipe: IO[bytes]) -> bytes:
        monkeypatch.undo()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        return received(pipe)

    monkeypatch.setattr(module, "received", killed)
    with pytest.raises(WriterEnded, match=BOOK):
        process.write(BOOK, heard(*vouchers(3)))

    assert process.write(BOOK, heard(*vouchers(3))).did.messages == 3
    assert codes(process.write(BOOK, heard(*vouchers(4)))) == ["again"] * 3 + ["A4/2023"]


def test_nobody_waits_for_a_process_that_is_abandoned(process: WriterProcess) -> None:
    process.write(BOOK, heard(*founding()))
    pid = process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(process.write, BOOK, heard(*vouchers(3)))
        wait_until(lambda: process.pid == pid and not writing.done())
        while not writing.done():
            process.abandon()
        with pytest.raises(WriterEnded):
            writing.result()
    assert process.write(BOOK, heard(*vouchers(3))).did.messages == 3


def test_ends_when_its_service_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from services.settings import Settings;"
        "from services.writing import writer_process;"
        f"process = writer_process(Settings(data=Path({str(tmp_path)!r}))); process.start();"
        "print(process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as service:
        assert service.stdout is not None
        pid = int(service.stdout.readline())
        service.kill()

    wait_until(lambda: not is_running(pid))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_leaves_it_to_its_service_to_end_it(process: WriterProcess, number: signal.Signals) -> None:
    process.write(BOOK, heard(*founding()))
    pid = process.pid
    assert pid is not None
    os.kill(pid, number)

    assert process.write(BOOK, heard(*vouchers(1))).did.accepted == 1
    assert process.pid == pid


def test_keeps_what_it_knows_when_it_is_closed(process: WriterProcess, tmp_path: Path) -> None:
    process.write(BOOK, heard(*founding(), *vouchers(EVENTS_AT_REST)))
    process.close()

    assert list((tmp_path / "books" / ".cache").glob(f"{BOOK}.snapshot*"))


def test_may_be_shared_by_threads(process: WriterProcess, tmp_path: Path) -> None:
    books = [f"bok-{number}" for number in range(8)]
    with ThreadPoolExecutor(len(books)) as threads:
        written = list(threads.map(lambda book: process.write(book, heard(*founding(), *vouchers(20))), books))

    assert [one.did.accepted for one in written] == [len(founding()) + 20] * len(books)
    with open_shelf(str(tmp_path / "books"), catalogue_mapper()) as shelf:
        assert [shelf.open(book).head() for book in books] == [one.did.position for one in written]


def test_what_is_printed_is_no_reply() -> None:
    program = (
        "from services.application.pipes import own_pipes, received\n"
        "from services.messaging.writer_process import Written, answer_requests\n"
        "from services.messaging.writing import Answered\n"
        "with own_pipes() as (requests, replies):\n"
        "    greeting = received(requests)\n"
        "    def write(book, batch):\n"
        "        print('printed', flush=True)\n"
        "        return Written([greeting], {}, Answered())\n"
        "    answer_requests(requests, replies, write)\n"
    )
    process = WriterProcess((sys.executable, "-c", program), b"hello")
    try:
        assert process.write(BOOK, []).answers == [b"hello"]
    finally:
        process.close()


def test_a_reply_that_breaks_off_ends_the_process() -> None:
    program = (
        "import sys; sys.stdin.buffer.read(4 + 5); sys.stdout.buffer.write(b'\\0\\0\\0\\x09half'); sys.stdout.close()"
    )
    process = WriterProcess((sys.executable, "-c", program), b"hello")

    with pytest.raises(WriterEnded):
        process.write(BOOK, [])
    assert process.pid is None


def replies_to(write: Callable[[str, Sequence[Heard]], Written], *books: str) -> list[object]:
    """Return what comes back from a process in which writing does this."""
    requests, replies = io.BytesIO(), io.BytesIO()
    for book in books:
        send(requests, module._pack((book, heard(*founding()))))
    requests.seek(0)
    answer_requests(requests, replies, write)
    replies.seek(0)
    found: list[object] = []
    for _ in books:
        reply = module._reply(received(replies))
        found.append(reply.written if reply.failure is None else module._remade(reply.failure))
    return found


RAISED = [
    OutcomeUnknown(book=BOOK, after=7),
    ClockBehind(now="2024-01-01", last_at="2024-01-02"),
    InvariantBroken("the books do not balance"),
]


@pytest.mark.parametrize("raised", RAISED, ids=lambda error: type(error).__name__)
def test_what_is_raised_is_raised_here(raised: Exception) -> None:
    def write(book: str, _: Sequence[Heard]) -> Written:
        if book == BOOK:
            raise raised
        return Written([], {}, Answered(3))

    first, second = replies_to(write, BOOK, "annan")

    assert type(first) is type(raised)
    assert str(first) == str(raised)
    assert second == Written([], {}, Answered(3))
    if isinstance(raised, Refusal | StoreFailure) and isinstance(first, Refusal | StoreFailure):
        assert (first.facts, first.sentence("sv")) == (raised.facts, raised.sentence("sv"))


def test_a_refusal_that_nobody_knows_here_stops_the_book() -> None:
    remade = module._remade(module._Failure("unheard_of", {"what": "this"}))
    assert isinstance(remade, InvariantBroken)
    assert "unheard_of" in str(remade)


def test_receipts_are_sent_as_they_are_written(process: WriterProcess) -> None:
    (first, *_) = process.write(BOOK, heard(*founding())).answers
    answer = _answer(first)
    assert isinstance(answer, Receipt)
    assert msgspec.json.encode(answer) == first
