"""Health and metrics over HTTP: who lives, what stands in the way of which part, figures that Prometheus can read."""

import http.client
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from domain.kernel.refusal import InvariantBroken
from services.event_store.failures import DamagedBook
from services.messaging.ahead import BusAhead
from services.messaging.observed import HANGS_SECONDS, NO_BOOK, Observed, condition_of
from services.messaging.port import BusUnavailable
from services.messaging.status_page import STUCK_SECONDS, Heartbeat, StatusPortTaken, status_page
from services.messaging.writing import Answered

PAGE = (Path(__file__).parents[2] / "docs" / "bus.md").read_text("utf-8")
HOST = "127.0.0.1"


class Page:
    """A status page that is up, what it shows, and the time that its heartbeat goes by."""

    def __init__(self) -> None:
        self.now = 100.0
        self.observed = Observed(structlog.get_logger(), lambda: self.now)
        self.heartbeat = Heartbeat(lambda: self.now)
        self.port = 0

    def get(self, path: str) -> tuple[int, str, str]:
        """Return the status of an answer, what it is, and what it says."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read().decode()
        finally:
            connection.close()

    def samples(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Return the figures as Prometheus reads them."""
        status, kind, text = self.get("/metrics")
        assert (status, kind.partition(";")[0]) == (200, "text/plain")
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@pytest.fixture
def page() -> Iterator[Page]:
    shown = Page()
    with status_page(HOST, 0, shown.observed, shown.heartbeat) as port:
        shown.port = port
        yield shown


def test_lives_while_the_loop_turns(page: Page) -> None:
    assert page.get("/livez") == (200, "application/json", '{"alive":true}\n')
    page.now += STUCK_SECONDS - 0.1
    assert page.get("/livez")[0] == 200
    page.now += 0.2
    assert page.get("/livez") == (503, "application/json", '{"alive":false}\n')
    assert page.get("/readyz")[0] == 200, "another question"


def test_is_ready_when_every_part_is(page: Page) -> None:
    page.observed.works("ingest", "varend")
    assert json.loads(page.get("/readyz")[2])["ready"]

    page.observed.fails("relay", "varend", BusAhead(stream="s", last=9, book="varend", head=7))
    page.observed.fails("reports", "timra", BusUnavailable(reason="gone"))
    status, kind, body = page.get("/readyz")
    said = json.loads(body)

    assert (status, kind, said["ready"], said["connected"]) == (503, "application/json", False, True)
    told = [(part["part"], part["book"], part["state"], part["code"]) for part in said["parts"]]
    assert told == [
        ("ingest", "varend", "ok", ""),
        ("relay", "varend", "stopped", "bus_ahead"),
        ("reports", "timra", "waiting", "bus_unavailable"),
    ]
    assert said["parts"][2]["sv"] == "Bussen svarar inte; besked från NATS: gone."
    assert said["parts"][2]["en"] == "The bus does not answer; NATS says: gone."

    page.observed.works("relay", "varend")
    page.observed.works("reports", "timra")
    assert page.get("/readyz")[0] == 200


def test_is_not_ready_while_a_step_does_not_end(page: Page) -> None:
    page.observed.works("ingest", "varend")
    page.observed.works("relay", "varend")
    page.observed.begins("ingest", "varend")
    page.now += HANGS_SECONDS - 0.1
    assert page.get("/readyz")[0] == 200

    page.now += 7
    status, _, body = page.get("/readyz")

    assert (status, json.loads(body)["ready"]) == (503, False)
    assert json.loads(body)["parts"][0] == {
        "part": "ingest",
        "book": "varend",
        "state": "waiting",
        "code": "part_hangs",
        "sv": "Delen ingest av boken varend har arbetat med samma steg i 21 sekunder.",
        "en": "The part ingest of the book varend has worked on the same step for 21 seconds.",
    }
    figures = [
        page.samples()["grundbok_part_ok", frozenset({"part": part, "book": "varend"}.items())]
        for part in ("ingest", "relay")
    ]
    assert figures == [0, 1]

    page.observed.ends("ingest", "varend")
    page.observed.works("ingest", "varend")
    assert page.get("/readyz")[0] == 200


