"""What holds over several years of closings and reopenings, whatever is posted between them, late or corrected."""

from collections import Counter
from datetime import date
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain.book import Book, evolve
from domain.books.accrual import AccrualReversed, AccrueItem, ItemAccrued, ReverseAccrual, SetRecurringAccrual
from domain.books.fiscal_year import ClosePeriod, OpenFiscalYear, PeriodClosed, ReopenPeriod
from domain.books.manual import CorrectVoucher, PostVoucher
from domain.books.voucher import Voucher, VoucherId
from domain.books.year_end import CloseYear, YearClosed
from domain.catalogue import AnyEvent, voucher_of
from domain.decisions import decide
from domain.kernel.event import Command
from domain.kernel.money import divide
from domain.kernel.period import ONE_DAY, last_of_month
from domain.kernel.refusal import Refusal
from domain.membership.facts import AccrueContributions, AgreeContribution, ContributionsAccrued
from projections.built_in import trial_balance
from projections.history import History, history_of
from tests.builders import FOUNDING, WAIVED, a_contribution, a_contribution_invoice, a_year, lines, recorded

pytestmark = pytest.mark.slow

YEARS = (2023, 2024, 2025)
MEMBERS = {"staten": (12_000_01, 3985), "regionen": (6_000_00, 3988), "kommunen": (5_999_99, 3987)}
WAIVERS = tuple(waiver for waiver in WAIVED if waiver.point != "accruals_reversed")
AGREED: tuple[AgreeContribution, ...] = tuple(
    a_contribution(party=party, year=year, amount_ore=ore) for year in YEARS for party, (ore, _) in MEMBERS.items()
)
DECODER: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
OVER_YEARS = settings(max_examples=60)

Days = dict[int, tuple[date | None, Counter[int]]]


class Told(NamedTuple):
    """Everything that happened, and the book after each event and after each message."""

    events: list[AnyEvent]
    states: list[Book]
    answered: list[Book]

    @property
    def vouchers(self) -> list[Voucher]:
        """Return the vouchers in order."""
        return [voucher for event in self.events if (voucher := voucher_of(event)) is not None]

    def tell(self, command: Command) -> bool:
        """Tell the book a command; a refusal changes nothing."""
        original = None
        if isinstance(command, CorrectVoucher):
            named = VoucherId(command.year, command.series, command.number)
            original = next((voucher for voucher in self.vouchers if voucher.id == named), None)
        try:
            events = decide(self.states[-1], command, recorded(), original)
        except Refusal:
            return False
        for event in events:
            self.events.append(event)
            self.states.append(evolve(self.states[-1], event))
        self.answered.append(self.states[-1])
        return True

    def end(self) -> None:
        """Close every year in order, as an accountant would who wants to go home."""
        for year in YEARS:
            self.tell(a_year(year=year))
        for year in YEARS:
            for name, waiting in self.states[-1].accruals.items():
                if waiting is not None and waiting.reverse_on.year == year:
                    self.tell(ReverseAccrual(accrual=name))
            if not self.tell(CloseYear(year=year, waivers=WAIVERS)):
                self.tell(
                    ReopenPeriod(year=year + 1, opened_from=date(year + 1, 1, 1), reason="Åter", second_signer="Bo")
                )
                self.tell(CloseYear(year=year, waivers=WAIVERS))


months = st.builds(date, st.sampled_from((2023, 2023, *YEARS)), st.sampled_from((1, 3, 6, 11, 12)), st.just(1))
month_ends = months.map(last_of_month)
days = st.builds(
    date, st.sampled_from((2023, 2023, *YEARS)), st.sampled_from((1, 3, 6, 11, 12)), st.sampled_from((1, 15, 28))
)
ore = st.integers(1, 400_00)
names = st.sampled_from(("a", "b", "c", "d"))

