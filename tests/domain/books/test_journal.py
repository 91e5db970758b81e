"""A voucher is balanced or nothing, on known and open accounts, projects and parties, under the next number."""

from datetime import date

import pytest
from msgspec import structs

from domain.books.chart import AccountIsClosed, AccountUnknown, CloseAccount
from domain.books.fiscal_year import DateOutsideYear
from domain.books.journal import AmountTooLarge, VoucherEmpty, VoucherNotBalanced, enter
from domain.books.manual import Line
from domain.books.register import CloseProject, PartyUnknown, ProjectIsClosed, ProjectUnknown
from domain.kernel.money import MAX_ORE
from domain.kernel.refusal import InvariantBroken
from tests.builders import a_voucher, a_year, accepts, after, decided, given, lines, refused, vouched

TOO_MUCH = MAX_ORE + 1


@pytest.mark.parametrize(
    ("rows", "count", "zeros"),
    [
        ((), 0, 0),
        (((1930, 100),), 1, 0),
        (((1930, 100), (6570, 0), (2081, -100)), 3, 1),
        (((1930, 0), (6570, 0)), 2, 2),
    ],
)
def test_refuses_an_empty_voucher(rows: tuple[tuple[int, int], ...], count: int, zeros: int) -> None:
    facts = refused(given(), a_voucher(lines=lines(*rows)), VoucherEmpty)

    assert facts == {"postings": count, "zeros": zeros}


def test_refuses_a_voucher_that_does_not_balance_by_one_ore() -> None:
    facts = refused(given(), a_voucher(lines=lines((6570, 100_00), (1930, -99_99))), VoucherNotBalanced)

    assert facts == {"difference_ore": 1}


def test_refuses_an_unknown_account() -> None:
    assert refused(given(), a_voucher(lines=lines((6571, 1), (1930, -1))), AccountUnknown) == {"account": 6571}


def test_refuses_a_closed_account() -> None:
    book = given(CloseAccount(number=6570))

    assert refused(book, a_voucher(), AccountIsClosed) == {"account": 6570, "name": "Bankkostnader"}


@pytest.mark.parametrize("amount_ore", [TOO_MUCH, -TOO_MUCH])
def test_refuses_an_amount_the_book_cannot_sum(amount_ore: int) -> None:
    command = a_voucher(lines=lines((6570, amount_ore), (1930, -amount_ore)))

    assert refused(given(), command, AmountTooLarge) == {"amount_ore": amount_ore}


def test_takes_the_largest_amount_there_is() -> None:
    assert accepts(given(), a_voucher(lines=lines((6570, MAX_ORE), (1930, -MAX_ORE))))


def dimensioned(project: str = "", party: str = "") -> tuple[Line, ...]:
    """Return lines whose cost names a project and a party."""
    return (Line(account=6570, amount_ore=1, project=project, party=party), Line(account=1930, amount_ore=-1))


def test_refuses_an_unknown_project() -> None:
    assert refused(given(), a_voucher(lines=dimensioned(project="okand")), ProjectUnknown) == {"project": "okand"}


def test_refuses_a_closed_project() -> None:
    book = given(CloseProject(project="insatsen"))

    assert refused(book, a_voucher(lines=dimensioned("insatsen")), ProjectIsClosed) == {"project": "insatsen"}


def test_refuses_an_unknown_party() -> None:
    assert refused(given(), a_voucher(lines=dimensioned(party="okand")), PartyUnknown) == {"party": "okand"}


def test_checks_the_accounts_before_the_date_before_the_balance() -> None:
    wrong = a_voucher(accounting_date=date(2030, 1, 1), lines=lines((6571, 1), (1930, 1)))

    refused(given(), wrong, AccountUnknown)
    wrong = structs.replace(wrong, lines=lines((6570, 1), (1930, 1)))
    refused(given(), wrong, DateOutsideYear)


def test_numbers_each_series_and_year_from_one() -> None:
    book = after(given(), a_year(year=2024), a_voucher(), a_voucher(series="X"))

    assert str(vouched(decided(book, a_voucher())).id) == "A2/2023"
    assert str(vouched(decided(book, a_voucher(series="X"))).id) == "X2/2023"
    assert str(vouched(decided(book, a_voucher(accounting_date=date(2024, 1, 1)))).id) == "A1/2024"


def test_keeps_dimensions_beside_the_postings_they_belong_to() -> None:
    voucher = vouched(decided(given(), a_voucher(lines=dimensioned("insatsen", "kunden"))))

    assert (voucher.projects, voucher.parties) == (("insatsen", ""), ("kunden", ""))
    assert voucher.postings[0] == (6570, 1, "insatsen", "kunden")


def test_sums_the_result_of_the_year_and_the_cash_of_the_day() -> None:
    journal = given(a_voucher(), a_voucher()).journal

    assert dict(journal.results_ore) == {2023: 200_00}
    assert dict(journal.cash_ore) == {(1930, date(2023, 6, 30)): -200_00}


def test_stops_at_a_voucher_out_of_sequence() -> None:
    voucher = structs.replace(vouched(decided(given(), a_voucher())), number=2)

    with pytest.raises(InvariantBroken, match="A2/2023 is out of sequence"):
        enter(given().journal, voucher)


def test_stops_at_a_voucher_out_of_balance() -> None:
    voucher = structs.replace(vouched(decided(given(), a_voucher())), amounts_ore=(100_00, -1))

    with pytest.raises(InvariantBroken, match="A1/2023 is not balanced"):
        enter(given().journal, voucher)
