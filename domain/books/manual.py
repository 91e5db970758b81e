"""Vouchers that a person words: opening balances, manual vouchers, corrections (rättelser).

A voucher is never altered. A correction is a voucher with the opposite postings that names the one it corrects; the
right voucher follows as its own event where one is wanted, and names both (LKBR 3:7, 3:10).
"""

from datetime import date
from typing import Annotated

import msgspec

from domain.books import series
from domain.books.chart import INCOME_STATEMENT, control_accounts, usable_account
from domain.books.fiscal_year import Year, first_open_day, known_year
from domain.books.journal import Journal, draft_reversal, draft_voucher
from domain.books.series import Series
from domain.books.voucher import Voucher, VoucherId
from domain.kernel.event import Command, Recorded, Value, accept
from domain.kernel.identity import Text
from domain.kernel.money import Ore
from domain.kernel.refusal import Refusal, Warned
from domain.kernel.table import Table

Corrected = Table[VoucherId, str]


class Line(Value, frozen=True, kw_only=True):
    """A posting as a message words it: account, öre (debit positive), and dimensions."""

    account: int
    amount_ore: Ore
    project: str = ""
    party: str = ""


Lines = Annotated[tuple[Line, ...], msgspec.Meta(max_length=10_000)]


class EnterOpeningBalances(Command, frozen=True, kw_only=True):
    """Take over the closing balances of the year before a fiscal year; they count from its first day."""

    year: Year
    lines: Lines
    text: Text


class OpeningBalancesEntered(Command, frozen=True, kw_only=True, tag_field="event", tag="opening_balances.entered"):
    """The opening balances (ingående balanser) of a fiscal year, taken over from other books.

    The voucher says all that the command did, so the command's lines are not kept a second time.
    """

    year: int
    recorded: Recorded
    voucher: Voucher


class PostVoucher(Command, frozen=True, kw_only=True):
    """Post a voucher worded by a person."""

    accounting_date: date
    text: Text
    lines: Lines
    series: Series = series.MANUAL
    counterparty: str = ""
    reference: str = ""


class VoucherPosted(Command, frozen=True, kw_only=True, tag_field="event", tag="voucher.posted"):
    """A manual voucher (bokföringsorder) is in the book; the voucher says all that the command did."""

    recorded: Recorded
    voucher: Voucher


class CorrectVoucher(Command, frozen=True, kw_only=True):
    """Reverse a voucher and, where wanted, post the right one in its place.

    Without a date, the correction is dated as the voucher it corrects while that period is open, and on the first open
    day after it once it has been closed.
    """

    year: Year
    series: Series
    number: Annotated[int, msgspec.Meta(ge=1)]
    reason: Text
    corrected_on: date | None = None
    lines: Lines = ()


class VoucherCorrected(CorrectVoucher, frozen=True, kw_only=True, tag_field="event", tag="voucher.corrected"):
    """A voucher was corrected (rättelsepost): the opposite of its postings, with who, when and why."""

    recorded: Recorded
    voucher: Voucher


class VoucherReplaced(Command, frozen=True, kw_only=True, tag_field="event", tag="voucher.replaced"):
    """The right voucher in place of a corrected one; `year`, `series`, `number` name the corrected voucher."""

    year: int
    series: str
    number: int
    correction_series: str
    correction_number: int
    recorded: Recorded
    voucher: Voucher


class OpeningBalancesExist(Refusal):
    """Opening balances are entered once, and only into the first fiscal year."""

    code = "opening_balances_exist"
    sv = "Räkenskapsåret {year} kan inte ta emot ingående balanser: de finns redan eller följer av året före."
    en = "Fiscal year {year} takes no opening balances: they are there already or follow from the year before."


class OpeningBalanceOnResult(Refusal):
    """Opening balances belong to balance-sheet accounts."""

    code = "opening_balance_on_result"
    sv = "Konto {account} är ett resultatkonto och kan inte ha någon ingående balans."
    en = "Account {account} is an income statement account and cannot have an opening balance."


class SeriesReserved(Refusal):
    """Manual vouchers stay out of the series that other ledgers number."""

    code = "series_reserved"
    sv = "Serie {series} används av en annan reskontra; manuella verifikationer använder {manual} eller en egen serie."
    en = "Series {series} belongs to another ledger; manual vouchers use {manual} or a series of their own."


class VoucherUnknown(Refusal):
    """A correction names a voucher that is in the book."""

    code = "voucher_unknown"
    sv = "Verifikation {voucher} finns inte."
    en = "Voucher {voucher} does not exist."


