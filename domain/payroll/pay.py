"""Pay (löner och arvoden): gross pay and social charges are costs; tax and charges are owed until they are paid.

No person is named: the payroll system keeps the persons, the book their sum.
"""

from datetime import date

from domain.books import series
from domain.books.chart import Role
from domain.books.journal import Journal, draft_voucher
from domain.books.voucher import Voucher
from domain.kernel.event import Command, Recorded, accept
from domain.kernel.identity import Text
from domain.kernel.money import NaturalOre, PositiveOre
from domain.kernel.refusal import Refusal
from domain.posting_rules import payroll as rules


class RecordSalaries(Command, frozen=True, kw_only=True):
    """Record salaries paid: gross, tax withheld, and social charges on them, in öre."""

    paid_on: date
    gross_ore: PositiveOre
    withheld_tax_ore: NaturalOre = 0
    social_charges_ore: NaturalOre = 0
    project: str = ""
    text: Text


class SalariesRecorded(RecordSalaries, frozen=True, kw_only=True, tag_field="event", tag="salaries.recorded"):
    """Salaries (löner) were paid."""

    recorded: Recorded
    voucher: Voucher


class RecordBoardFees(Command, frozen=True, kw_only=True):
    """Record fees paid to the board: gross, tax withheld, and social charges on them, in öre."""

    paid_on: date
    gross_ore: PositiveOre
    withheld_tax_ore: NaturalOre = 0
    social_charges_ore: NaturalOre = 0
    project: str = ""
    text: Text


class BoardFeesRecorded(RecordBoardFees, frozen=True, kw_only=True, tag_field="event", tag="board_fees.recorded"):
    """Board fees (arvoden) were paid."""

    recorded: Recorded
    voucher: Voucher


class TaxAboveGross(Refusal):
    """No more tax is withheld than was earned."""

    code = "tax_above_gross"
    sv = "Skatteavdraget {withheld_tax_ore} kr är större än bruttolönen {gross_ore} kr."
    en = "The tax withheld {withheld_tax_ore} kr is more than the gross pay {gross_ore} kr."


def record_salaries(journal: Journal, command: RecordSalaries, recorded: Recorded) -> SalariesRecorded:
    """Record salaries paid from the bank."""
    return accept(SalariesRecorded, command, recorded=recorded, voucher=_voucher(journal, command, "salaries"))


def record_board_fees(journal: Journal, command: RecordBoardFees, recorded: Recorded) -> BoardFeesRecorded:
    """Record board fees paid from the bank."""
    return accept(BoardFeesRecorded, command, recorded=recorded, voucher=_voucher(journal, command, "board_fees"))


def _voucher(journal: Journal, command: RecordSalaries | RecordBoardFees, cost: Role) -> Voucher:
    if command.withheld_tax_ore > command.gross_ore:
        raise TaxAboveGross(withheld_tax_ore=command.withheld_tax_ore, gross_ore=command.gross_ore)
    return draft_voucher(
        journal,
        series=series.PAYROLL,
        accounting_date=command.paid_on,
        text=command.text,
        postings=rules.paid(
            journal.chart,
            cost,
            gross_ore=command.gross_ore,
            tax_ore=command.withheld_tax_ore,
            social_ore=command.social_charges_ore,
            project=command.project,
        ),
    )
