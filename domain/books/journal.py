"""The journal (grundbok): one place that makes vouchers, balanced and under the next number of their series."""

from collections.abc import Iterable
from datetime import date

import msgspec

from domain.books.chart import INCOME_STATEMENT, Chart, control_accounts, usable_account
from domain.books.fiscal_year import Years, open_year_of
from domain.books.register import Register, known_party, usable_project
from domain.books.series import OPENING
from domain.books.voucher import Row, Voucher
from domain.kernel.event import Value
from domain.kernel.money import MAX_ORE
from domain.kernel.period import next_working_day
from domain.kernel.refusal import InvariantBroken, Refusal
from domain.kernel.table import Table


class Journal(Value, frozen=True, kw_only=True):
    """What a voucher is checked against, and the last number given in each series and year."""

    chart: Chart
    register: Register = Register()
    years: Years = Table()
    numbers: Table[tuple[int, str], int] = Table()
    results_ore: Table[int, int] = Table()
    cash_ore: Table[tuple[int, date], int] = Table()
    controls_ore: Table[int, int] = Table()


RESULT_KINDS = INCOME_STATEMENT | {"result"}
"""A year's result is what these come to: once a year-end voucher has moved it to equity, nothing."""


class VoucherEmpty(Refusal):
    """A voucher has at least two postings, none of them zero."""

    code = "voucher_empty"
    sv = "En verifikation ska ha minst två konteringar, ingen noll; den här har {postings}, varav {zeros} noll."
    en = "A voucher has at least two postings, none of them zero; this one has {postings}, of which {zeros} are zero."


class VoucherNotBalanced(Refusal):
    """Debit and credit are equal."""

    code = "voucher_not_balanced"
    sv = "Debet minus kredit ska vara 0 kr men är {difference_ore} kr."
    en = "Debit minus credit must be 0 kr but is {difference_ore} kr."


class AmountTooLarge(Refusal):
    """An amount stays within what the book can sum."""

    code = "amount_too_large"
    sv = "Beloppet {amount_ore} kr är större än boken kan räkna med."
    en = "The amount {amount_ore} kr is larger than the book can count."


def draft_voucher(
    journal: Journal,
    *,
    series: str,
    accounting_date: date,
    text: str,
    postings: Iterable[Row],
    counterparty: str = "",
    reference: str = "",
) -> Voucher:
    """Return a voucher under the next number of its series, or refuse.

    Checked in this order: accounts, projects and parties are known and open; the date lies in an open period;
    at least two postings, none zero; debit equals credit (amounts in öre).
    """
    accounts, amounts, projects, parties = _usable_columns(journal, postings)
    year = open_year_of(journal.years, accounting_date)
    if len(amounts) < 2 or 0 in amounts:
        raise VoucherEmpty(postings=len(amounts), zeros=amounts.count(0))
    difference = sum(amounts)
    if difference:
        raise VoucherNotBalanced(difference_ore=difference)
    return Voucher(
        series=series,
        number=journal.numbers.get((year, series), 0) + 1,
        year=year,
        accounting_date=accounting_date,
        text=text,
        counterparty=counterparty,
        reference=reference,
        accounts=tuple(accounts),
        amounts_ore=tuple(amounts),
        projects=tuple(projects) if any(projects) else (),
        parties=tuple(parties) if any(parties) else (),
    )


def _usable_columns(journal: Journal, rows: Iterable[Row]) -> tuple[list[int], list[int], list[str], list[str]]:
    """Return the columns of a voucher, or refuse: an account, project or party that may not be used, a vast amount."""
    accounts: list[int] = []
    amounts: list[int] = []
    projects: list[str] = []
    parties: list[str] = []
    chart, register = journal.chart, journal.register
    known, projects_known = chart.accounts.flat(), register.projects.flat()
    for row in rows:
        account, amount_ore, project, party = row.account, row.amount_ore, row.project, row.party
        # What is asked of each posting is asked here, where it mostly is answered.
        found = known.get(account)
        if found is None or found.closed:
            usable_account(chart, account)
        if project:
            found_project = projects_known.get(project)
            if found_project is None or found_project.closed:
                usable_project(register, project)
        if party:
            known_party(register, party)
        if not -MAX_ORE <= amount_ore <= MAX_ORE:
            raise AmountTooLarge(amount_ore=amount_ore)
        accounts.append(account)
        amounts.append(amount_ore)
        projects.append(project)
        parties.append(party)
    return accounts, amounts, projects, parties


def draft_reversal(journal: Journal, original: Voucher, *, series: str, accounting_date: date, text: str) -> Voucher:
    """Return a voucher with the opposite postings of one that is in the book, which it names, or refuse.

    Only the date is checked: what was posted can be undone though its account or project has been closed since.
    """
    year = open_year_of(journal.years, accounting_date)
    return msgspec.structs.replace(
        original,
        series=series,
        number=journal.numbers.get((year, series), 0) + 1,
        year=year,
        accounting_date=accounting_date,
        text=text,
        reference=str(original.id),
        amounts_ore=tuple(-ore for ore in original.amounts_ore),
    )


def is_late(before: Journal, after: Journal, voucher: Voucher, registered_on: date) -> bool:
    """Tell whether a voucher with cash in or out was registered after the next working day (LKBR 3:4).

    `before` and `after` are the journal without and with the voucher, which has moved cash if their cash differs.
    """
    return (
        after.cash_ore is not before.cash_ore
        and voucher.series != OPENING
        and registered_on > next_working_day(voucher.accounting_date)
    )


def enter(journal: Journal, voucher: Voucher) -> Journal:
    """Return the journal after a voucher: its number is used, the year's result and the cash balance have moved."""
    key = (voucher.year, voucher.series)
    if voucher.number != journal.numbers.get(key, 0) + 1:
        raise InvariantBroken(f"voucher {voucher.id} is out of sequence")
    if sum(voucher.amounts_ore):
        raise InvariantBroken(f"voucher {voucher.id} is not balanced")
    result, cash_ore, controls_ore = 0, journal.cash_ore, journal.controls_ore
    controls, known = control_accounts(journal.chart), journal.chart.accounts.flat()
    for account, amount in zip(voucher.accounts, voucher.amounts_ore, strict=True):
        kind = known[account].kind
        if kind in RESULT_KINDS:
            result += amount
        elif kind == "cash":
            at = (account, voucher.accounting_date)
            cash_ore = cash_ore.put(at, cash_ore.get(at, 0) + amount)
        elif account in controls:
            controls_ore = controls_ore.put(account, controls_ore.get(account, 0) + amount)
    results = journal.results_ore
    if result:
        results = results.put(voucher.year, results.get(voucher.year, 0) + result)
    numbers = journal.numbers.put(key, voucher.number)
    return msgspec.structs.replace(
        journal, numbers=numbers, results_ore=results, cash_ore=cash_ore, controls_ore=controls_ore
    )
