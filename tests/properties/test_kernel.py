"""The kernel for any numbers: öre that are split are all there, tables are mappings, months add up, digits check."""

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.kernel.identity import is_organisation_number
from domain.kernel.money import MAX_ORE, divide, split
from domain.kernel.period import add_months, first_of_month, is_month_end, last_of_month, months_between
from domain.kernel.table import Table

ore = st.integers(-MAX_ORE, MAX_ORE)
weights = st.lists(st.integers(0, 10_000), min_size=1, max_size=12).filter(any)
days = st.dates(date(1900, 1, 1), date(2998, 12, 31))


@given(ore, weights)
def test_splits_an_amount_into_fair_parts_that_sum_to_it(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)

    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


@given(ore, weights)
def test_gives_nothing_to_who_has_no_weight(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)

    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


@given(ore, st.integers(1, 10_000))
def test_divides_to_the_nearest_whole(amount: int, divisor: int) -> None:
    quotient = divide(amount, divisor)
    exact = Fraction(amount, divisor)

    assert abs(quotient - exact) <= Fraction(1, 2)
    assert abs(quotient) >= abs(exact) or abs(quotient - exact) < Fraction(1, 2)
    assert divide(-amount, divisor) == -quotient


@given(days, st.integers(-600, 600))
def test_adds_months_there_and_back(day: date, months: int) -> None:
    first = first_of_month(day)
    index = first.year * 12 + first.month + months
    if not 12 * 2 < index < 12 * 9998:
        return

    moved = add_months(first, months)

    assert add_months(moved, -months) == first
    assert moved.day == 1
    assert moved.year * 12 + moved.month == index


@given(days)
def test_ends_each_month_on_its_last_day(day: date) -> None:
    assert last_of_month(day).day == monthrange(day.year, day.month)[1]
    assert is_month_end(day) == ((day + timedelta(days=1)).day == 1)


@given(days, st.integers(1, 600))
def test_counts_the_months_it_added(day: date, months: int) -> None:
    start = first_of_month(day)
    if (start.year * 12 + start.month + months) // 12 > 9998:
        return

    end = add_months(start, months) - timedelta(days=1)

    assert months_between(start, end) == months


@given(st.lists(st.integers(0, 9), min_size=9, max_size=9))
def test_accepts_exactly_one_check_digit(digits: list[int]) -> None:
    digits[2] = max(digits[2], 2)
    stem = "".join(map(str, digits))

    valid = [check for check in range(10) if is_organisation_number(f"{stem[:6]}-{stem[6:]}{check}")]

    assert len(valid) == 1


@given(st.integers(0, 8), st.integers(1, 9))
def test_notices_one_wrong_digit(place: int, added: int) -> None:
    digits = list("2220002733")
    digits[place] = str((int(digits[place]) + added) % 10)

    assert not is_organisation_number("".join(digits))


class TableMachine(RuleBasedStateMachine):
    """A table against a dictionary; every earlier version is looked at again at the end."""

    @initialize(rows=st.dictionaries(st.integers(0, 30), st.none() | st.integers(), max_size=8))
    def begin(self, rows: dict[int, int | None]) -> None:
        """Begin with some rows."""
        self.model = dict(rows)
        self.table = Table(rows)
        self.earlier: list[tuple[Table[int, int | None], dict[int, int | None]]] = []

    def keep(self) -> None:
        """Remember this version."""
        self.earlier.append((self.table, dict(self.model)))

    @rule(key=st.integers(0, 30), value=st.none() | st.integers())
    def put(self, key: int, value: int | None) -> None:
        """Put a row."""
        self.keep()
        self.table = self.table.put(key, value)
        self.model[key] = value

    @precondition(lambda self: bool(self.model))
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """Drop a row that is there."""
        key = data.draw(st.sampled_from(sorted(self.model)))
        self.keep()
        self.table = self.table.drop(key)
        del self.model[key]

    @rule(key=st.integers(0, 40))
    def drop_what_is_not_there(self, key: int) -> None:
        """Try to drop a row that may be missing."""
        if key in self.model:
            return
        try:
            self.table.drop(key)
        except KeyError:
            return
        raise AssertionError(key)

    @invariant()
    def is_the_same_mapping(self) -> None:
        """Compare every way of looking."""
        if not hasattr(self, "table"):
            return
        assert dict(self.table) == self.model
        assert sorted(self.table) == sorted(self.model)
        assert len(self.table) == len(self.model)
        assert [self.table.get(key, -1) for key in range(31)] == [self.model.get(key, -1) for key in range(31)]
        assert [key in self.table for key in range(31)] == [key in self.model for key in range(31)]

    def teardown(self) -> None:
        """Look at the earlier versions again."""
        for table, model in getattr(self, "earlier", []):
            assert dict(table) == model
            assert len(table) == len(model)


TestTable = TableMachine.TestCase
TestTable.settings = settings(max_examples=60, stateful_step_count=40)
