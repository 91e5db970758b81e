"""Which accounts a layout's words mean, and the arithmetic of spans."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.selection import Selection, Spans, common, merged, parse_accounts, shown, without

SETS = {
    "income": "3000-3999",
    "cost-of-grants": "4000-4099",
    "results": "income cost-of-grants 8000",
    "round": "other",
    "other": "1000 round",
    "self": "self",
}

small = st.integers(0, 30)
spans = st.lists(st.tuples(small, small).map(lambda pair: (min(pair), max(pair))), max_size=5).map(tuple)


def numbers(some: Spans) -> set[int]:
    return {number for first, last in some for number in range(first, last + 1)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("1930", ((1930, 1930),)),
        ("1500-1699 1780", ((1500, 1699), (1780, 1780))),
        ("1780 1500-1699", ((1500, 1699), (1780, 1780))),
        ("1500-1599 1600-1699", ((1500, 1699),)),
        ("4000-7999 -7510", ((4000, 7509), (7511, 7999))),
        ("4000-7999 -7510-7599", ((4000, 7509), (7600, 7999))),
        ("results -income", ((4000, 4099), (8000, 8000))),
        ("4000-4999 -cost-of-grants", ((4100, 4999),)),
        ("income -income", ()),
        ("-1930 1930", ((1930, 1930),)),
    ],
)
def test_reads_numbers_ranges_sets_and_exclusions(text: str, expected: Spans) -> None:
    assert parse_accounts(text, SETS) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("unknown", "unknown"),
        ("1500-", "1500-"),
        ("-", ""),
        ("1999-1000", "1999-1000"),
        ("1000-1x", "1000-1x"),
        ("1000-2000-3000", "1000-2000-3000"),
        ("1930,1940", "1930,1940"),
        ("round", "round"),
        ("-self", "self"),
    ],
)
def test_refuses_a_word_that_means_nothing_or_goes_in_a_circle(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=r".*") as raised:
        parse_accounts(text, SETS)

    assert str(raised.value) == word


@given(spans, spans)
def test_spans_are_sets_of_numbers(some: Spans, others: Spans) -> None:
    assert numbers(merged((*some, *others))) == numbers(some) | numbers(others)
    assert numbers(without(some, others)) == numbers(some) - numbers(others)
    assert numbers(common(some, others)) == numbers(some) & numbers(others)


@given(spans, spans)
def test_spans_have_one_form(some: Spans, others: Spans) -> None:
    for result in (merged(some), without(some, others), common(some, others)):
        assert all(first <= last for first, last in result)
        assert all(before[1] + 1 < after[0] for before, after in pairwise(result))


@given(spans)
def test_what_is_shown_reads_back(some: Spans) -> None:
    assert parse_accounts(shown(merged(some)), {}) == merged(some)


@given(
    accounts=spans,
    projects=st.none() | st.frozensets(st.sampled_from(("", "a", "b"))),
    parties=st.none() | st.frozensets(st.sampled_from(("", "x", "y"))),
    named=st.none() | st.sampled_from(("project", "party", "account")),
    name=st.sampled_from(("a", "b", "x", "7")),
    posting=st.tuples(small, st.sampled_from(("", "a", "b")), st.sampled_from(("", "x", "y"))),
)
def test_a_selection_takes_what_each_of_its_parts_takes(
    accounts: Spans,
    projects: frozenset[str] | None,
    parties: frozenset[str] | None,
    named: str | None,
    name: str,
    posting: tuple[int, str, str],
) -> None:
    selection = Selection(accounts, projects, parties, named)  # type: ignore[arg-type]
    account, project, party = posting
    by_project = (projects is None or project in projects) and not (named == "project" and not project)
    by_party = (parties is None or party in parties) and not (named == "party" and not party)

    taken = selection.takes(*posting)

    assert taken == (account in numbers(accounts) and by_project and by_party)
    assert selection.takes_project(project) == by_project
    assert selection.only("project", name).takes(*posting) == (taken and project == name)
    assert selection.only("party", name).takes(*posting) == (taken and party == name)
    assert selection.only("account", "7").takes(*posting) == (taken and account == 7)
