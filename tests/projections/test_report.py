"""A report is a pure function of prefix, day, layout and unit; what was known then is a prefix of the book."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue import AnyEvent, voucher_of
from projections.built_in import BUILT_IN
from projections.journal import entered
from projections.narrowing import Narrowing
from projections.report import Question, known, make_report, names, needs_vouchers, told_aside
from projections.table import Report, Unit
from services.application.queries import KnownAt, PositionAhead, prefix
from services.formats.as_csv import report_csv
from services.formats.as_json import report_json
from services.formats.as_text import report_text
from tests.ledger_text import events
from tests.projections.tables import layout_of

AS_OF = date(2023, 12, 31)
LAYOUT = layout_of("""
    [packs]
    annual = ["rr", "br"]
    [[table]]
    id = "rr"
    title = "RR {year}"
    is = "income-statement"
    columns = [{ label = "{as_of}" }, { label = "{year-1}", year = -1 }, { label = "B", source = "budget" }]
    lines = [{ id = "res", accounts = "3000-8999", sign = "-" }, { id = "p", each = "project", accounts = "4000-4999" }]
    [[table]]
    id = "br"
    title = "BR"
    unit = "tkr"
    columns = [{ label = "{as_of}" }]
    lines = [{ id = "bank", accounts = "1900-1999", measure = "closing" }]
""")
TEXT = """
    2023-01-31 Insats
        1930  1 000
        3985 -1 000
    2023-03-31 [2024-02-01] Sen kostnad
        4010    300  #insatsen
        1930   -300