something: SearchStrategy[Command] = st.one_of(
    st.builds(
        lambda day, amount, account: PostVoucher(
            accounting_date=day, text="Text", lines=lines((account, amount), (2890, -amount))
        ),
        days,
        ore,
        st.sampled_from((5010, 8300, 1610, 2081)),
    ),
    st.builds(
        lambda day, amount, party, year, number: a_contribution_invoice(
            party=party, year=year, invoice=str(number), invoice_date=day, due_date=day, amount_ore=amount
        ),
        days,
        st.integers(1, 3_000_00),
        st.sampled_from(sorted(MEMBERS)),
        st.sampled_from(YEARS),
        st.integers(1, 99),
    ),
    st.builds(
        lambda name, end, amount, kind: AccrueItem(
            accrual=name, kind=kind, account=5010, amount_ore=amount, period_end=end, text="Text"
        ),
        names,
        month_ends,
        ore,
        st.sampled_from(("accrued-cost", "prepaid-cost")),
    ),
    st.builds(AccrueContributions, accrual=names, period_end=month_ends),
    st.builds(ReverseAccrual, accrual=names),
    st.builds(
        lambda kind, first, last, amount: SetRecurringAccrual(
            accrual="regel",
            kind=kind,
            account=5010,
            monthly_ore=amount,
            first_month=first,
            last_month=last,
            text="Regel",
        ),
        st.sampled_from(("accrued-cost", "prepaid-cost")),
        months,
        months,
        ore,
    ),
    st.builds(
        lambda year, number: CorrectVoucher(year=year, series="A", number=number, reason="Fel"),
        st.sampled_from(YEARS),
        st.integers(1, 4),
    ),
)
closings: SearchStrategy[Command] = st.one_of(
    month_ends.map(lambda end: ClosePeriod(year=end.year, through=end, waivers=WAIVERS)),
    month_ends.map(lambda end: ClosePeriod(year=end.year, through=end, waivers=WAIVERS)),
    months.map(lambda day: ReopenPeriod(year=day.year, opened_from=day, reason="Glömd", second_signer="Bo")),
    st.sampled_from(YEARS).map(lambda year: CloseYear(year=year, waivers=WAIVERS)),
    st.sampled_from(YEARS[1:]).map(
        lambda year: OpenFiscalYear(year=year, start=date(year, 1, 1), end=date(year, 12, 31))
    ),
)


def run(commands: list[Command]) -> Told:
    """Tell a new association's book the commands, and close what is left open."""
    told = Told([], [Book()], [])
    for command in (*FOUNDING, *AGREED, *commands):
        told.tell(command)
    told.end()
    return told


histories = st.lists(st.one_of(something, something, closings), min_size=25, max_size=60).map(run)


def balances(history: History, year: int, column: int) -> dict[int, int]:
    """Return the opening (0) or closing (2) balances of a year as the trial balance has them, by balance account."""
    table = trial_balance(history, date(year, 12, 31), "sv")
    rows = {int(line.id): int(line.cells[column].amount_ore or 0) for line in table.lines if line.kind == "item"}
    return {account: amount for account, amount in rows.items() if amount and account < 3000}


def by_account(vouchers: list[Voucher]) -> Counter[int]:
    """Return the sum of each account, of all but the year's end itself."""
    sums: Counter[int] = Counter()
    for voucher in vouchers:
        if voucher.series != "S":
            for row in voucher.postings:
                sums[row.account] += row.amount_ore
    return sums


@OVER_YEARS
@given(histories)
def test_can_always_be_closed_in_the_end(told: Told) -> None:
    journal = told.states[-1].journal

    assert {year: row.closed for year, row in journal.years.items()} == dict.fromkeys(YEARS, True)
    assert not [
        name for name, row in told.states[-1].accruals.items() if row is not None and row.reverse_on.year < 2026
    ]


@OVER_YEARS
@given(histories)
def test_opens_each_year_with_what_the_year_before_closed_with(told: Told) -> None:
    history = history_of(told.events)

    for year in YEARS[:-1]:
        closing = balances(history, year, 2)
        assert balances(history, year + 1, 0) == closing
        assert sum(closing.values()) == 0  # because equity holds the result


