"""The notation of books as text: what it reads, and what it refuses."""

from datetime import date

import pytest

from domain.books.manual import OpeningBalancesEntered, VoucherPosted
from domain.books.voucher import Posting
from domain.catalogue import voucher_of
from tests.ledger_text import books, events


def test_reads_vouchers_postings_and_dimensions() -> None:
    _, opening, voucher = events("""
        2023-01-01 IB Ingående balanser
            1930  5 000
            2081 -5 000
        2023-02-28 [2023-03-04] Bidrag
            4010  1 000,50  #insatsen @utforaren
            1930 -1 000,50
    """)

    assert isinstance(opening, OpeningBalancesEntered)
    assert isinstance(voucher, VoucherPosted)
    assert voucher.recorded.registered_on == date(2023, 3, 4)
    assert voucher.voucher.accounting_date == date(2023, 2, 28)
    assert voucher.voucher.postings == (Posting(4010, 1_000_50, "insatsen", "utforaren"), Posting(1930, -1_000_50))


def test_numbers_vouchers_and_never_lets_registration_go_back() -> None:
    found = events("""
        2023-05-01 [2023-06-01] Sen
            1930  1
            2081 -1
        2023-04-01 Senare
            1930  1
            2081 -1
    """)

    assert [voucher.number for event in found if (voucher := voucher_of(event))] == [1, 2]
    assert [event.recorded.registered_on for event in found[1:]] == [date(2023, 6, 1), date(2023, 6, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "1930 100",
        "2023-01-01 Text\n1930 100\n3985 -99",
        "2023-01-01 Text\n1930 hundra",
        "2023-01-01",
        "2023-02-30 Text\n1930 1\n1930 -1",
    ],
)
def test_refuses_what_it_cannot_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"cannot read|not balanced|day is out of range|day must be in range"):
        books(text)


def test_an_empty_text_is_an_empty_book() -> None:
    assert books("").position == 1
