"""The chart of accounts: accounts are opened once, closed for good, and play roles."""

from domain.books.chart import (
    AccountAssigned,
    AccountClosed,
    AccountExists,
    AccountIsClosed,
    AccountOpened,
    AccountUnknown,
    AssignAccount,
    CloseAccount,
    OpenAccount,
)
from tests.builders import (
    a_contribution,
    a_contribution_invoice,
    a_contribution_payment,
    a_voucher,
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
