"""Pay: gross and charges are costs, tax and charges are owed, the bank pays the rest."""

from datetime import date

import pytest

from domain.books.register import ProjectUnknown
from domain.books.voucher import Posting, Voucher
from domain.payroll.pay import BoardFeesRecorded, RecordBoardFees, RecordSalaries, SalariesRecorded, TaxAboveGross
from tests.builders import board_fees, decided, event_of, given, postings, refused, salaries, vouched


def test_records_salaries() -> None:
    voucher = Voucher(
        series="N",
        number=1,
        year=2023,
        accounting_date=date(2023, 5, 25),
        text="Lön maj",
        accounts=(7010, 7510, 2710, 2730, 1930),
        amounts_ore=(1_000_00, 314_20, -300_00, -314_20, -700_00),
    )

    assert decided(given(), salaries()) == event_of(SalariesRecorded, salaries(), voucher=voucher)


def test_records_board_fees() -> None:
    voucher = Voucher(
        series="N",
        number=1,
        year=2023,
        accounting_date=date(2023, 5, 25),
        text="Arvoden",
        accounts=(7210, 1930),
        amounts_ore=(500_00, -500_00),
    )

    assert decided(given(), board_fees()) == event_of(BoardFeesRecorded, board_fees(), voucher=voucher)


def test_gives_the_costs_of_pay_to_the_project() -> None:
    rows = vouched(decided(given(), salaries(project="insatsen"))).postings

    assert [row for row in rows if row.project] == [
        Posting(7010, 1_000_00, "insatsen"),
        Posting(7510, 314_20, "insatsen"),
    ]


def test_refuses_pay_of_an_unknown_project() -> None:
    assert refused(given(), salaries(project="okand"), ProjectUnknown) == {"project": "okand"}


@pytest.mark.parametrize("command", [salaries(withheld_tax_ore=1_000_01), board_fees(withheld_tax_ore=500_01)])
def test_refuses_more_tax_than_pay(command: RecordSalaries | RecordBoardFees) -> None:
    facts = refused(given(), command, TaxAboveGross)

    assert facts == {"withheld_tax_ore": command.gross_ore + 1, "gross_ore": command.gross_ore}


def test_pays_nothing_out_when_all_of_it_is_tax() -> None:
    event = decided(given(), board_fees(withheld_tax_ore=500_00))

    assert postings(event) == [(7210, 500_00), (2710, -500_00)]