class VoucherAlreadyCorrected(Refusal):
    """A voucher is corrected once; a wrong correction is itself corrected."""

    code = "voucher_already_corrected"
    sv = "Verifikation {voucher} är redan rättad genom {correction}."
    en = "Voucher {voucher} has already been corrected by {correction}."


class YearEndNotCorrected(Refusal):
    """The year-end of a closed year stands; what was wrong in it is corrected in the open year."""

    code = "year_end_not_corrected"
    sv = "Verifikation {voucher} är ett årsbokslut och rättas inte; rätta felet i det öppna året i stället."
    en = "Voucher {voucher} closed a year and is not corrected; correct the mistake in the open year instead."


class CorrectionBeforeVoucher(Refusal):
    """A correction is not dated before the voucher it corrects."""

    code = "correction_before_voucher"
    sv = "Rättelsen är daterad {corrected_on}, före verifikation {voucher} ({accounting_date})."
    en = "The correction is dated {corrected_on}, before voucher {voucher} ({accounting_date})."


def enter_opening_balances(
    journal: Journal, command: EnterOpeningBalances, recorded: Recorded
) -> OpeningBalancesEntered:
    """Enter the opening balances of the book's first fiscal year."""
    year = known_year(journal.years, command.year)
    if min(journal.years) != command.year or journal.numbers.get((command.year, series.OPENING)):
        raise OpeningBalancesExist(year=command.year)
    for line in command.lines:
        if usable_account(journal.chart, line.account).kind in {*INCOME_STATEMENT, "result"}:
            raise OpeningBalanceOnResult(account=line.account)
    voucher = draft_voucher(
        journal,
        series=series.OPENING,
        accounting_date=year.start,
        text=command.text,
        postings=command.lines,
    )
    return OpeningBalancesEntered(year=command.year, recorded=recorded, voucher=voucher)


def post_voucher(journal: Journal, command: PostVoucher, recorded: Recorded) -> VoucherPosted:
    """Post a manual voucher in a series that no other ledger numbers."""
    if command.series in series.RESERVED:
        raise SeriesReserved(series=command.series, manual=series.MANUAL)
    voucher = draft_voucher(
        journal,
        series=command.series,
        accounting_date=command.accounting_date,
        text=command.text,
        postings=command.lines,
        counterparty=command.counterparty,
        reference=command.reference,
    )
    return VoucherPosted(recorded=recorded, voucher=voucher)


def correct_voucher(
    journal: Journal, corrected: Corrected, command: CorrectVoucher, recorded: Recorded, original: Voucher | None
) -> VoucherCorrected:
    """Reverse a voucher that is in the book and not yet corrected; `original` is that voucher, if there is one."""
    named = VoucherId(command.year, command.series, command.number)
    if original is None:
        raise VoucherUnknown(voucher=str(named))
    if command.series == series.YEAR_END:
        raise YearEndNotCorrected(voucher=str(named))
    if named in corrected:
        raise VoucherAlreadyCorrected(voucher=str(named), correction=corrected[named])
    corrected_on = command.corrected_on or first_open_day(journal.years, original.accounting_date)
    if corrected_on < original.accounting_date:
        raise CorrectionBeforeVoucher(
            voucher=str(named), corrected_on=str(corrected_on), accounting_date=str(original.accounting_date)
        )
    voucher = draft_reversal(
        journal, original, series=series.CORRECTIONS, accounting_date=corrected_on, text=command.reason
    )
    if set(original.accounts) & set(control_accounts(journal.chart)):
        recorded = recorded.warn(Warned(code="correction_touches_subledger", facts={"voucher": str(named)}))
    if named.series == series.ACCRUALS:
        recorded = recorded.warn(Warned(code="correction_touches_accrual", facts={"voucher": str(named)}))
    return accept(VoucherCorrected, command, recorded=recorded, voucher=voucher)


def replace_voucher(journal: Journal, correction: VoucherCorrected, recorded: Recorded) -> VoucherReplaced:
    """Post the right voucher that a correction asked for; `journal` is the journal after the correction."""
    voucher = draft_voucher(
        journal,
        series=series.CORRECTIONS,
        accounting_date=correction.voucher.accounting_date,
        text=correction.reason,
        postings=correction.lines,
        counterparty=correction.voucher.counterparty,
        reference=str(correction.voucher.id),
    )
    return VoucherReplaced(
        year=correction.year,
        series=correction.series,
        number=correction.number,
        correction_series=correction.voucher.series,
        correction_number=correction.voucher.number,
        recorded=recorded,
        voucher=voucher,
    )


def with_correction(corrected: Corrected, event: VoucherCorrected) -> Corrected:
    """Remember that a voucher was corrected, and by which."""
    return corrected.put(VoucherId(event.year, event.series, event.number), str(event.voucher.id))
