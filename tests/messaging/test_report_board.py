"""The latest reports: all of one position, never an older one over a newer, and back again when the bus lost them."""

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from services.application.latest import Latest
from services.contract.printed import ReportsShown
from services.contract.subjects import REPORTS_BUCKET, bucket_stream, bucket_subject, report_key
from services.messaging.port import BusUnavailable, Outgoing
from services.messaging.report_board import LOOK_AGAIN_STEPS, ReportBoard
from tests.builders import TODAY
from tests.messaging.bus_model import Fault, ModelBus, Server, Weather
from tests.messaging.bus_world import kept_by

if TYPE_CHECKING:
    from collections.abc import Callable

BOOK = "alfa"
STREAM = bucket_stream(REPORTS_BUCKET)


class Shelf:
    """A book of which only the head matters: its reports say the position and the day."""

    def __init__(self, head: int = 5) -> None:
        self.position = head
        self.day = TODAY
        self.made = 0
        self.meanwhile: list[Callable[[], None]] = []

    def head(self) -> int:
        """Return the last position."""
        return self.position

    def today(self) -> date:
        """Return the day."""
        return self.day

    def make(self, as_of: date) -> Latest:
        """Return the reports, during which something else may happen."""
        latest = reports(self.position, as_of)
        self.made += 1
        while self.meanwhile:
            self.meanwhile.pop()()
        return latest


def reports(position: int, as_of: date = TODAY) -> Latest:
    """Return the reports of a position."""
    return Latest(position, as_of, {name: f"{name} {position} {as_of}".encode() for name in ("annual", "interim")})


def board(server: Server, shelf: Shelf, weather: Weather | None = None) -> ReportBoard:
    """Return the board of a process."""
    return ReportBoard(BOOK, ModelBus(server, weather), shelf.make, shelf.head, shelf.today)


def step(board: ReportBoard) -> int:
    """Do a step."""
    return asyncio.run(board.step())


def held(server: Server) -> tuple[int, date, dict[str, bytes]]:
    """Return what the bucket has of the book: the position and day it states, and the reports."""
    prefix = bucket_subject(REPORTS_BUCKET, report_key(BOOK, ""))
    found = {one.subject.removeprefix(prefix): one.data for one in kept_by(server, STREAM)}
    shown = msgspec.json.decode(found.pop("position"), type=ReportsShown)
    assert set(shown.reports) == set(found)
    return shown.position, shown.as_of, found


def shows(server: Server, position: int, as_of: date = TODAY) -> bool:
    """Tell whether the bucket has the reports of this position and no other."""
    return held(server) == (position, as_of, reports(position, as_of).reports)


def test_puts_up_all_reports_at_once() -> None:
    server, shelf = Server(), Shelf()

    assert step(board(server, shelf)) == 5

    assert shows(server, 5)
    assert len({one.at for one in kept_by(server, STREAM)}) == 1


def test_an_empty_book_shows_nothing() -> None:
    server, shelf = Server(), Shelf(0)

    assert step(board(server, shelf)) == 0

    assert not server.streams


def test_does_nothing_until_the_book_or_the_day_changes() -> None:
    server, shelf = Server(), Shelf()
    mine = board(server, shelf)

    assert [step(mine) for _ in range(3)] == [5, 0, 0]
    shelf.position = 7
    assert [step(mine) for _ in range(2)] == [7, 0]
    assert shows(server, 7)
    shelf.day = TODAY + timedelta(days=1)
    assert [step(mine) for _ in range(2)] == [7, 0]
    assert shows(server, 7, shelf.day)
    assert shelf.made == 3


def test_what_comes_while_reports_are_made_is_shown_next() -> None:
    server, shelf = Server(), Shelf()
    mine = board(server, shelf)
    shelf.meanwhile.append(lambda: setattr(shelf, "position", 6))

    assert [step(mine) for _ in range(3)] == [5, 6, 0]

    assert shows(server, 6)


