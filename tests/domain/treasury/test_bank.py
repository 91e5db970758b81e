"""The bank: transactions explained by their lines, on cash accounts only; statements agree to the öre."""

from datetime import date

import pytest

from domain.books.chart import AccountUnknown
from domain.books.journal import VoucherEmpty, VoucherNotBalanced
from domain.books.voucher import Voucher
from domain.treasury.bank import BankStatementReconciled, BankTransactionRecorded, NotACashAccount, StatementDiffers
from tests.builders import (
    a_bank_transaction,
    a_statement,
    a_voucher,
    decided,
    event_of,
    given,
    lines,
    opening_balances,
    refused,
    vouched,
)


def test_records_money_in() -> None:
    command = a_bank_transaction(counterparty="Banken", reference="T1")
    voucher = Voucher(
        series="B",
        number=1,
        year=2023,
        accounting_date=date(2023, 5, 31),
        text="Ränta",
        counterparty="Banken",
        reference="T1",
        accounts=(1930, 8300),
        amounts_ore=(50_00, -50_00),
    )

    assert decided(given(), command) == event_of(BankTransactionRecorded, command, voucher=voucher)


def test_records_money_out_of_another_cash_account_as_a_payment() -> None:
    command = a_bank_transaction(account=1910, amount_ore=-50_00, lines=lines((6570, 50_00)))

    voucher = vouched(decided(given(), command))

    assert (voucher.series, voucher.accounts, voucher.amounts_ore) == ("U", (1910, 6570), (-50_00, 50_00))


@pytest.mark.parametrize(("amount_ore", "series"), [(1, "B"), (-1, "U")])
def test_takes_the_series_from_the_sign(amount_ore: int, series: str) -> None:
    command = a_bank_transaction(amount_ore=amount_ore, lines=lines((8300, -amount_ore)))

    assert vouched(decided(given(), command)).series == series


def test_refuses_a_transaction_of_nothing() -> None:
    command = a_bank_transaction(amount_ore=0, lines=lines((8300, 1), (6570, -1)))

    assert refused(given(), command, VoucherEmpty) == {"postings": 3, "zeros": 1}


def test_refuses_lines_that_do_not_explain_the_transaction() -> None:
    command = a_bank_transaction(lines=lines((8300, -49_00)))

    assert refused(given(), command, VoucherNotBalanced) == {"difference_ore": 1_00}


def test_refuses_a_transaction_on_an_account_that_holds_no_cash() -> None:
    facts = refused(given(), a_bank_transaction(account=1510), NotACashAccount)

    assert facts == {"account": 1510, "name": "Fordringar på medlemmar"}


@pytest.mark.parametrize("account", [0, 1931])
def test_refuses_a_transaction_on_an_account_it_does_not_have(account: int) -> None:
    assert refused(given(), a_bank_transaction(account=account), AccountUnknown) == {"account": account}


def test_reconciles_a_statement_with_the_balance_of_the_day() -> None:
    book = given(opening_balances(), a_bank_transaction(), a_voucher())  # the voucher is of June
    command = a_statement(balance_ore=5_050_00)

    assert decided(book, command) == event_of(BankStatementReconciled, command, reconciled_account=1930)


def test_reconciles_another_cash_account() -> None:
    command = a_statement(account=1940, balance_ore=0)

    event = decided(given(a_bank_transaction()), command)

    assert event == event_of(BankStatementReconciled, command, reconciled_account=1940)


def test_refuses_a_statement_that_differs_by_one_ore() -> None:
    facts = refused(given(a_bank_transaction()), a_statement(balance_ore=50_01), StatementDiffers)

    assert facts == {
        "account": 1930,
        "statement_date": "2023-05-31",
        "balance_ore": 50_01,
        "booked_ore": 50_00,
    }


def test_refuses_a_statement_of_an_account_that_holds_no_cash() -> None:
    assert refused(given(), a_statement(account=2440), NotACashAccount)["account"] == 2440
