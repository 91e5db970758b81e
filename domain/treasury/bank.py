"""The bank: transactions that no other ledger explains, and statements reconciled with the book."""

from datetime import date
from typing import Annotated

import msgspec

from domain.books import series
from domain.books.chart import usable_account
from domain.books.journal import Journal, draft_voucher
from domain.books.manual import Lines
from domain.books.voucher import Posting, Voucher
from domain.kernel.event import Command, Recorded, accept
from domain.kernel.identity import Reference, Text
from domain.kernel.money import Ore
from domain.kernel.refusal import Refusal
from domain.kernel.table import Table


class RecordBankTransaction(Command, frozen=True, kw_only=True):
    """Record a bank transaction; the amount in öre is positive in, negative out, the lines explain it."""

    booked_on: date
    amount_ore: Ore
    lines: Annotated[Lines, msgspec.Meta(min_length=1)]
    text: Text
    account: int | None = None
    counterparty: str = ""
    reference: str = ""


class BankTransactionRecorded(
    RecordBankTransaction, frozen=True, kw_only=True, tag_field="event", tag="bank_transaction.recorded"
):
    """Money moved on a bank account (banktransaktion)."""

    recorded: Recorded
    voucher: Voucher


class ReconcileBankStatement(Command, frozen=True, kw_only=True):
    """Reconcile a bank account with the bank's statement for a day; the balance is in öre."""

    statement: Reference
    statement_date: date
    balance_ore: Ore
    account: int | None = None


class BankStatementReconciled(
    ReconcileBankStatement, frozen=True, kw_only=True, tag_field="event", tag="bank_statement.reconciled"
):
    """The book and the bank agree for the day (avstämt kontoutdrag)."""

    recorded: Recorded
    reconciled_account: int


Reconciled = Table[int, BankStatementReconciled]
"""By account: the latest statement that agreed with the book."""


class NotACashAccount(Refusal):
    """Bank transactions and statements name a cash account."""

    code = "not_a_cash_account"
    sv = "Konto {account} ({name}) är inget konto för likvida medel."
    en = "Account {account} ({name}) is not a cash account."


class StatementDiffers(Refusal):
    """A statement is reconciled when it agrees with the book."""

    code = "bank_statement_differs"
    sv = "Kontoutdraget visar {balance_ore} kr men boken {booked_ore} kr på konto {account} den {statement_date}."
    en = "The statement shows {balance_ore} kr but the book {booked_ore} kr on account {account} on {statement_date}."


def record_bank_transaction(
    journal: Journal, command: RecordBankTransaction, recorded: Recorded
) -> BankTransactionRecorded:
    """Record a transaction on a cash account, balanced by the lines that explain it."""
    account = _cash_account(journal, command.account)
    voucher = draft_voucher(
        journal,
        series=series.RECEIPTS if command.amount_ore > 0 else series.PAYMENTS,
        accounting_date=command.booked_on,
        text=command.text,
        counterparty=command.counterparty,
        reference=command.reference,
        postings=(Posting(account, command.amount_ore), *command.lines),
    )
    return accept(BankTransactionRecorded, command, recorded=recorded, voucher=voucher)


def reconcile_bank_statement(
    journal: Journal, command: ReconcileBankStatement, recorded: Recorded
) -> BankStatementReconciled:
    """Reconcile a statement that agrees to the öre."""
    account = _cash_account(journal, command.account)
    booked_ore = _booked(journal, account, command.statement_date)
    if booked_ore != command.balance_ore:
        raise StatementDiffers(
            account=account,
            statement_date=str(command.statement_date),
            balance_ore=command.balance_ore,
            booked_ore=booked_ore,
        )
    return accept(BankStatementReconciled, command, recorded=recorded, reconciled_account=account)


def evolve(reconciled: Reconciled, event: BankStatementReconciled) -> Reconciled:
    """Return the latest statement of each account."""
    known = reconciled.get(event.reconciled_account)
    if known is not None and known.statement_date > event.statement_date:
        return reconciled
    return reconciled.put(event.reconciled_account, event)


def is_reconciled(journal: Journal, reconciled: Reconciled, account: int, through: date) -> bool:
    """Tell whether a statement reaches the day and still agrees; an account that is closed must be empty instead."""
    if journal.chart.accounts[account].closed:
        return _booked(journal, account, through) == 0
    latest = reconciled.get(account)
    return (
        latest is not None
        and latest.statement_date >= through
        and latest.balance_ore == _booked(journal, account, latest.statement_date)
    )


def _booked(journal: Journal, account: int, through: date) -> int:
    """Return what stands on a cash account at the end of a day, in öre."""
    return sum(ore for (number, day), ore in journal.cash_ore.items() if number == account and day <= through)


def _cash_account(journal: Journal, number: int | None) -> int:
    account = usable_account(journal.chart, journal.chart.roles["bank"] if number is None else number)
    if account.kind != "cash":
        raise NotACashAccount(account=account.number, name=account.name)
    return account.number