"""


def asked(told: tuple[AnyEvent, ...], question: Question) -> Report | None:
    return make_report(known("bok", "now", told, vouchers=True), LAYOUT, question)


def made(told: tuple[AnyEvent, ...], question: Question) -> Report:
    report = asked(told, question)
    assert report is not None
    return report


@pytest.mark.parametrize("name", ["journal", "general-ledger"])
def test_a_list_of_a_series_that_no_voucher_has_says_so(name: str) -> None:
    def remarks(series: str, text: str | None = None, as_of: date = AS_OF) -> list[str]:
        only = Narrowing(series=series, text=text)
        report = made(events(TEXT), Question(name=name, as_of=as_of, only=only))
        assert told_aside(report) == report.tables[0].remarks
        return [remark.sentence("sv") for remark in report.tables[0].remarks]

    assert remarks("ZZ") == ["Ingen verifikation i serie ZZ var känd."]
    assert remarks("A") == remarks("A", "finns inte") == remarks("A", as_of=date(2023, 1, 1)) == []


def test_a_report_says_whose_it_is_and_when() -> None:
    report = made(events(TEXT), Question(name="annual", as_of=AS_OF))

    assert (report.book, report.association, report.as_of, report.known_at, report.position) == (
        "bok", "Förbundet", AS_OF, "now", 3,
    )  # fmt: skip
    assert [table.id for table in report.tables] == ["rr", "br"]


def test_a_report_of_an_empty_book_has_no_association() -> None:
    assert not made((), Question(name="annual", as_of=AS_OF)).association


@pytest.mark.parametrize("name", ["annual", "income-statement", "rr", "br", "journal", "general-ledger", *BUILT_IN])
def test_every_name_that_is_listed_gives_a_report(name: str) -> None:
    assert name in names(LAYOUT)
    assert made(events(TEXT), Question(name=name, as_of=AS_OF)).tables


@pytest.mark.parametrize("name", ["", "balance-sheet", "RR"])
def test_an_unknown_name_gives_none(name: str) -> None:
    assert asked(events(TEXT), Question(name=name, as_of=AS_OF)) is None


def test_names_are_listed_once() -> None:
    assert len(set(names(LAYOUT))) == len(names(LAYOUT))


def test_only_what_lists_vouchers_needs_them() -> None:
    assert needs_vouchers("journal")
    assert needs_vouchers("general-ledger")
    assert not any(needs_vouchers(name) for name in ("annual", "rr", *BUILT_IN))


@pytest.mark.parametrize(
    ("name", "unit", "printed"),
    [
        ("br", None, "1"), ("br", "tkr", "1"), ("br", "kr", "700"), ("br", "mnkr", "0"),
        ("trial-balance", None, "700.00"), ("trial-balance", "kr", "700.00"), ("trial-balance", "tkr", "1"),
    ],
)  # fmt: skip
def test_the_unit_may_be_another(name: str, unit: Unit | None, printed: str) -> None:
    (table,) = made(events(TEXT), Question(name=name, as_of=AS_OF, unit=unit)).tables

    assert table.amount(table.lines[0], -1) == printed
    assert unit in {None, table.unit}


def test_vouchers_are_kept_only_where_they_are_listed() -> None:
    told = events(TEXT)

    assert known("bok", "now", told).vouchers == ()
    assert [row.position for row in known("bok", "now", iter(told), vouchers=True).vouchers] == [
        row.position for row in entered(told)
    ]


@pytest.mark.parametrize("name", names(LAYOUT))
def test_the_same_question_gives_the_same_bytes(name: str) -> None:
    question = Question(name=name, as_of=AS_OF)

    one, other = (made(events(TEXT), question) for _ in range(2))

    assert report_text(one).encode() == report_text(other).encode()
    assert report_json(one) == report_json(other)
    assert report_csv(one) == report_csv(other)


# ------------------------------------------------------------------------------------------------- what was known


class Shelved:
    """A book in memory, as far as a question needs one."""

    name = "bok"

    def __init__(self, told: tuple[AnyEvent, ...]) -> None:
        self.told = told

    def head(self) -> int:
        """Return the last position."""
        return len(self.told)

    def events(self, after: int = 0, upto: int | None = None) -> Iterator[tuple[int, AnyEvent]]:
        """Iterate over positions and events."""
        yield from list(enumerate(self.told, 1))[after:upto]


def prefix_of(told: tuple[AnyEvent, ...], known_at: KnownAt) -> tuple[AnyEvent, ...]:
    return tuple(prefix(Shelved(told), known_at))  # type: ignore[arg-type] # only what prefix asks for


some_days = st.dates(date(2022, 11, 1), date(2024, 2, 28))


@st.composite
def books(draw: st.DrawFn) -> tuple[AnyEvent, ...]:
    """Draw a book whose vouchers are dated anywhere and registered in order."""
    rows = draw(st.lists(st.tuples(some_days, st.sampled_from((3985, 4010, 2440)), st.integers(1, 10**6)), max_size=8))
    late = sorted(draw(st.lists(some_days, min_size=len(rows), max_size=len(rows))))
    return events(
        "\n".join(
            f"{day} [{max(day, known_on)}] Rad\n{account} {kronor} #insatsen\n1930 -{kronor}"
            for (day, account, kronor), known_on in zip(rows, late, strict=True)
        )
    )


@given(books(), some_days)
def test_what_was_known_on_a_day_is_a_prefix(told: tuple[AnyEvent, ...], day: date) -> None:
    found = prefix_of(told, day)
    last_instant = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, microseconds=-1)

    assert found == told[: len(found)]
    assert all(event.recorded.registered_on <= day for event in found)
    assert all(event.recorded.registered_on > day for event in told[len(found) :])
    assert prefix_of(told, last_instant) == prefix_of(told, len(found)) == found
    assert prefix_of(told, None) == told


def test_a_position_beyond_the_book_is_refused() -> None:
    told = events(TEXT)

    assert prefix_of(told, 3) == told
    assert prefix_of(told, 0) == ()
    with pytest.raises(PositionAhead):
        prefix_of(told, 4)


@given(books(), st.integers(0, 9), some_days)
def test_a_report_as_known_then_is_a_replay_and_stays_what_it_was(
    told: tuple[AnyEvent, ...], position: int, as_of: date
) -> None:
    position = min(position, len(told))
    then, now = (
        known("bok", "x", told[:position], vouchers=True),
        known("bok", "x", prefix_of(told, position), vouchers=True),
    )

    for name in ("annual", "trial-balance", "general-ledger", "journal"):
        question = Question(name=name, as_of=as_of)
        before = make_report(then, LAYOUT, question)
        for event in told[position:]:  # learning more afterwards, in another history, changes nothing
            known("bok", "x", (*told[:position], event))
        assert make_report(now, LAYOUT, question) == before == make_report(then, LAYOUT, question)


def test_learning_more_changes_what_is_known_now_but_not_what_was_known() -> None:
    told = events(TEXT)
    then = made(prefix_of(told, date(2024, 1, 31)), Question(name="br", as_of=AS_OF, unit="kr"))
    now = made(told, Question(name="br", as_of=AS_OF, unit="kr"))

    assert [report.table("br").amount(report.table("br").line("bank"), 0) for report in (then, now)] == ["1000", "700"]
    assert [voucher_of(event) is not None for event in told] == [False, True, True]
