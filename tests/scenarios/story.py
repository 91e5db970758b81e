"""A story: an association's book is told messages day by day, and asked for its reports."""

from datetime import date
from typing import TYPE_CHECKING

from domain.book import Book, evolve
from domain.books.manual import CorrectVoucher
from domain.books.voucher import Voucher, VoucherId
from domain.catalogue import voucher_of
from domain.decisions import decide
from domain.kernel.event import Command
from projections.built_in import trial_balance
from projections.history import history_of
from tests.builders import recorded

if TYPE_CHECKING:
    from domain.catalogue import AnyEvent


class Story:
    """One association, as its bookkeeper tells it."""

    def __init__(self) -> None:
        self.book = Book()
        self.events: list[AnyEvent] = []

    def tell(self, day: str, *commands: Command, actor: str = "Anna") -> list[str]:
        """Record messages on a day; return the vouchers they led to, as `P1/2023 2023-06-30`."""
        vouchers: list[str] = []
        for command in commands:
            by = recorded(actor, registered_on=date.fromisoformat(day), message_id=f"m-{len(self.events)}")
            for event in decide(self.book, command, by, self._named(command)):
                self.events.append(event)
                self.book = evolve(self.book, event)
                voucher = voucher_of(event)
                vouchers += [f"{voucher.id} {voucher.accounting_date}"] if voucher else []
        return vouchers

    def kronor(self, as_of: str, *accounts: int, known_at: int | None = None, opening: bool = False) -> list[int]:
        """Return what the trial balance says of accounts as of a day, in kronor; as known at a position, or now."""
        table = trial_balance(history_of(self.events[:known_at]), date.fromisoformat(as_of), "sv")
        sums = {line.id: line.cells[0 if opening else 2].amount_ore for line in table.lines}
        return [int(sums.get(str(account)) or 0) // 100 for account in accounts]

    def _named(self, command: Command) -> Voucher | None:
        if not isinstance(command, CorrectVoucher):
            return None
        named = VoucherId(command.year, command.series, command.number)
        vouchers = (voucher_of(event) for event in self.events)
        return next((voucher for voucher in vouchers if voucher is not None and voucher.id == named), None)
