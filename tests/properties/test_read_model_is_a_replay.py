"""Whatever the history: every report from the read model is the report from the events, as known at any moment.

The read model is saved and opened again between parts of the history, its blocks are tiny, and its tree is deep.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalogue import AnyEvent
from domain.kernel.refusal import Refusal
from projections import postings
from projections.history import history_of
from projections.report import Question, known, make_report, names, needs_vouchers
from services.application import queries, read_models
from services.application.layouts import layout_for
from services.application.live_book import LiveBook
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.model_file import ModelFile
from services.event_store.shelves import open_shelf
from services.event_store.store import BookStore
from tests.contracts.conftest import postgres_database  # noqa: F401 - a fixture
from tests.properties.test_any_history import History, histories
from tests.services.places import in_postgres, remove

pytestmark = pytest.mark.slow

LAYOUT = layout_for("standard", "bas")
REPORTS = names(LAYOUT)
MAPPER = catalogue_mapper()


@pytest.fixture(autouse=True)
def small_and_always_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postings, "FULL", 6)
    monkeypatch.setattr(postings, "FANOUT", 2)
    monkeypatch.setattr(read_models, "WORTH_SAVING", 1)
    monkeypatch.setattr(read_models, "SAVED_AT_A_TIME", 10)


@pytest.fixture(scope="module", params=["memory", pytest.param("postgres", marks=pytest.mark.server)])
def place(request: pytest.FixtureRequest) -> str:
    """Name a place for books: none, or a database."""
    return str(request.getfixturevalue("postgres_database")) if request.param == "postgres" else "memory:"


@contextmanager
def a_book(place: str) -> Iterator[tuple[BookStore[AnyEvent], Path]]:
    """Make an empty book, always of the same name, and a place for its read model."""
    if in_postgres(place):
        remove(place, "bok")
    with TemporaryDirectory() as folder, open_shelf(place, MAPPER) as shelf:
        yield shelf.create("bok"), Path(folder) / "bok.ledger"


def of_the_events(events: list[AnyEvent], question: Question, known_at: queries.KnownAt) -> object:
    """Return the report by the plainest way there is: whole events, folded one by one."""
    try:
        facts = known("bok", queries.said(known_at), events, vouchers=needs_vouchers(question.name))
        return make_report(facts, LAYOUT, question)
    except Refusal as refusal:
        return refusal.code


def known_then(events: list[AnyEvent], known_at: queries.KnownAt) -> list[AnyEvent]:
    """Return the events that were known, looked through one by one."""
    if isinstance(known_at, int):
        return events[:known_at]
    if isinstance(known_at, datetime):
        return [event for event in events if event.recorded.recorded_at <= known_at]
    return [event for event in events if known_at is None or event.recorded.registered_on <= known_at]


@st.composite
def moments(draw: st.DrawFn, events: list[AnyEvent]) -> queries.KnownAt:
    """Draw now, a position, or a day or an instant at which something was registered."""
    event = draw(st.sampled_from(events))
    choices: tuple[queries.KnownAt, ...] = (
        None,
        draw(st.integers(1, len(events))),
        event.recorded.registered_on,
        event.recorded.recorded_at,
    )
    return draw(st.sampled_from(choices))


@settings(max_examples=40)
@given(histories, st.data())
def test_every_report_is_the_one_a_replay_gives(place: str, history: History, data: st.DataObject) -> None:
    events = history.events
    cuts = sorted(data.draw(st.lists(st.integers(1, len(events)), max_size=4)))
    with a_book(place) as (store, file):
        for start, end in zip((0, *cuts), (*cuts, len(events)), strict=True):
            store.append(events[start:end], after=start)
            assert LiveBook(store, ModelFile(file)).catch_up() == end  # each opens what the one before saved
        live = LiveBook(store, ModelFile(file))
        for _ in range(3):
            known_at = data.draw(moments(events))
            as_of = data.draw(st.dates(date(2022, 12, 1), date(2025, 1, 31)))
            for name in REPORTS:
                question = Question(name=name, as_of=as_of)
                expected = of_the_events(known_then(events, known_at), question, known_at)
                assert live.report(question, known_at, queries.Layouts()) == expected
                assert queries.report(store, question, known_at, queries.Layouts()) == expected
        assert file.is_file()


@settings(max_examples=40)
@given(histories, st.data())
def test_the_history_is_the_one_a_replay_gives(place: str, history: History, data: st.DataObject) -> None:
    events = history.events
    position = data.draw(st.integers(1, len(events)))
    with a_book(place) as (store, file):
        store.append(events, after=0)
        kept = read_models.KeptModel(store, ModelFile(file))
        kept.catch_up()
        for made in (
            kept.model.history(position),
            queries.replayed(store, position),
            queries.facts_of(store, position).history,
        ):
            folded = history_of(events[:position])
            mine, others = ({**vars(one)} for one in (made, folded))
            ledgers = [sorted(one.pop("ledger").rows()) for one in (mine, others)]
            assert ledgers[0] == ledgers[1]
            assert mine.pop("_entered") is not others.pop("_entered")
            assert mine == others


@settings(max_examples=20)
@given(histories, st.data())
def test_a_live_book_follows_its_book(place: str, history: History, data: st.DataObject) -> None:
    """The same one is asked while the book grows, and no answer is behind."""
    events, after = history.events, 0
    question = Question(name="trial-balance", as_of=date(2024, 6, 30))
    with a_book(place) as (store, _):
        live = LiveBook(store)
        while after < len(events):
            end = data.draw(st.integers(after + 1, len(events)))
            store.append(events[after:end], after=after)
            after = end
            made = live.report(question, None, queries.Layouts())
            assert made == of_the_events(events[:after], question, None)
            assert made.position == after
