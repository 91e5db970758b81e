"""What holds after any history: it balances, its numbers have no gap, its replay and its bytes are stable."""

from collections import Counter
from datetime import timedelta
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.book import Book, evolve
from domain.books.voucher import Voucher, VoucherId
from domain.catalogue import COMMANDS, AnyEvent, voucher_of
from domain.decisions import decide
from domain.kernel.event import Command, Recorded
from domain.kernel.refusal import Refusal
from tests.builders import BY_ANNA, FOUNDING, recorded
from tests.properties.commands import BEGINNING, STRATEGIES, any_command, person

pytestmark = pytest.mark.slow

DECODER: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
WITH_FEW = settings(max_examples=60)


class History(NamedTuple):
    """What was told, what happened, and the state before the first and after each event."""

    told: list[Recorded]
    events: list[AnyEvent]
    states: list[Book]
    refusals: list[Refusal]

    @property
    def vouchers(self) -> list[Voucher]:
        """Return the vouchers in order."""
        return [voucher for event in self.events if (voucher := voucher_of(event)) is not None]


def run(messages: list[tuple[Command, str, int]]) -> History:
    """Tell an association's book the commands: each by somebody, some days after the one before."""
    history = History([], [], [Book()], [])
    vouchers: dict[VoucherId, Voucher] = {}
    day = BY_ANNA.registered_on
    founding = [(command, "Anna", 0) for command in (*FOUNDING, *BEGINNING)]
    for number, (command, actor, later) in enumerate(founding + messages):
        day += timedelta(days=later)
        by = recorded(actor, registered_on=day, message_id=f"m-{number}")
        named = (getattr(command, field, None) for field in ("year", "series", "number"))
        try:
            events = decide(history.states[-1], command, by, vouchers.get(VoucherId(*named)))  # type: ignore[arg-type]
        except Refusal as refusal:
            history.refusals.append(refusal)
            continue
        for event in events:
            history.told.append(by)
            history.events.append(event)
            history.states.append(evolve(history.states[-1], event))
        vouchers |= {voucher.id: voucher for event in events if (voucher := voucher_of(event)) is not None}
    return history


histories = st.lists(st.tuples(any_command, person, st.integers(0, 3)), min_size=20, max_size=80).map(run)


@WITH_FEW
@given(histories)
def test_balances_every_voucher_and_the_whole_history(history: History) -> None:
    assert all(sum(voucher.amounts_ore) == 0 for voucher in history.vouchers)
    assert all(len(voucher.amounts_ore) >= 2 and 0 not in voucher.amounts_ore for voucher in history.vouchers)
    assert sum(amount for voucher in history.vouchers for amount in voucher.amounts_ore) == 0


@WITH_FEW
@given(histories)
def test_numbers_vouchers_without_a_gap(history: History) -> None:
    count: Counter[tuple[int, str]] = Counter()
    for voucher in history.vouchers:
        count[voucher.year, voucher.series] += 1
        assert voucher.number == count[voucher.year, voucher.series]

    assert dict(history.states[-1].journal.numbers) == count


@WITH_FEW
@given(histories)
def test_comes_to_the_same_state_by_replay(history: History) -> None:
    book = Book()
    for position, (event, state) in enumerate(zip(history.events, history.states, strict=False)):
        assert book == state  # so a refusal, or a later event, has changed nothing in an earlier state
        assert book.position == position
        book = evolve(book, DECODER.decode(msgspec.json.encode(event)))

    assert book == history.states[-1]


@WITH_FEW
@given(histories)
def test_reads_the_bytes_it_writes(history: History) -> None:
    for event in history.events:
        stored = msgspec.json.encode(event)

        assert DECODER.decode(stored) == event
        assert msgspec.json.encode(DECODER.decode(stored)) == stored


@WITH_FEW
@given(histories)
def test_keeps_who_told_it_in_the_order_it_was_told(history: History) -> None:
    kept = [event.recorded for event in history.events]

    assert [msgspec.structs.replace(by, warnings=()) for by in kept] == history.told
    assert [by.registered_on for by in kept] == sorted(by.registered_on for by in kept)


@WITH_FEW
@given(histories)
def test_lets_nothing_owed_agreed_or_granted_go_below_zero(history: History) -> None:
    for book in history.states:
        assert all(invoice.owed_ore >= 0 for invoice in book.membership.invoices.values())
        assert all(payable.owed_ore >= 0 for payable in book.payables.invoices.values())
        assert all(invoice.owed_ore >= 0 for invoice in book.receivables.values())
        assert all(agreed.invoiced_ore() >= 0 for agreed in book.membership.agreements.values())
        assert all(agreed.invoiced_ore() <= agreed.amount_ore for agreed in book.membership.agreements.values())
        for grant in book.grants.values():
            assert min((*grant.granted.values(), *grant.claimed.values()), default=0) >= 0


@WITH_FEW
@given(histories)
def test_dates_nothing_into_what_was_closed(history: History) -> None:
    for book, event in zip(history.states, history.events, strict=False):
        voucher = voucher_of(event)
        if voucher is not None:
            year = book.journal.years[voucher.year]
            assert year.start <= voucher.accounting_date <= year.end
            assert not year.closed
            assert voucher.series == "S" or year.closed_through is None or voucher.accounting_date > year.closed_through


@WITH_FEW
@given(histories)
def test_leaves_no_income_or_cost_in_a_closed_year(history: History) -> None:
    journal = history.states[-1].journal
    for name, year in journal.years.items():
        vouchers = [voucher for voucher in history.vouchers if voucher.year == name]
        rows = [row for voucher in vouchers for row in voucher.postings]
        result_ore = sum(row.amount_ore for row in rows if 3000 <= row.account <= 8998)
        moved_ore = sum(row.amount_ore for row in rows if row.account == 8999)
        assert moved_ore == (-result_ore if year.closed else 0)


@WITH_FEW
@given(histories)
def test_says_why_it_refuses_in_both_languages(history: History) -> None:
    for refusal in history.refusals:
        assert refusal.sentence("sv") != refusal.sentence("en")
        assert all(isinstance(fact, str | int | tuple) for fact in refusal.facts.values())


def test_draws_every_command_of_the_catalogue() -> None:
    assert set(STRATEGIES) == set(COMMANDS.values())
