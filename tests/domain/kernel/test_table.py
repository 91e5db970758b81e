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
