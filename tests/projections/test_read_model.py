"""The read model's columns against a ledger that was folded, over blocks and trees that are small enough to be many."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections import postings, prefix_ledger
from projections.block import block_from, empty_block
from projections.cube import cube_from, cube_of
from projections.ledger import Key, Ledger
from projections.postings import Outline, Place, Postings, node_from, outline_of_nothing
from projections.prefix_ledger import PrefixLedger
from projections.selection import Selection
from projections.skim import SkimmedRecorded, SkimmedVoucher, instant_of

START = date(2023, 1, 1)
Told = tuple[int, int, list[tuple[Key, int]]]
"""Days until it was registered, the day it is dated, and its postings."""

keys = st.builds(Key, st.sampled_from((1930, 1940, 3985, 4010)), st.sampled_from(("", "p")), st.sampled_from(("", "q")))
told = st.tuples(st.integers(0, 2), st.integers(0, 30), st.lists(st.tuples(keys, st.integers(-1000, 1000)), max_size=5))
books = st.lists(told, max_size=60)
selections = st.builds(
    Selection,
    st.sampled_from((((1900, 1999),), ((3000, 4999),), ((1940, 3985),), (), ((1930, 1930), (4010, 4010)))),
    st.none() | st.frozensets(st.sampled_from(("", "p"))),
    st.none() | st.frozensets(st.sampled_from(("", "q"))),
    st.sampled_from((None, "account", "project", "party")),
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postings, "FULL", 4)
    monkeypatch.setattr(postings, "FANOUT", 2)
    monkeypatch.setattr(prefix_ledger, "KEPT_BALANCES", 5)


def registered(book: list[Told]) -> Iterator[date]:
    day = START
    for later, _, _ in book:
        day += timedelta(days=later)
        yield day


def instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def take(into: Postings, book: list[Told]) -> None:
    """Tell the postings of a book, from the position they have come to."""
    for (_, dated, rows), day in list(zip(book, registered(book), strict=True))[into.position :]:
        recorded = SkimmedRecorded(str(day), instant(day).isoformat())
        columns = tuple(zip(*((*key, amount) for key, amount in rows), strict=True)) or ((), (), (), ())
        accounts, projects, parties, amounts = columns
        voucher = SkimmedVoucher(str(START + timedelta(days=dated)), accounts, amounts, projects, parties)
        into.take(recorded, voucher if rows else None)


def columns_of(book: list[Told]) -> Postings:
    made = Postings(outline_of_nothing())
    take(made, book)
    return made


def ledger_of(book: list[Told]) -> Ledger:
    ledger = Ledger()
    for _, dated, rows in book:
        for key, amount in rows:
            ledger.post(START + timedelta(days=dated), key, amount)
    return ledger


@given(books, st.lists(st.tuples(selections, st.integers(-2, 32)), min_size=2, max_size=8))
def test_answers_the_same_again_and_keeps_few_balances(book: list[Told], asked: list[tuple[Selection, int]]) -> None:
    read, folded = PrefixLedger(columns_of(book), len(book)), ledger_of(book)

    for selection, dated in (*asked, *asked):
        day = START + timedelta(days=dated)
        assert read.balance(selection, day) == folded.balance(selection, day)
        assert [read.account_at(account, day) for account in read.accounts()] == [
            folded.account_at(account, day) for account in folded.accounts()
        ]
        assert len(read._balances) <= prefix_ledger.KEPT_BALANCES


@given(books, st.integers(0, 60), selections, st.integers(-2, 32))
def test_answers_as_the_folded_prefix_does(book: list[Told], position: int, selection: Selection, dated: int) -> None:
    position, day = min(position, len(book)), START + timedelta(days=dated)
    read, folded = PrefixLedger(columns_of(book), position), ledger_of(book[:position])

    assert read.keys(selection) == folded.keys(selection)
    assert read.accounts() == folded.accounts()
    assert read.balance(selection, day) == folded.balance(selection, day)
    assert read.movement(selection, START, day) == folded.movement(selection, START, day)
    for account in folded.accounts():
        assert read.account_at(account, day) == folded.account_at(account, day)
    assert sorted(read.rows()) == sorted(folded.rows())
    for key in read.keys(Selection(((0, 9999),))):
        assert read.at(key, day) == folded.at(key, day)
    for unknown in {key for _, _, rows in book[position:] for key, _ in rows} - set(read.keys(Selection(((0, 9999),)))):
        with pytest.raises(KeyError):
            read.at(unknown, day)


@given(books, st.integers(0, 60))
def test_what_was_known_stays_while_the_book_goes_on(book: list[Told], position: int) -> None:
    position = min(position, len(book))
    columns = columns_of(book[:position])
    before = PrefixLedger(columns, position)

    take(columns, book)

    assert sorted(before.rows()) == sorted(ledger_of(book[:position]).rows())
    assert before.accounts() == ledger_of(book[:position]).accounts()


@given(books, st.integers(-1, 70))
def test_finds_what_was_known_on_a_day_and_at_an_instant(book: list[Told], days: int) -> None:
    day = START + timedelta(days=days)
    expected = sum(on <= day for on in registered(book))
    columns = columns_of(book)

    assert columns.known_on(day.toordinal()) == expected
    assert columns.known_at(instant_of(instant(day).isoformat())) == expected
    assert columns.known_at(instant_of(instant(day).isoformat()) - 1) == sum(on < day for on in registered(book))
    last = list(registered(book))[:expected]
    assert columns.registered_by(expected) == (last[-1].toordinal() if last else None)


@given(books, st.integers(0, 60), st.integers(0, 60))
def test_is_the_same_from_its_bytes_and_goes_on_from_there(book: list[Told], saved: int, position: int) -> None:
    saved, position = min(saved, len(book)), min(position, len(book))
    first = columns_of(book[:saved])
    stored = {place: first.node(place).parts() for place in first.unsaved}
    outline = first.outline
    copy = Outline(
        ends=outline.ends[:],
        through_days=outline.through_days[:],
        through_instants=outline.through_instants[:],
        keys=list(outline.keys),
        first_positions=outline.first_positions[:],
        growing=block_from(outline.growing.parts()),
    )

    second = Postings(copy, saved, stored.__getitem__)
    take(second, book)

    whole = columns_of(book)
    assert sorted(PrefixLedger(second, position).rows()) == sorted(PrefixLedger(whole, position).rows())
    assert [second.node(place).parts() for place in whole.unsaved] == [
        whole.node(place).parts() for place in whole.unsaved
    ]
    assert second.unsaved == whole.unsaved[len(stored) :]


def test_releases_what_can_be_fetched() -> None:
    columns = columns_of([(1, 1, [(Key(1930, "", ""), 100)] * 4)] * 4)
    stored = {place: columns.node(place).parts() for place in columns.unsaved}
    fetched: list[Place] = []

    def fetch(place: Place) -> tuple[bytes, ...]:
        fetched.append(place)
        return stored[place]

    columns.saved(fetch, release=True)

    assert columns.unsaved == []
    assert PrefixLedger(columns, 4).account_at(1930, date(2023, 12, 31)) == 1600
    assert fetched == [(2, 0)]


def test_a_node_that_was_never_made_is_not_invented() -> None:
    with pytest.raises(KeyError):
        columns_of([]).node((0, 0))


def test_columns_that_do_not_fit_each_other_are_refused() -> None:
    cube = cube_of([(1, {1: 5, 2: 6})])
    groups, starts, days, sums = cube.parts()

    assert cube_from(cube.parts()).at(1, 2) == 11
    for broken in ((groups, starts, days, sums[:8]), (groups[:0], starts, days, sums), (groups, starts, days)):
        with pytest.raises(ValueError, match=r"fit|shorter"):
            cube_from(broken)
    with pytest.raises(ValueError, match="fit"):
        block_from((b"\0" * 4, *empty_block().parts()[1:]))
    with pytest.raises(ValueError, match="multiple"):
        block_from((b"\0" * 3, *empty_block().parts()[1:]))
    assert node_from(cube.parts()).block is None


def test_an_amount_beyond_the_columns_is_an_overflow() -> None:
    with pytest.raises(OverflowError):
        columns_of([(0, 0, [(Key(1930, "", ""), 2**63)])])
    with pytest.raises(OverflowError):
        columns_of([(0, 0, [(Key(1930, "", ""), 2**62)])] * 4)
