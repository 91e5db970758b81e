"""The chart of accounts: accounts are opened once, closed for good, and play roles."""

from typing import get_args

import pytest

from domain.books.chart import (
    KIND_WORDS,
    ROLE_KINDS,
    AccountAssigned,
    AccountClosed,
    AccountExists,
    AccountIsClosed,
    AccountKind,
    AccountKindWrong,
    AccountNeeded,
    AccountOpened,
    AccountPlaysRole,
    AccountUnknown,
    AssignAccount,
    CloseAccount,
    ControlAccountInUse,
    OpenAccount,
    Role,
)
from domain.posting_rules.charts import TABLES, shipped_chart
from tests.builders import (
    a_contribution,
    a_contribution_invoice,
    a_contribution_payment,
    a_voucher,
    accepts,
    after,
    decided,
    event_of,
    given,
    lines,
    postings,
    refused,
)

OWN = OpenAccount(number=6555, name="Utvärdering", kind="cost")


def test_opens_an_account() -> None:
    assert decided(given(), OWN) == event_of(AccountOpened, OWN)


def test_posts_to_an_account_of_its_own() -> None:
    event = decided(given(OWN), a_voucher(lines=lines((6555, 1), (1930, -1))))

    assert postings(event) == [(6555, 1), (1930, -1)]


def test_refuses_an_account_that_is_in_the_chart() -> None:
    command = OpenAccount(number=1930, name="Banken", kind="cash")

    assert refused(given(), command, AccountExists) == {"account": 1930, "name": "Bank"}


def test_closes_an_account() -> None:
    command = CloseAccount(number=6570)

    assert decided(given(), command) == event_of(AccountClosed, command)


def test_refuses_to_close_an_account_it_does_not_have() -> None:
    assert refused(given(), CloseAccount(number=9999), AccountUnknown) == {"account": 9999}


def test_refuses_to_close_an_account_twice() -> None:
    command = CloseAccount(number=6570)

    assert refused(given(command), command, AccountIsClosed) == {"account": 6570, "name": "Bankkostnader"}


def test_lets_another_account_play_a_role() -> None:
    command = AssignAccount(role="bank", number=1940)

    assert decided(given(), command) == event_of(AccountAssigned, command)


def test_posts_to_the_account_that_plays_the_role_now() -> None:
    book = given(a_contribution(), a_contribution_invoice())

    book = after(book, AssignAccount(role="bank", number=1940))

    assert postings(decided(book, a_contribution_payment())) == [(1940, 3_000_00), (1510, -3_000_00)]


def test_refuses_a_role_to_an_account_that_is_closed() -> None:
    book = given(CloseAccount(number=1940))

    assert refused(book, AssignAccount(role="bank", number=1940), AccountIsClosed)["account"] == 1940


def test_refuses_a_role_to_an_account_it_does_not_have() -> None:
    assert refused(given(), AssignAccount(role="bank", number=1999), AccountUnknown) == {"account": 1999}


@pytest.mark.parametrize(
    ("role", "number"),
    [
        ("bank", 2890),
        ("bank", 6570),
        ("payable", 1510),
        ("member_receivable", 2440),
        ("member_receivable", 1930),
        ("grants", 3985),
        ("contribution_state", 4010),
        ("result_in_equity", 8999),
        ("year_result", 2099),
        ("prepaid_costs", 2990),
    ],
)
def test_refuses_a_role_to_an_account_of_another_kind(role: Role, number: int) -> None:
    account = shipped_chart("bas").accounts[number]

    assert refused(given(), AssignAccount(role=role, number=number), AccountKindWrong) == {
        "account": number,
        "name": account.name,
        "kind": account.kind,
        "role": role,
        "allowed": " ".join(ROLE_KINDS[role]),
    }


@pytest.mark.parametrize(
    ("role", "number", "played"),
    [
        ("bank", 1510, "member_receivable"),
        ("bank", 1650, "input_vat"),
        ("payable", 2710, "withheld_tax"),
        ("withheld_tax", 2440, "payable"),
        ("input_vat", 1610, "bank"),
        ("accrued_income", 1519, "other_receivable"),
    ],
)
def test_refuses_a_second_role_to_the_bank_and_to_control_accounts(role: Role, number: int, played: Role) -> None:
    book = given(AssignAccount(role="bank", number=1610))  # an asset, as the cash pool of a city is

    assert refused(book, AssignAccount(role=role, number=number), AccountPlaysRole) == {
        "account": number,
        "name": book.journal.chart.accounts[number].name,
        "played": played,
        "role": role,
    }


@pytest.mark.parametrize(
    ("role", "number"),
    [("other_receivable", 1510), ("member_receivable", 1519), ("bank", 1930), ("withheld_tax", 2730)],
)
def test_lets_receivables_share_an_account_and_other_roles_too(role: Role, number: int) -> None:
    command = AssignAccount(role=role, number=number)

    assert decided(given(), command) == event_of(AccountAssigned, command)


def test_moves_a_sub_ledger_to_another_account_when_nothing_is_open_in_it() -> None:
    move = AssignAccount(role="member_receivable", number=1519)
    book = given(a_contribution(), a_contribution_invoice())

    assert refused(book, move, ControlAccountInUse) == {
        "account": 1510,
        "name": book.journal.chart.accounts[1510].name,
        "role": "member_receivable",
        "balance_ore": 3_000_00,
    }
    assert accepts(book, AssignAccount(role="member_receivable", number=1510))
    assert accepts(book, AssignAccount(role="payable", number=2890))
    assert accepts(after(book, a_contribution_payment()), move)


@pytest.mark.parametrize("number", sorted(set(TABLES["bas"][1].values())))
def test_refuses_to_close_an_account_that_posting_rules_use(number: int) -> None:
    found = refused(given(), CloseAccount(number=number), AccountNeeded)

    assert TABLES["bas"][1][found["role"]] == found["account"] == number


def test_closes_an_account_whose_role_another_one_has_taken() -> None:
    assert accepts(given(AssignAccount(role="bank", number=1940)), CloseAccount(number=1930))


@pytest.mark.parametrize(("role", "number"), [("withheld_tax", 1630), ("input_vat", 2650), ("bank", 1610)])
def test_lets_the_tax_account_and_the_cash_pool_of_a_city_play_their_roles(role: Role, number: int) -> None:
    command = AssignAccount(role=role, number=number)

    assert decided(given(), command) == event_of(AccountAssigned, command)


def test_says_the_kinds_in_words() -> None:
    refusal = AccountKindWrong(account=4010, name="Bidrag", kind="cost", role="bank", allowed="cash asset")

    assert refusal.sentence("sv") == (
        "Konto 4010 (Bidrag) är en kostnad och kan inte ha rollen bank, som kräver likvida medel eller en tillgång."
    )
    assert refusal.sentence("en") == (
        "Account 4010 (Bidrag) is a cost and cannot play the role bank, which takes cash or an asset."
    )


def test_every_role_has_its_kinds_and_the_shipped_charts_keep_to_them() -> None:
    assert ROLE_KINDS.keys() == set(get_args(Role))
    assert KIND_WORDS.keys() == set(get_args(AccountKind))
    for name in TABLES:
        chart = shipped_chart(name)
        assert all(chart.accounts[number].kind in ROLE_KINDS[role] for role, number in chart.roles.items())
