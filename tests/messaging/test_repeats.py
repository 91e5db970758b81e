"""What is logged of what goes wrong again and again: once, then once in a while with how often, and when it is over."""

from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs
from structlog.types import EventDict

from services.messaging.observed import Observed
from services.messaging.port import BusForbidden, BusUnavailable
from services.messaging.repeats import EVERY_SECONDS, SAYINGS_MAX, Repeats


class Watched:
    """Observed by a clock that is set, and what it logged."""

    def __init__(self, logged: list[EventDict]) -> None:
        self.now = 50.0
        self.observed = Observed(structlog.get_logger(), lambda: self.now)
        self._logged = logged

    def new(self) -> list[EventDict]:
        """Return what was logged since the last time, without its level."""
        told: list[EventDict] = [
            {name: value for name, value in line.items() if name != "log_level"} for line in self._logged
        ]
        self._logged.clear()
        return told


@pytest.fixture
def watched() -> Iterator[Watched]:
    with capture_logs() as logged:
        yield Watched(logged)


def test_an_error_of_the_connection_is_logged_once_and_then_once_in_a_while(watched: Watched) -> None:
    def error(detail: str, times: int) -> EventDict:
        return {"event": "connection", "what": "error", "detail": detail, "times": times}

    for _ in range(5):
        watched.observed.connection_told("error", "refused")
        watched.observed.connection_told("error", "no route")
        watched.now += 1
    assert watched.new() == [error("refused", 1), error("no route", 1)]

    watched.now += EVERY_SECONDS
    watched.observed.connection_told("error", "refused")
    assert watched.new() == [error("refused", 5)]
    watched.observed.connection_told("error", "refused")
    assert watched.new() == []

    watched.observed.connection_told("reconnected", "a:4222")
    over = {"event": "connection", "what": "reconnected", "detail": "a:4222", "errors_not_logged": 5}
    assert watched.new() == [over]
    watched.observed.connection_told("error", "refused")
    assert watched.new() == [error("refused", 1)], "after it was over it is news again"
    watched.observed.connection_told("reconnected", "a:4222")
    assert "errors_not_logged" not in watched.new()[0]


def test_a_part_that_fails_for_two_reasons_by_turns_logs_each_once(watched: Watched) -> None:
    for _ in range(5):
        watched.observed.fails("relay", "varend", BusForbidden(reason="varend"))
        watched.observed.fails("relay", "varend", BusUnavailable(reason="gone"))
    watched.observed.fails("relay", "timra", BusUnavailable(reason="gone"))

    told = [(line["book"], line["code"], line["times"]) for line in watched.new()]
    assert told == [("varend", "bus_forbidden", 1), ("varend", "bus_unavailable", 1), ("timra", "bus_unavailable", 1)]
    assert [condition.code for *_, condition in watched.observed.parts()] == ["bus_unavailable", "bus_unavailable"]

    watched.observed.works("relay", "varend")
    watched.observed.works("relay", "varend")
    over = {"event": "part", "part": "relay", "book": "varend", "state": "ok", "errors_not_logged": 8}
    assert watched.new() == [over]
    watched.observed.fails("relay", "varend", BusUnavailable(reason="gone"))
    assert len(watched.new()) == 1


def test_a_name_that_no_book_can_have_is_logged_once(watched: Watched) -> None:
    for _ in range(3):
        watched.observed.works("ingest", "No Book")
    assert len(watched.new()) == 1


def test_what_is_remembered_does_not_grow_and_a_flood_is_held_back() -> None:
    now = [0.0]
    repeats = Repeats(lambda: now[0])
    flood = [str(number) for number in range(SAYINGS_MAX + 5)]

    # By turns, all of them: none may be forgotten to make room for the next, or each would be news each time.
    assert [sum(repeats.times("connection", saying) for saying in flood) for _ in range(3)] == [SAYINGS_MAX, 0, 0]
    assert repeats.times("relay varend", "0") == 1, "another subject"
    assert repeats.over("connection") == 2 * SAYINGS_MAX + 3 * 5
    assert repeats.over("connection") == 0

    assert sum(repeats.times("connection", saying) for saying in flood) == SAYINGS_MAX
    now[0] += EVERY_SECONDS
    assert repeats.times("connection", "new") == 1, "what nobody says any more makes room"
