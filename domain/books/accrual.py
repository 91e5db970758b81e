"""Accruals and prepayments (periodiseringar): posted at a month end, reversed once on the first day after it."""

from datetime import date
from typing import Literal

from domain.books import series
from domain.books.chart import Role, usable_account
from domain.books.fiscal_year import known_year, open_year_of, refuse_odd_month_end
from domain.books.journal import Journal, draft_reversal, draft_voucher
from domain.books.register import usable_project
from domain.books.voucher import Posting, Voucher, VoucherId
from domain.kernel.event import Command, Recorded, Value, accept
from domain.kernel.identity import Slug, Text
from domain.kernel.money import PositiveOre
from domain.kernel.period import ONE_DAY, first_of_month, last_of_month, months_between
from domain.kernel.refusal import Refusal
from domain.kernel.table import Table

AccrualKind = Literal["accrued-cost", "prepaid-cost", "accrued-income", "prepaid-income"]

BALANCE_ROLE: dict[AccrualKind, Role] = {
    "accrued-cost": "accrued_costs",
    "prepaid-cost": "prepaid_costs",
    "accrued-income": "accrued_income",
    "prepaid-income": "prepaid_income",
}
OPPOSITE: dict[AccrualKind, AccrualKind] = {
    "accrued-cost": "prepaid-cost",
    "prepaid-cost": "accrued-cost",
    "accrued-income": "prepaid-income",
    "prepaid-income": "accrued-income",
}
DEBIT_ON_BALANCE: frozenset[AccrualKind] = frozenset({"prepaid-cost", "accrued-income"})


class Accrual(Value, frozen=True, kw_only=True):
    """An accrual that waits for its reversal."""

    voucher: Voucher
    reverse_on: date


Accruals = Table[str, Accrual | None]
"""By name; `None` once reversed, so that a name is never used twice."""


class SetRecurringAccrual(Command, frozen=True, kw_only=True):
    """Let every period closing accrue or prepay an amount a month, in öre, between two months.

    An accrued amount is that of the months passed since `first_month` or the start of the year; a prepaid one that of
    the months left until `last_month`, which it needs.
    """

    accrual: Slug
    kind: AccrualKind
    account: int
    monthly_ore: PositiveOre
    first_month: date
    last_month: date | None = None
    text: Text
    project: str = ""


class RecurringAccrualSet(
    SetRecurringAccrual, frozen=True, kw_only=True, tag_field="event", tag="recurring_accrual.set"
):
    """The closing of periods posts the accrual; a later rule of the same name replaces it."""

    recorded: Recorded


Recurring = Table[str, RecurringAccrualSet]
"""The rule of each name."""


class AccrueItem(Command, frozen=True, kw_only=True):
    """Accrue or prepay a cost or an income at a month end; the amount is positive öre, the kind gives the sides."""

    accrual: Slug
    kind: AccrualKind
    account: int
    amount_ore: PositiveOre
    period_end: date
    text: Text
    project: str = ""
    party: str = ""
    balance_account: int | None = None


class ItemAccrued(AccrueItem, frozen=True, kw_only=True, tag_field="event", tag="accrual.posted"):
    """A cost or income was moved to the period it belongs to."""

    recorded: Recorded
    voucher: Voucher
    reverse_on: date


Recurred = Table[tuple[str, date], ItemAccrued]
"""By rule and month end: what a rule has accrued."""


class ReverseAccrual(Command, frozen=True, kw_only=True):
    """Reverse an accrual on the first day after its period."""

    accrual: Slug


class AccrualReversed(ReverseAccrual, frozen=True, kw_only=True, tag_field="event", tag="accrual.reversed"):
    """The accrual was reversed (återförd)."""

    recorded: Recorded
    voucher: Voucher


class RecurringAccrualWrong(Refusal):
    """A recurring accrual has months in order; a prepaid one has a last month."""

    code = "recurring_accrual_wrong"
    sv = "Den återkommande periodiseringen {accrual} ska ha en sista månad efter den första, om den är förutbetald."
    en = "Recurring accrual {accrual} needs a last month after the first, if it is prepaid."


class AccrualExists(Refusal):
    """An accrual is named once."""

    code = "accrual_exists"
    sv = "Periodiseringen {accrual} finns redan."
    en = "Accrual {accrual} already exists."


class AccrualUnknown(Refusal):
    """A reversal names an accrual."""

    code = "accrual_unknown"
    sv = "Periodiseringen {accrual} finns inte."
    en = "Accrual {accrual} does not exist."


class AccrualIsReversed(Refusal):
    """An accrual is reversed once."""

    code = "accrual_reversed"
    sv = "Periodiseringen {accrual} är redan återförd."
    en = "Accrual {accrual} has already been reversed."


def set_recurring_accrual(journal: Journal, command: SetRecurringAccrual, recorded: Recorded) -> RecurringAccrualSet:
    """Set a rule on an account and a project that are open."""
    usable_account(journal.chart, command.account)
    if command.project:
        usable_project(journal.register, command.project)
    prepaid = command.kind in ("prepaid-cost", "prepaid-income")
    last = command.last_month
    if (prepaid and last is None) or (last is not None and last < command.first_month):
        raise RecurringAccrualWrong(accrual=command.accrual)
    return accept(RecurringAccrualSet, command, recorded=recorded)


