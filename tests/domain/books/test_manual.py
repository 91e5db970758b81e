"""Vouchers that a person words: opening balances once, manual vouchers in their own series, corrections that name."""

from datetime import date

import pytest

from domain.book import Book, evolve
from domain.books.chart import AccountUnknown
from domain.books.fiscal_year import ClosePeriod, DateInClosedPeriod, YearUnknown
from domain.books.journal import VoucherNotBalanced
from domain.books.manual import (
    CorrectionBeforeVoucher,
    OpeningBalanceOnResult,
    OpeningBalancesEntered,
    OpeningBalancesExist,
    SeriesReserved,
    VoucherAlreadyCorrected,
    VoucherCorrected,
    VoucherPosted,
    VoucherReplaced,
    VoucherUnknown,
    YearEndNotCorrected,
)
from domain.books.series import RESERVED
from domain.books.voucher import Voucher
from domain.books.year_end import CloseYear
from domain.decisions import decide
from domain.kernel.refusal import Warned
from tests.builders import (
    BY_ANNA,
    TODAY,
    WAIVED,
    a_correction,
    a_voucher,
    a_year,
    after,
    decided,
    event_of,
    given,
    lines,
    opening_balances,
    refused,
    vouched,
)


def test_enters_opening_balances_on_the_first_day_of_the_year() -> None:
    voucher = Voucher(
        series="IB",
        number=1,
        year=2023,
        accounting_date=date(2023, 1, 1),
        text="Ingående balanser",
        accounts=(1930, 2081),
        amounts_ore=(5_000_00, -5_000_00),
    )

    event = decided(given(), opening_balances())

    assert event == OpeningBalancesEntered(year=2023, recorded=BY_ANNA, voucher=voucher)


def test_refuses_opening_balances_twice() -> None:
    assert refused(given(opening_balances()), opening_balances(), OpeningBalancesExist) == {"year": 2023}


def test_refuses_opening_balances_of_a_later_year() -> None:
    book = given(a_year(year=2024))

    assert refused(book, opening_balances(year=2024), OpeningBalancesExist) == {"year": 2024}


def test_refuses_opening_balances_of_a_year_nobody_opened() -> None:
    assert refused(given(), opening_balances(year=2022), YearUnknown) == {"year": 2022}


@pytest.mark.parametrize("account", [3985, 4010, 8999])
def test_refuses_an_opening_balance_on_a_result_account(account: int) -> None:
    command = opening_balances(lines=lines((1930, 1), (account, -1)))

    assert refused(given(), command, OpeningBalanceOnResult) == {"account": account}


def test_refuses_an_opening_balance_on_an_unknown_account() -> None:
    command = opening_balances(lines=lines((1930, 1), (2082, -1)))

    assert refused(given(), command, AccountUnknown) == {"account": 2082}


def test_refuses_opening_balances_that_do_not_balance() -> None:
    command = opening_balances(lines=lines((1930, 2), (2081, -1)))

    assert refused(given(), command, VoucherNotBalanced) == {"difference_ore": 1}


def test_posts_a_manual_voucher() -> None:
    command = a_voucher(counterparty="Banken", reference="Avi 7")
    voucher = Voucher(
        series="A",
        number=1,
        year=2023,
        accounting_date=TODAY,
        text="Bankavgift",
        counterparty="Banken",
        reference="Avi 7",
        accounts=(6570, 1930),
        amounts_ore=(100_00, -100_00),
    )

    assert decided(given(), command) == VoucherPosted(recorded=BY_ANNA, voucher=voucher)


@pytest.mark.parametrize("series", sorted(RESERVED))
def test_refuses_a_manual_voucher_in_a_series_of_another_ledger(series: str) -> None:
    assert refused(given(), a_voucher(series=series), SeriesReserved) == {"series": series, "manual": "A"}


def posted() -> tuple[Book, Voucher]:
    """Return a book with a manual voucher, and the voucher."""
    event = decided(given(), a_voucher(counterparty="Banken"))
    return evolve(given(), event), vouched(event)


def test_corrects_a_voucher_by_its_opposite() -> None:
    book, original = posted()
    voucher = Voucher(
        series="R",
        number=1,
        year=2023,
        accounting_date=TODAY,
        text="Fel konto",
        counterparty="Banken",
        reference="A1/2023",
        accounts=(6570, 1930),
        amounts_ore=(-100_00, 100_00),
    )

    event = decided(book, a_correction(), original=original)

    assert event == event_of(VoucherCorrected, a_correction(), voucher=voucher)


