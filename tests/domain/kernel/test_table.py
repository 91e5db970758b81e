"""A table is a mapping that never changes; what it becomes shares with what it was."""

import pytest

from domain.kernel.table import Table


def test_is_a_mapping() -> None:
    table = Table({"a": 1}).put("b", 2)

    assert dict(table) == {"a": 1, "b": 2}
    assert table == {"a": 1, "b": 2}
    assert table == Table([("b", 2), ("a", 1)])
    assert (len(table), "a" in table, "c" in table, table.get("c")) == (2, True, False, None)
    assert repr(table) == "Table({'a': 1, 'b': 2})"


def test_keeps_what_it_was() -> None:
    before = Table({"a": 1})

    after = before.put("a", 2).put("b", 3).drop("a")

    assert before == {"a": 1}
    assert after == {"b": 3}


def test_forgets_what_is_dropped() -> None:
    table = Table({n: n for n in range(100)}).drop(5)

    assert 5 not in table
    assert len(table) == 99
    assert 5 not in list(table)
    with pytest.raises(KeyError):
        table[5]
    assert table.put(5, 6)[5] == 6


def test_cannot_drop_what_it_does_not_have() -> None:
    with pytest.raises(KeyError):
        Table[str, int]().drop("a")


def test_holds_nothing_as_a_value() -> None:
    table = Table({"a": None})

    assert "a" in table
    assert table["a"] is None


def test_needs_few_layers_for_many_rows() -> None:
    table = Table[int, int]()
    for number in range(2_000):
        table = table.put(number, number)

    assert len(table._layers) <= 11
    assert len(table) == 2_000


def test_is_the_same_when_it_was_laid_flat() -> None:
    table = Table({n: n for n in range(40)})
    for number in range(40, 60):
        table = table.put(number, number).drop(number - 40)
    beside, before = table.put(7, 70), dict(table)

    assert table.flat() == before
    assert table.flat() is table.flat()
    assert (dict(table), len(table), 7 in table, beside[7]) == (before, 40, False, 70)
    assert table.put(1, 2).flat() == before | {1: 2}
    assert table.drop(59).flat() == {key: value for key, value in before.items() if key != 59}
    assert table.flat() == before
    assert Table[int, int]().flat() == {}
    assert Table[int, int]().put(1, 1).drop(1).put(2, 2) == {2: 2}
