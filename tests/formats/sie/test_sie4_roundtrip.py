"""A book that goes out as SIE files and comes in again has the same balances, whatever its history."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.book import Book, evolve
from domain.books.voucher import VoucherId
from domain.catalogue import AnyEvent, voucher_of
from domain.decisions import decide
from domain.kernel.event import Command
from domain.kernel.refusal import Refusal
from projections.history import history_of
from services.formats.sie4_export import export_sie
from services.formats.sie4_reader import read_sie
from tests.builders import BY_ANNA, FOUNDING, a_year, recorded
from tests.formats.sie.files import Desk, balances
from tests.properties.commands import BEGINNING, any_command, person

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from domain.books.voucher import Voucher

LATER = date(2030, 1, 1)
Told = list[tuple[Command, str, int]]


def told(messages: Told) -> list[AnyEvent]:
    """Return the events of a book that was told the commands, each by somebody some days after the one before."""
    book, events, day = Book(), list[AnyEvent](), BY_ANNA.registered_on
    vouchers: dict[VoucherId, Voucher] = {}
    founding: Told = [(command, "Anna", 0) for command in (*FOUNDING, *BEGINNING)]
    for command, actor, later in founding + messages:
        day += timedelta(days=later)
        named = (getattr(command, field, None) for field in ("year", "series", "number"))
        try:
            made = decide(book, command, recorded(actor, registered_on=day), vouchers.get(VoucherId(*named)))  # type: ignore[arg-type]
        except Refusal:
            continue
        for event in made:
            book = evolve(book, event)
            events.append(event)
            if (voucher := voucher_of(event)) is not None:
                vouchers[voucher.id] = voucher
    return events


years = st.tuples(st.builds(a_year, year=st.sampled_from((2024, 2025))), person, st.integers(0, 100))
histories = st.lists(st.tuples(any_command, person, st.integers(0, 9)) | years, min_size=10, max_size=60).map(told)


@settings(max_examples=60)
@given(histories)
def test_import_of_an_export_gives_the_same_balances(events: list[AnyEvent]) -> None:
    before = history_of(events)
    desk = Desk(today=LATER)

    for year in sorted(before.years):
        data = export_sie(events, year).data
        made = desk.take(data)
        again = desk.take(data)

        assert not read_sie(data).findings
        assert not made.errors
        assert not [finding for finding in made.findings if finding.code.endswith("_differs")]
        assert (again.written, again.errors) == (0, ())
    after = desk.history()
    assert balances(after) == balances(before)
    assert {party: named.name for party, named in after.parties.items()} == {
        party: named.name for party, named in before.parties.items()
    }
    assert after.projects == before.projects


@settings(max_examples=20)
@given(histories)
def test_export_of_an_import_says_the_same(events: list[AnyEvent]) -> None:
    desk = Desk(today=LATER)
    first = export_sie(events, 2023).data
    desk.take(first)

    second = export_sie(desk.events(), 2023).data

    assert _balances_of(first) == _balances_of(second)
    assert len(read_sie(first).file.vouchers) == len(read_sie(second).file.vouchers)


def _balances_of(data: bytes) -> list[bytes]:
    labels = (b"#KONTO", b"#KTYP", b"#OBJEKT", b"#IB", b"#UB", b"#RES", b"#OIB", b"#OUB", b"#PSALDO")
    return [line for line in data.split(b"\r\n") if line.startswith(labels)]