@OVER_YEARS
@given(histories)
def test_carries_the_result_of_each_year_to_equity(told: Told) -> None:
    history = history_of(told.events)
    equity_ore = {year: -balances(history, year, 2).get(2099, 0) for year in YEARS}
    results = {event.year: event.result_ore for event in told.events if isinstance(event, YearClosed)}

    assert equity_ore == {year: sum(results[name] for name in YEARS if name <= year) for year in YEARS}
    for year in YEARS:
        sums = by_account([voucher for voucher in told.vouchers if voucher.year == year])
        assert results[year] == -sum(amount for account, amount in sums.items() if 3000 <= account < 8999)


@OVER_YEARS
@given(histories)
def test_never_changes_what_is_closed_unless_it_is_reopened(told: Told) -> None:
    closed: Days = {}
    vouchers: list[Voucher] = []
    for event, state in zip(told.events, told.states[1:], strict=True):
        voucher = voucher_of(event)
        vouchers += [voucher] if voucher is not None else []
        for name, year in state.journal.years.items():
            through = year.closed_through
            inside = [row for row in vouchers if row.year == name and through and row.accounting_date <= through]
            known = closed.get(name)
            if known is not None and known[0] == through:
                assert by_account(inside) == known[1]
            else:
                closed[name] = (through, by_account(inside))


@OVER_YEARS
@given(histories)
def test_comes_to_the_same_book_and_the_same_reports_by_replay(told: Told) -> None:
    book, history = Book(), History()
    for position, event in enumerate(told.events):
        assert book == told.states[position]
        book = evolve(book, DECODER.decode(msgspec.json.encode(event)))
        history.apply(event)
        if isinstance(event, YearClosed):
            prefix = history_of(told.events[: position + 1])
            end = date(event.year, 12, 31)
            assert trial_balance(history, end, "sv") == trial_balance(prefix, end, "sv")


@OVER_YEARS
@given(histories)
def test_nets_every_accrual_to_zero_over_two_periods(told: Told) -> None:
    accrued = {event.accrual: event for event in told.events if isinstance(event, ItemAccrued | ContributionsAccrued)}
    reversals = [event for event in told.events if isinstance(event, AccrualReversed)]

    assert len({event.accrual for event in reversals}) == len(reversals)
    for event in reversals:
        first = accrued.pop(event.accrual).voucher
        assert event.voucher.accounting_date == first.accounting_date + ONE_DAY
        assert not any((by_account([first]) + by_account([event.voucher])).values())
    assert {event.period_end for event in accrued.values()} <= {date(2025, 12, 31)}  # nobody has opened 2026


@OVER_YEARS
@given(histories)
def test_earns_contributions_by_the_month_however_they_are_invoiced(told: Told) -> None:
    for position, event in enumerate(told.events):
        if not isinstance(event, PeriodClosed):
            continue
        state = told.states[position]
        before = state.journal.years.get(event.year - 1)
        if before is not None and before.closed_through != before.end:
            continue  # the year before is still to be accrued at its end
        vouchers = [voucher_of(earlier) for earlier in told.events[:position]]
        sums = by_account([v for v in vouchers if v and v.year == event.year and v.accounting_date <= event.through])
        for amount_ore, account in MEMBERS.values():
            assert -sums[account] == divide(amount_ore * event.through.month, 12)


@OVER_YEARS
@given(histories)
def test_leaves_no_reversal_out_once_a_period_is_closed_and_the_day_after_is_in_an_open_year(told: Told) -> None:
    for book in told.answered:
        closed = {year.closed_through for year in book.journal.years.values()}
        opened = {year.start for year in book.journal.years.values()}
        for row in filter(None, book.accruals.values()):
            last = row.reverse_on - ONE_DAY
            assert last not in closed or (row.reverse_on.month == 1 and row.reverse_on not in opened)
