"""A whole book against a second bookkeeper: they agree on every yes and no, every balance, and all that is owed."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from domain.book import evolve
from domain.books import register
from domain.books.fiscal_year import open_year_of
from domain.books.manual import CorrectVoucher
from domain.books.voucher import VoucherId
from domain.catalogue import voucher_of
from domain.decisions import decide
from domain.kernel.event import Command
from domain.kernel.refusal import Refusal
from domain.treasury.bank import ReconcileBankStatement
from tests.builders import FOUNDED, recorded
from tests.properties.bookkeeper import CASH, Bookkeeper
from tests.properties.commands import BEGINNING, STRATEGIES, day, person
from tests.properties.edges import edges

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from domain.book import Book
    from domain.books.voucher import Voucher

REGISTERING = {kind for kind in STRATEGIES if kind.__module__ in {register.__name__, "domain.books.chart"}}
MODELLED = [kind for kind in STRATEGIES if hasattr(Bookkeeper, Bookkeeper.method_for(kind))]
PROBED = [date(2023, month, 15) for month in range(1, 13)] + [date(2024, 1, 1), date(2024, 12, 31), date(2025, 6, 1)]


class BookMachine(RuleBasedStateMachine):
    """The book under test, the second bookkeeper, and the vouchers that came out."""

    def __init__(self) -> None:
        super().__init__()
        self.book: Book = FOUNDED
        self.keeper = Bookkeeper()
        self.vouchers: dict[VoucherId, Voucher] = {}
        self.balances: dict[int, int] = defaultdict(int)

    def tell(self, command: Command, actor: str) -> bool:
        """Tell the book, and return whether it accepted."""
        original = None
        if isinstance(command, CorrectVoucher):
            original = self.vouchers.get(VoucherId(command.year, command.series, command.number))
        try:
            events = decide(self.book, command, recorded(actor), original)
        except Refusal:
            return False
        for event in events:
            self.book = evolve(self.book, event)
            voucher = voucher_of(event)
            if voucher is not None:
                self.vouchers[voucher.id] = voucher
                for posting in voucher.postings:
                    self.balances[posting.account] += posting.amount_ore
        return True

    @initialize()
    def begin(self) -> None:
        """Begin with something to pay, claim and close."""
        for command in BEGINNING:
            self.both_answer_the_same(command, "Anna")

    def both_answer_the_same(self, command: Command, actor: str) -> None:
        """Tell both, and compare."""
        expected = self.keeper.answers(command, actor)

        assert self.tell(command, actor) == expected, f"the second bookkeeper says {expected} to {command}"

    @rule(statement_date=day)
    def the_bank_agrees(self, statement_date: date) -> None:
        """Reconcile the balance the second bookkeeper has, and refuse it with an öre more."""
        for account in sorted(CASH):
            ore = self.keeper.sum_of(range(account, account + 1), date.min, statement_date)
            statement = ReconcileBankStatement(
                statement="1", statement_date=statement_date, balance_ore=ore, account=account
            )
            self.both_answer_the_same(statement, "Anna")
            self.both_answer_the_same(replace(statement, balance_ore=ore + 1), "Anna")

    @rule(data=st.data(), actor=person)
    def somebody_goes_to_the_edge(self, data: st.DataObject, actor: str) -> None:
        """Tell a command at the limit of what is owed, granted or open, or just beyond it."""
        kinds = defaultdict(list)
        for kind, fields in edges(self.keeper):
            kinds[kind].append(fields)
        kind = data.draw(st.sampled_from(sorted(kinds, key=lambda kind: kind.__name__)))
        command = data.draw(STRATEGIES[kind])

        self.both_answer_the_same(replace(command, **data.draw(st.sampled_from(kinds[kind]))), actor)

    @rule(data=st.data(), actor=person)
    def somebody_goes_to_another_edge(self, data: st.DataObject, actor: str) -> None:
        """Do so as often as two other things."""
        self.somebody_goes_to_the_edge(data, actor)

    @invariant()
    def has_the_same_balances(self) -> None:
        """Compare every account."""
        assert {account: ore for account, ore in self.balances.items() if ore} == self.keeper.balances()
        assert sum(self.balances.values()) == 0

    @invariant()
    def has_the_same_numbers(self) -> None:
        """Compare the names, dates and rows of all vouchers."""
        mine = {
            tuple(name): (voucher.accounting_date, [(row.account, row.amount_ore) for row in voucher.postings])
            for name, voucher in self.vouchers.items()
        }
        assert mine == self.keeper.vouchers

    @invariant()
    def is_owed_and_owes_the_same(self) -> None:
        """Compare what is left of every invoice and claim."""
        owed = {f"M {name}": row.owed_ore for name, row in self.book.membership.invoices.items()}
        owed |= {f"K {name}": row.owed_ore for name, row in self.book.receivables.items()}
        debts = {key: (row.owed_ore, bool(row.attested_by)) for key, row in self.book.payables.invoices.items()}

        assert owed == self.keeper.owed
        assert debts == {key: (debt.owed, debt.attested) for key, debt in self.keeper.debts.items()}

    @invariant()
    def has_the_same_left_of_each_grant(self) -> None:
        """Compare what may still be claimed."""
        for name, grant in self.book.grants.items():
            mine = [grant.left_ore(year) for year in range(2022, 2027)]
            assert mine == [self.keeper.grants[name].left(year) for year in range(2022, 2027)]
        assert set(self.book.grants) == set(self.keeper.grants)

    @invariant()
    def waits_for_the_same_reversals(self) -> None:
        """Compare the accruals that are not reversed."""
        waiting = {name for name, accrual in self.book.accruals.items() if accrual is not None}
        assert waiting == {name for name, accrual in self.keeper.accruals.items() if accrual is not None}
        assert set(self.book.accruals) == set(self.keeper.accruals)

    @invariant()
    def has_the_same_periods_open(self) -> None:
        """Compare a day of each month."""
        for probed in PROBED:
            try:
                year = open_year_of(self.book.journal.years, probed)
            except Refusal:
                year = 0
            assert year == (probed.year if self.keeper.is_open(probed) else 0)


def telling(kind: type[Command]) -> Callable[..., None]:
    """Return the rule that tells one kind of command."""

    def somebody_tells(machine: BookMachine, command: Command, actor: str) -> None:
        machine.both_answer_the_same(command, actor)

    told: Callable[..., None] = rule(command=STRATEGIES[kind], actor=person)(somebody_tells)
    return told


for modelled in MODELLED:
    setattr(BookMachine, f"somebody_tells_{modelled.__name__}", telling(modelled))

TestBook = BookMachine.TestCase
TestBook.settings = settings(max_examples=200, stateful_step_count=50)


def test_models_every_command_that_moves_money_or_closes_something() -> None:
    unmodelled = {kind.__name__ for kind in STRATEGIES} - {kind.__name__ for kind in MODELLED}

    assert unmodelled - {kind.__name__ for kind in REGISTERING} == {
        "EnterOpeningBalances",
        "JoinMember",
        "AdoptBudget",
        "ReviseBudget",
        "SubmitForecast",
        "IssueReport",
    }