def recurring_amount(rule: RecurringAccrualSet, year_start: date, period_end: date) -> int:
    """Return what a rule accrues or prepays at a month end, in öre; zero outside its months."""
    months = last_months = 0
    if rule.last_month is not None:
        last_months = months_between(first_of_month(period_end), last_of_month(rule.last_month)) - 1
    if rule.kind in ("prepaid-cost", "prepaid-income"):
        begun = period_end >= first_of_month(rule.first_month)
        months = last_months if begun else 0
    elif rule.last_month is None or last_months >= 0:
        months = months_between(max(first_of_month(rule.first_month), year_start), period_end)
    return rule.monthly_ore * max(months, 0)


def recurring_items(
    rule: RecurringAccrualSet, year_start: date, period_end: date, standing: ItemAccrued | None
) -> tuple[AccrueItem, ...]:
    """Return what is left to accrue by a rule at a month end.

    That is nothing where what it says stands already; where something else stands, its opposite comes first.
    """
    named = f"{rule.accrual}.{period_end:%Y-%m}"
    wanted: tuple[AccrueItem, ...] = ()
    amount_ore = recurring_amount(rule, year_start, period_end)
    if amount_ore:
        item = AccrueItem(
            accrual=named,
            kind=rule.kind,
            account=rule.account,
            amount_ore=amount_ore,
            period_end=period_end,
            text=rule.text,
            project=rule.project,
        )
        wanted = (item,)
    if standing is None:
        return wanted
    if wanted and _says(standing) == _says(wanted[0]):
        return ()
    opposite = AccrueItem(
        accrual=named,
        kind=OPPOSITE[standing.kind],
        account=standing.account,
        amount_ore=standing.amount_ore,
        period_end=period_end,
        text=f"Ändrad: {standing.text}"[:500],
        project=standing.project,
        party=standing.party,
        balance_account=standing.voucher.accounts[0],
    )
    return (opposite, *wanted)


def _says(item: AccrueItem) -> tuple[AccrualKind, int, int, str]:
    return item.kind, item.account, item.amount_ore, item.project


def with_recurred(recurred: Recurred, recurring: Recurring, event: ItemAccrued) -> Recurred:
    """Return what the rules have accrued, after an accrual that is named for a rule and its month, or is not."""
    rule, month, _ = event.accrual.partition(f".{event.period_end:%Y-%m}")
    if not month or rule not in recurring:
        return recurred
    key = (rule, event.period_end)
    standing = recurred.get(key)
    undone = standing is not None and event.voucher.amounts_ore == tuple(-ore for ore in standing.voucher.amounts_ore)
    return recurred.drop(key) if undone else recurred.put(key, event)


def without_recurred(recurred: Recurred, named: VoucherId) -> Recurred:
    """Return what the rules have accrued, after a voucher was corrected."""
    keys = [key for key, event in recurred.items() if event.voucher.id == named]
    return recurred.drop(keys[0]) if keys else recurred


def accrue_item(journal: Journal, accruals: Accruals, command: AccrueItem, recorded: Recorded) -> ItemAccrued:
    """Post an accrual or prepayment against the balance account of its kind."""
    refuse_known_accrual(accruals, command.accrual)
    balance_account = command.balance_account
    if balance_account is None:
        balance_account = journal.chart.roles[BALANCE_ROLE[command.kind]]
    amount = command.amount_ore if command.kind in DEBIT_ON_BALANCE else -command.amount_ore
    voucher = draft_month_end(
        journal,
        command.period_end,
        command.text,
        (
            Posting(balance_account, amount, command.project, command.party),
            Posting(command.account, -amount, command.project, command.party),
        ),
    )
    return accept(ItemAccrued, command, recorded=recorded, voucher=voucher, reverse_on=command.period_end + ONE_DAY)


def reverse_accrual(
    journal: Journal, accruals: Accruals, command: ReverseAccrual, recorded: Recorded
) -> AccrualReversed:
    """Reverse an accrual that has not been reversed."""
    if command.accrual not in accruals:
        raise AccrualUnknown(accrual=command.accrual)
    accrual = accruals[command.accrual]
    if accrual is None:
        raise AccrualIsReversed(accrual=command.accrual)
    voucher = draft_reversal(
        journal,
        accrual.voucher,
        series=series.ACCRUALS,
        accounting_date=accrual.reverse_on,
        text=f"Återföring: {accrual.voucher.text}",
    )
    return accept(AccrualReversed, command, recorded=recorded, voucher=voucher)


def draft_month_end(journal: Journal, period_end: date, text: str, postings: tuple[Posting, ...]) -> Voucher:
    """Return a voucher of the accrual series, dated the last day of a month in an open period."""
    name = open_year_of(journal.years, period_end)
    refuse_odd_month_end(known_year(journal.years, name), name, period_end)
    return draft_voucher(journal, series=series.ACCRUALS, accounting_date=period_end, text=text, postings=postings)


def refuse_known_accrual(accruals: Accruals, name: str) -> None:
    """Refuse a name that an accrual has had."""
    if name in accruals:
        raise AccrualExists(accrual=name)


def with_accrual(accruals: Accruals, name: str, voucher: Voucher, reverse_on: date) -> Accruals:
    """Return the accruals with one more that waits for its reversal."""
    return accruals.put(name, Accrual(voucher=voucher, reverse_on=reverse_on))


def waiting_by(accruals: Accruals, named: VoucherId) -> str | None:
    """Return the name of the accrual that waits for its reversal and has this voucher, if there is one."""
    waiting = (name for name, row in accruals.items() if row is not None and row.voucher.id == named)
    return next(waiting, None)


def without_accrual(accruals: Accruals, name: str) -> Accruals:
    """Return the accruals with one reversed."""
    return accruals.put(name, None)