def test_an_older_position_is_not_put_over_a_newer_one() -> None:
    server, shelf = Server(), Shelf()
    other = board(server, shelf)

    def overtake() -> None:
        shelf.position = 8
        step(other)

    shelf.meanwhile.append(overtake)
    mine = board(server, shelf)

    assert step(mine) == 0
    assert shows(server, 8)
    step(mine)
    assert shows(server, 8)


def test_a_process_that_reads_an_older_book_waits() -> None:
    server, shelf, late = Server(), Shelf(8), Shelf(5)
    step(board(server, shelf))
    mine = ReportBoard(BOOK, ModelBus(server), late.make, shelf.head, late.today)

    assert [step(mine) for _ in range(LOOK_AGAIN_STEPS * 3)] == [0] * LOOK_AGAIN_STEPS * 3

    assert shows(server, 8)
    assert late.made == 1


def test_a_bucket_ahead_of_its_book_is_corrected() -> None:
    server = Server()
    step(board(server, Shelf(9)))

    assert step(board(server, Shelf(5))) == 5

    assert shows(server, 5)


@pytest.mark.parametrize("fault", [Fault.REQUEST_LOST, Fault.ANSWER_LOST])
@pytest.mark.parametrize("where", [f"append {STREAM}", "last", "make_bucket"])
def test_a_call_that_fails_is_made_good(where: str, fault: Fault) -> None:
    server, shelf, weather = Server(), Shelf(), Weather()
    mine = board(server, shelf, weather)
    weather.planned.append((where, fault))

    with pytest.raises(BusUnavailable):
        step(mine)
    step(mine)

    assert shows(server, 5)


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b'{"position":"5"}'])
def test_a_position_that_cannot_be_read_is_overwritten(garbage: bytes) -> None:
    server, shelf = Server(), Shelf()
    step(board(server, shelf))
    server.append(STREAM, [Outgoing(bucket_subject(REPORTS_BUCKET, report_key(BOOK, "position")), garbage)])

    assert step(board(server, shelf)) == 5

    assert shows(server, 5)


def test_a_wiped_bus_gets_its_reports_back() -> None:
    server, shelf = Server(), Shelf()
    mine = board(server, shelf)
    step(mine)
    server.wipe()

    for _ in range(LOOK_AGAIN_STEPS - 1):
        step(mine)
    with pytest.raises(BusUnavailable):
        step(mine)
    step(mine)

    assert shows(server, 5)


def test_a_bus_that_was_put_back_gets_the_later_reports() -> None:
    server, shelf = Server(), Shelf()
    mine = board(server, shelf)
    step(mine)
    copy = server.snapshot()
    shelf.position = 6
    step(mine)
    server.put_back(copy)

    for _ in range(LOOK_AGAIN_STEPS):
        step(mine)

    assert shows(server, 6)
    assert shelf.made == 3


def test_a_bus_that_was_put_back_gets_them_at_once_after_an_outage() -> None:
    server, shelf = Server(), Shelf()
    bus = ModelBus(server)
    mine = ReportBoard(BOOK, bus, shelf.make, shelf.head, shelf.today)
    step(mine)
    copy = server.snapshot()
    shelf.position = 6
    step(mine)
    server.put_back(copy)
    bus.connections += 1

    step(mine)

    assert shows(server, 6)


def test_nothing_is_made_while_the_bucket_has_it() -> None:
    server, shelf = Server(), Shelf()
    mine = board(server, shelf)

    for _ in range(LOOK_AGAIN_STEPS * 5):
        step(mine)

    assert shelf.made == 1


def test_books_share_the_bucket() -> None:
    server, shelf = Server(), Shelf()
    beta = ReportBoard("beta", ModelBus(server), Shelf(9).make, Shelf(9).head, shelf.today)

    assert (step(board(server, shelf)), step(beta)) == (5, 9)

    assert len(kept_by(server, STREAM)) == 6
