"""The ledger against a plain list of postings."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from projections.ledger import Key, Ledger, ledger_of
from projections.selection import Selection
from tests.ledger_text import books

START = date(2023, 1, 1)
Row = tuple[date, Key, int]

days = st.integers(0, 40).map(lambda number: START + timedelta(days=number))
keys = st.builds(Key, st.sampled_from((1930, 1940, 3985, 4010)), st.sampled_from(("", "p")), st.sampled_from(("", "q")))
rows = st.lists(st.tuples(days, keys, st.integers(-1000, 1000)), max_size=25)
selections = st.builds(
    Selection,
    st.sampled_from((((1900, 1999),), ((3000, 4999),), ((1940, 3985),), (), ((1930, 1930), (4010, 4010)))),
    st.none() | st.frozensets(st.sampled_from(("", "p"))),
    st.none() | st.frozensets(st.sampled_from(("", "q"))),
)


def naive(some: list[Row], selection: Selection, first: date, last: date) -> int:
    return sum(amount for day, key, amount in some if selection.takes(*key) and first <= day <= last)


@given(rows, rows, selections, days, days)
def test_answers_as_a_plain_list_of_postings_does(
    some: list[Row], more: list[Row], selection: Selection, start: date, end: date
) -> None:
    ledger = ledger_of(some)

    assert ledger.balance(selection, end) == naive(some, selection, date.min, end)
    assert ledger.keys(selection) == tuple(sorted({key for _, key, _ in some if selection.takes(*key)}))

    for row in more:  # what is posted after a question is in the next answer
        ledger.post(*row)

    assert ledger.balance(selection, end) == naive(some + more, selection, date.min, end)
    assert ledger.movement(selection, start, end) == naive(some + more, selection, date.min, end) - naive(
        some + more, selection, date.min, start - timedelta(days=1)
    )
    assert ledger.keys(selection) == tuple(sorted({key for _, key, _ in some + more if selection.takes(*key)}))


@given(rows)
def test_its_rows_are_the_sums_by_day_and_key(some: list[Row]) -> None:
    sums: dict[tuple[date, Key], int] = {}
    for day, key, amount in some:
        sums[day, key] = sums.get((day, key), 0) + amount

    assert {(day, key): amount for day, key, amount in ledger_of(some).rows()} == sums


@given(rows)
def test_the_order_of_postings_does_not_matter(some: list[Row]) -> None:
    everything = Selection(((0, 9999),))

    forth, back = ledger_of(some), ledger_of(list(reversed(some)))

    assert forth.keys(everything) == back.keys(everything)
    assert all(forth.balance(everything, day) == back.balance(everything, day) for day, _, _ in some)


def test_knows_nothing_before_the_first_posting() -> None:
    ledger = Ledger()
    ledger.post(START, Key(1930, "", ""), 100)

    assert ledger.at(Key(1930, "", ""), START - timedelta(days=1)) == 0
    assert ledger.at(Key(1930, "", ""), START) == 100


def test_takes_the_dimensions_from_the_voucher() -> None:
    ledger = books("""
        2023-01-31 Bidrag
            4010  300  #insatsen
            2440 -300  @utforaren
        2023-01-31 Avgift
            6570  20
            1930 -20
    """).ledger

    assert ledger.keys(Selection(((0, 9999),))) == (
        Key(1930, "", ""),
        Key(2440, "", "utforaren"),
        Key(4010, "insatsen", ""),
        Key(6570, "", ""),
    )