def test_is_not_ready_without_its_connection(page: Page) -> None:
    page.observed.connected = lambda: False
    page.observed.bus = "nats://a:4222"
    page.observed.connection_told("error", "nobody there")
    status, _, body = page.get("/readyz")
    said = json.loads(body)

    assert (status, said["ready"], said["connected"]) == (503, False, False)
    assert said["connection"] == {
        "state": "waiting",
        "code": "bus_unavailable",
        "sv": "Bussen svarar inte; besked från NATS: nats://a:4222: nobody there.",
        "en": "The bus does not answer; NATS says: nats://a:4222: nobody there.",
    }
    page.observed.connection_told("reconnected", "a:4222")
    page.observed.connected = lambda: True
    assert json.loads(page.get("/readyz")[2])["connection"] == {"state": "ok", "code": "", "sv": "", "en": ""}


def test_names_that_no_book_can_have_make_nothing_unready_and_no_figures(page: Page) -> None:
    seen = page.observed
    for number in range(3):
        seen.fails("ingest", f"No Book {number}", BusUnavailable(reason="forbidden"))
        seen.behind("ingest", f"No Book {number}", 1)
        seen.answered(f"No Book {number}", Answered(refused={"book_name_invalid": 1}))
    status, _, body = page.get("/readyz")

    assert (status, json.loads(body)["parts"]) == (200, [])
    labelled = {value for _, labels in page.samples() for label, value in labels if label == "book"}
    assert labelled == {NO_BOOK}
    refusals = frozenset({"book": NO_BOOK, "code": "book_name_invalid"}.items())
    assert page.samples()["grundbok_refusals_total", refusals] == 3


def test_what_stops_a_part_and_what_it_waits_for() -> None:
    for error, state, code in (
        (BusUnavailable(reason="x"), "waiting", "bus_unavailable"),
        (DamagedBook(book="b", reason="r"), "stopped", "damaged_book"),
        (InvariantBroken("no"), "stopped", "InvariantBroken"),
        (KeyError("k"), "stopped", "KeyError"),
    ):
        condition = condition_of(error)
        assert (condition.state, condition.code) == (state, code)


def test_the_figures_are_those_that_were_counted(page: Page) -> None:
    seen = page.observed
    seen.answered("varend", Answered(accepted=5, known=2, refused={"voucher_not_balanced": 3}, position=9))
    seen.answered("varend", Answered(known=1))
    seen.relayed("varend", 4, 9)
    seen.reported("varend", 8)
    seen.behind("relay", "varend", 3)
    seen.fails("relay", "varend", BusUnavailable(reason="x"))
    seen.took("relay", 0.02)
    seen.asked("report", "answered")

    found = page.samples()

    def figure(name: str, **labels: str) -> float:
        return found[name, frozenset(labels.items())]

    assert [figure("grundbok_messages_total", book="varend", outcome=o) for o in ("accepted", "known", "refused")] == [
        *(5, 3, 3),
    ]
    assert figure("grundbok_refusals_total", book="varend", code="voucher_not_balanced") == 3
    assert figure("grundbok_position", book="varend") == figure("grundbok_events_position", book="varend") == 9
    assert figure("grundbok_reports_position", book="varend") == 8
    assert figure("grundbok_lag", part="relay", book="varend") == 3
    assert figure("grundbok_part_ok", part="relay", book="varend") == 0
    assert figure("grundbok_step_seconds_count", part="relay") == 1
    assert figure("grundbok_step_seconds_bucket", part="relay", le="0.01") == 0
    assert figure("grundbok_step_seconds_bucket", part="relay", le="0.025") == 1
    assert figure("grundbok_questions_total", question="report", outcome="answered") == 1


def test_figures_are_by_book_part_and_code_and_nothing_that_grows(page: Page) -> None:
    labels = {
        label
        for collector in page.observed.registry._collector_to_names
        for label in getattr(collector, "_labelnames", ())
    }
    assert labels == {"book", "outcome", "code", "part", "question"}


def test_every_figure_in_the_handbook_exists(page: Page) -> None:
    named = set(re.findall(r"`(grundbok_[a-z_]+)`", PAGE))
    exist = set(page.observed.registry._names_to_collectors)

    assert named
    assert named <= exist


def test_other_places_say_what_there_is(page: Page) -> None:
    assert page.get("/")[0] == 404
    assert page.get("/")[2] == "/livez /readyz /metrics\n"


def test_the_address_is_free_or_else() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(StatusPortTaken) as caught,
            status_page(HOST, port, Observed(), Heartbeat(lambda: 0.0)),
        ):
            pass
    assert caught.value.facts["address"] == f"{HOST}:{port}"
