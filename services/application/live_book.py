"""A live book: its read model in memory, brought to the head of the book when it is asked, by any thread.

It answers as `queries.report` does, byte for byte. The command line uses one for a single question, a service keeps
one for each book it answers for.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from threading import Lock
from typing import TypeVar

from domain.catalogue import AnyEvent
from projections.report import Known, Question, needs_vouchers
from projections.table import Report
from services.application.latest import Latest, latest_date, latest_reports
from services.application.queries import (
    KnownAt,
    Layouts,
    PositionAhead,
    answer,
    book_layout,
    checked,
    facts_of,
    report,
    said,
    with_vouchers,
)
from services.application.read_models import KeptModel
from services.event_store.model_file import ModelFile, ModelUnusable
from services.event_store.store import BookStore

T = TypeVar("T")

ATTEMPTS = 2
"""With the read model as it is, and with one made anew; after that, without."""


class LiveBook:
    """Answers questions to one book from a read model; every method may be called from any thread."""

    def __init__(self, store: BookStore[AnyEvent], file: ModelFile | None = None) -> None:
        self.store = store
        self._file = file
        self._lock = Lock()
        self._kept: KeptModel | None = None

    def catch_up(self) -> int:
        """Bring the read model to the head of the book; return the position. Raises what reading the book raises."""
        return self._asked(self._position, self.store.head)

    def report(self, question: Question, known_at: KnownAt, layouts: Layouts) -> Report:
        """Return a report of the book as it stands; raises what `queries.report` raises."""
        checked(question)
        return self._asked(
            lambda: answer(self._known(question.name, known_at), question, layouts),
            lambda: report(self.store, question, known_at, layouts),
        )

    def latest(self, today: date, layouts: Layouts) -> Latest:
        """Return the latest reports of the book; raises what `report` raises."""

        def of(facts: Known) -> Latest:
            return latest_reports(facts, book_layout(facts, layouts), today)

        return self._asked(lambda: of(self._known("", None)), lambda: of(facts_of(self.store, None)))

    def latest_date(self, today: date) -> date:
        """Return the accounting date of the latest reports."""
        return self._asked(
            lambda: latest_date(self._known("", None).history, today),
            lambda: latest_date(facts_of(self.store, None).history, today),
        )

    def _asked(self, model: Callable[[], T], events: Callable[[], T]) -> T:
        """Return what the read model says; if it cannot be used, what one made anew says, and else the events."""
        for _ in range(ATTEMPTS):
            try:
                return model()
            except ModelUnusable:
                self._forget()
        return events()

    def _position(self) -> int:
        with self._lock:
            return self._caught_up().model.position

    def _known(self, name: str, known_at: KnownAt) -> Known:
        """Return what a report is made from; it stays what it is while the book goes on."""
        with self._lock:
            kept = self._caught_up()
            position = _position(kept, known_at)
            history = kept.model.history(max(position, 0))
        if needs_vouchers(name):
            return with_vouchers(self.store, known_at, history)
        return Known(book=self.store.name, known_at=said(known_at), history=history)

    def _caught_up(self) -> KeptModel:
        """Return the read model at the head of the book; only while the lock is held."""
        kept, self._kept = self._kept, None  # a failure halfway leaves nothing behind
        if kept is None:
            kept = KeptModel(self.store, self._file)
        kept.catch_up()
        self._kept = kept
        return kept

    def _forget(self) -> None:
        """Begin anew: without the read model, and without its file."""
        with self._lock:
            self._kept = None
            if self._file is not None:
                with suppress(ModelUnusable):
                    self._file.discard()
                    return
                self._file = None


def _position(kept: KeptModel, known_at: KnownAt) -> int:
    """Return the position up to which the book was known; raises PositionAhead."""
    model = kept.model
    if known_at is None:
        return model.position
    if isinstance(known_at, datetime):
        return model.position_at(known_at)
    if isinstance(known_at, date):
        return model.position_on(known_at)
    if known_at > model.position:
        raise PositionAhead(position=known_at, last=model.position)
    return known_at