def test_follows_a_correction_by_the_right_voucher() -> None:
    book, original = posted()
    command = a_correction(lines=lines((6530, 100_00), (1930, -100_00)))

    correction, replacement = decide(book, command, BY_ANNA, original)

    assert vouched(correction).amounts_ore == (-100_00, 100_00)
    assert replacement == VoucherReplaced(
        year=2023,
        series="A",
        number=1,
        correction_series="R",
        correction_number=1,
        recorded=BY_ANNA,
        voucher=Voucher(
            series="R",
            number=2,
            year=2023,
            accounting_date=TODAY,
            text="Fel konto",
            counterparty="Banken",
            reference="R1/2023",
            accounts=(6530, 1930),
            amounts_ore=(100_00, -100_00),
        ),
    )


def test_refuses_the_correction_too_when_the_right_voucher_is_refused() -> None:
    book, original = posted()
    command = a_correction(lines=lines((6530, 100_00), (1930, -1)))

    assert refused(book, command, VoucherNotBalanced, original=original) == {"difference_ore": 99_99}


def test_refuses_to_correct_a_voucher_it_does_not_have() -> None:
    assert refused(given(), a_correction(number=7), VoucherUnknown) == {"voucher": "A7/2023"}


def test_refuses_to_correct_a_voucher_twice() -> None:
    book, original = posted()
    book = evolve(book, decided(book, a_correction(), original=original))

    facts = refused(book, a_correction(), VoucherAlreadyCorrected, original=original)

    assert facts == {"voucher": "A1/2023", "correction": "R1/2023"}


def test_refuses_to_correct_the_year_end_of_a_closed_year() -> None:
    book, original = posted()

    facts = refused(book, a_correction(series="S"), YearEndNotCorrected, original=original)

    assert facts == {"voucher": "S1/2023"}


def test_corrects_a_wrong_correction() -> None:
    book, original = posted()
    correction = decided(book, a_correction(), original=original)
    book = evolve(book, correction)

    event = decided(book, a_correction(series="R"), original=vouched(correction))

    assert vouched(event).reference == "R1/2023"
    assert vouched(event).amounts_ore == original.amounts_ore


def test_refuses_a_correction_dated_before_the_voucher() -> None:
    book, original = posted()
    command = a_correction(corrected_on=date(2023, 6, 29))

    facts = refused(book, command, CorrectionBeforeVoucher, original=original)

    assert facts == {"voucher": "A1/2023", "corrected_on": "2023-06-29", "accounting_date": "2023-06-30"}


def test_sums_to_zero_after_a_correction() -> None:
    book, original = posted()

    book = evolve(book, decided(book, a_correction(), original=original))

    assert dict(book.journal.results_ore) == {2023: 0}
    assert after(book, a_voucher()).journal.numbers[2023, "A"] == 2


def test_dates_a_correction_as_the_voucher_while_its_period_is_open() -> None:
    book, original = posted()

    event = decided(book, a_correction(corrected_on=None), original=original)

    assert vouched(event).accounting_date == TODAY


def test_dates_a_correction_on_the_first_open_day_once_the_period_is_closed() -> None:
    book, original = posted()
    book = after(book, ClosePeriod(year=2023, through=date(2023, 7, 31), waivers=WAIVED))

    event = decided(book, a_correction(corrected_on=None), original=original)

    assert vouched(event).accounting_date == date(2023, 8, 1)


def test_dates_a_correction_in_the_next_year_once_the_year_is_closed() -> None:
    book, original = posted()
    book = after(book, a_year(year=2024), CloseYear(year=2023, waivers=WAIVED))

    event = decided(book, a_correction(corrected_on=None), original=original)

    assert str(vouched(event).id) == "R1/2024"
    assert vouched(event).accounting_date == date(2024, 1, 1)


def test_refuses_an_undated_correction_when_no_period_after_the_voucher_is_open() -> None:
    book, original = posted()
    book = after(book, CloseYear(year=2023, waivers=WAIVED))

    assert refused(book, a_correction(corrected_on=None), DateInClosedPeriod, original=original)


def test_warns_of_a_correction_that_a_sub_ledger_does_not_follow() -> None:
    event = decided(given(), a_voucher(lines=lines((2440, 1), (1930, -1))))

    correction = decided(evolve(given(), event), a_correction(), original=vouched(event))

    assert correction.recorded == BY_ANNA.warn(
        Warned(code="correction_touches_subledger", facts={"voucher": "A1/2023"})
    )
