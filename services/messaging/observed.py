"""What can be seen of the parts from outside: conditions for health, figures for Prometheus, lines in the log."""

import time
from functools import partial
from typing import TYPE_CHECKING, Literal

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from domain.kernel.refusal import InvariantBroken, Refusal
from services.event_store.failures import DamagedBook, DamagedEvent, NewerThanProgram, StoreFailure
from services.event_store.shelf import is_book_name
from services.messaging.ahead import BusAhead, BusDiffers
from services.messaging.port import BusUnavailable
from services.messaging.reasons import program_wrong
from services.messaging.repeats import Repeats
from services.messaging.writing import Answered

if TYPE_CHECKING:
    from collections.abc import Callable

State = Literal["ok", "waiting", "stopped"]

STOPS = (InvariantBroken, BusAhead, BusDiffers, DamagedBook, DamagedEvent, NewerThanProgram)
"""What does not pass by itself: somebody has to look."""

HANGS_SECONDS = 15.0
"""How long a step may take before its part counts as hanging: far longer than a batch, or the wait for one, takes."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Condition(msgspec.Struct, frozen=True):
    """How a part of a book fares: it works, it waits for something to come back, or it stopped until somebody looks."""

    state: State
    code: str = ""
    sv: str = ""
    en: str = ""


WELL = Condition("ok")

NO_BOOK = "-"
"""What figures say instead of a name that no book can have: whoever may publish could make up any number of them."""


class PartHangs(Refusal):
    """A part ends its step within a reasonable time."""

    code = "part_hangs"
    sv = "Delen {part} av boken {book} har arbetat med samma steg i {seconds} sekunder."
    en = "The part {part} of the book {book} has worked on the same step for {seconds} seconds."


class Observed:
    """Takes what the parts say of themselves; read by the status page. One for a process."""

    def __init__(
        self,
        log: structlog.typing.FilteringBoundLogger | None = None,
        clock: "Callable[[], float]" = time.monotonic,
    ) -> None:
        self.registry = CollectorRegistry()
        self.conditions: dict[tuple[str, str], Condition] = {}
        self.connected: Callable[[], bool] = lambda: True
        self.bus = ""
        self.log = log or structlog.get_logger("grundbok")
        self._clock = clock
        self._begun: dict[tuple[str, str], float] = {}
        self._repeats = Repeats(clock)
        self._heard = ""
        self._messages = self._counter("grundbok_messages", "Messages answered.", "book", "outcome")
        self._refusals = self._counter("grundbok_refusals", "Messages refused.", "book", "code")
        self._written = self._gauge("grundbok_position", "Last position known to be written.", "book")
        self._published = self._counter("grundbok_events_published", "Events published.", "book")
        self._relayed = self._gauge("grundbok_events_position", "Last position in the stream of events.", "book")
        self._reported = self._gauge("grundbok_reports_position", "Position the reports reflect.", "book")
        self._lag = self._gauge("grundbok_lag", "What is still to be done.", "part", "book")
        self._ok = self._gauge("grundbok_part_ok", "1 if the part of the book works.", "part", "book")
        self._asked = self._counter("grundbok_questions", "Questions answered.", "question", "outcome")
        about = "Time of a step that did something."
        self._steps = Histogram("grundbok_step_seconds", about, ("part",), buckets=SECONDS, registry=self.registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(name, about, labels, registry=self.registry)

    @property
    def connection(self) -> Condition:
        """How the connection to the bus fares; `bus` is where it goes to."""
        if self.connected():
            return WELL
        return condition_of(BusUnavailable(reason=": ".join(filter(None, (self.bus, self._heard)))))

    def connection_told(self, what: str, detail: str) -> None:
        """Log what happened to the connection; the same error, over and over, only once in a while."""
        if what == "error":
            self._heard = detail
            if times := self._repeats.times("connection", detail):
                self.log.warning("connection", what=what, detail=detail, times=times)
            return
        self._heard = ""
        tell = self.log.warning if what == "disconnected" else self.log.info
        tell("connection", what=what, detail=detail, **self._over("connection"))

    def parts(self) -> list[tuple[str, str, Condition]]:
        """Return how each part of each book fares, sorted; may be asked from any thread."""
        known = sorted({*dict(self.conditions), *dict(self._begun)})  # copies, for the parts go on meanwhile
        fares = ((part, book, self._condition(part, book)) for part, book in known if _can_be(book))
        return [(part, book, condition) for part, book, condition in fares if condition is not None]

    def _condition(self, part: str, book: str) -> Condition | None:
        """Return how a part of a book fares; None when it has said nothing yet.

        A step that hangs cannot say so: that is worked out from when it began.
        """
        begun = self._begun.get((part, book))
        if begun is not None and (seconds := self._clock() - begun) >= HANGS_SECONDS:
            return condition_of(PartHangs(part=part, book=book, seconds=int(seconds)))
        return self.conditions.get((part, book))

    def begins(self, part: str, book: str) -> None:
        """Note that a part of a book begins a step."""
        self._begun[part, book] = self._clock()

    def hangs(self, part: str, book: str) -> None:
        """Log that the step of a part of a book has not ended, if that is so; `works` or `fails` says that it has."""
        condition = self._condition(part, book)
        if condition is not None and condition.code == PartHangs.code:
            self._say(part, book, condition)

    def ends(self, part: str, book: str) -> None:
        """Note that a part of a book has ended its step, whatever came of it."""
        self._begun.pop((part, book), None)

    def took(self, part: str, seconds: float) -> None:
        """Note how long a step took."""
        self._steps.labels(part).observe(seconds)

    def behind(self, part: str, book: str, count: int) -> None:
        """Note how much a part of a book has still to do."""
        if _can_be(book):
            self._lag.labels(part, book).set(count)

    def answered(self, book: str, answered: Answered) -> None:
        """Count answers to messages."""
        book = book if _can_be(book) else NO_BOOK
        self._messages.labels(book, "accepted").inc(answered.accepted)
        self._messages.labels(book, "known").inc(answered.known)
        for code, count in answered.refused.items():
            self._messages.labels(book, "refused").inc(count)
            self._refusals.labels(book, code).inc(count)
        if answered.position:
            self._written.labels(book).set(answered.position)
        self.log.info("messages", book=book, accepted=answered.accepted, known=answered.known, refused=answered.refused)

    def relayed(self, book: str, count: int, position: int) -> None:
        """Count published events."""
        self._published.labels(book).inc(count)
        self._relayed.labels(book).set(position)
        self.log.info("events", book=book, published=count, position=position)

    def reported(self, book: str, position: int) -> None:
        """Note the position of the reports in the bucket."""
        self._reported.labels(book).set(position)
        self.log.info("reports", book=book, position=position)

    def asked(self, question: str, outcome: str) -> None:
        """Count a question."""
        self._asked.labels(question, outcome).inc()

    def works(self, part: str, book: str) -> None:
        """Note that a part of a book works."""
        self._say(part, book, WELL)

    def fails(self, part: str, book: str, error: Exception) -> None:
        """Note why a part of a book does not work."""
        self._say(part, book, condition_of(error))

    def _is_ok(self, part: str, book: str) -> bool:
        return self._condition(part, book) == WELL

    def _over(self, subject: str) -> dict[str, int]:
        """Return how many errors of what is over now were not logged, if there were any."""
        held_back = self._repeats.over(subject)
        return {"errors_not_logged": held_back} if held_back else {}

    def _say(self, part: str, book: str, condition: Condition) -> None:
        if self.conditions.get((part, book)) == WELL == condition:
            return
        self.conditions[part, book] = condition
        if _can_be(book):
            self._ok.labels(part, book).set_function(partial(self._is_ok, part, book))
        subject = f"{part} {book}"
        told = {"part": part, "book": book, "state": condition.state}
        if condition.state == "ok":
            self.log.info("part", **told, **self._over(subject))
        elif times := self._repeats.times(subject, f"{condition.state} {condition.code} {condition.en}"):
            self.log.warning("part", **told, code=condition.code, reason=condition.en, times=times)


def condition_of(error: Exception) -> Condition:
    """Return how a part fares that met an error."""
    state: State = "stopped" if isinstance(error, STOPS) or not _is_known(error) else "waiting"
    if isinstance(error, Refusal | StoreFailure):
        return Condition(state, error.code, error.sentence("sv"), error.sentence("en"))
    return Condition(state, type(error).__name__, program_wrong("sv", error), program_wrong("en", error))


def _can_be(book: str) -> bool:
    """Tell whether there can be a book of this name; none at all stands for the service as a whole.

    Messages to any other name are refused, which is nothing that somebody who looks after the service could mend.
    """
    return not book or is_book_name(book)


def _is_known(error: Exception) -> bool:
    return isinstance(error, Refusal | StoreFailure | InvariantBroken)
