"""Two years of an association: an interim report, a late invoice, a reopening, two annual closings."""

from datetime import date

import pytest

from domain.books.accrual import SetRecurringAccrual
from domain.books.fiscal_year import ClosePeriod, DateInClosedPeriod, PeriodClosed, ReopenPeriod, Waiver
from domain.books.manual import CorrectVoucher
from domain.books.year_end import CloseYear, YearClosed
from domain.closing import PeriodNotReady
from tests.builders import (
    FOUNDING,
    a_contribution,
    a_contribution_invoice,
    a_contribution_payment,
    a_delegation,
    a_statement,
    a_supplier_invoice,
    a_voucher,
    a_year,
    an_attestation,
    lines,
    opening_balances,
)
from tests.scenarios.story import Story

AUGUST = ClosePeriod(year=2023, through=date(2023, 8, 31))
BANK, CLAIMS, ACCRUED, EQUITY, RESULT = 1930, 1510, 1780, 2081, 2099
STATE, RENT = 3985, 5010


def to_the_interim_report() -> Story:
    """Tell of the year until the board has its report as of 31 August."""
    story = Story()
    story.tell("2023-01-02", *FOUNDING, opening_balances(), a_contribution(), a_delegation())
    audit = SetRecurringAccrual(
        accrual="revision",
        kind="accrued-cost",
        account=6420,
        monthly_ore=100_00,
        first_month=date(2023, 1, 1),
        text="Revision",
    )
    story.tell("2023-01-02", audit)
    story.tell("2023-01-15", a_contribution_invoice(amount_ore=6_000_00))
    story.tell("2023-02-14", a_contribution_payment(amount_ore=6_000_00))
    story.tell("2023-03-01", a_supplier_invoice())
    rent = a_voucher(accounting_date=date(2023, 5, 2), text="Hyra", lines=lines((RENT, 900_00), (BANK, -900_00)))
    story.tell("2023-05-02", rent)
    return story


def closed_to_august() -> Story:
    """Tell on until August is closed."""
    story = to_the_interim_report()
    story.tell("2023-09-05", an_attestation())
    story.tell("2023-09-06", a_statement(statement="8", statement_date=AUGUST.through, balance_ore=10_100_00))
    story.tell("2023-09-10", AUGUST)
    return story


def test_does_not_close_august_before_it_is_ready() -> None:
    story = to_the_interim_report()

    with pytest.raises(PeriodNotReady) as refused:
        story.tell("2023-09-04", AUGUST)

    assert refused.value.facts["points"] == ("bank_reconciled", "invoices_attested")
    assert not any(isinstance(event, PeriodClosed) for event in story.events)


def test_reports_the_second_tertial_and_begins_september_without_the_accruals() -> None:
    story = closed_to_august()

    # The state has agreed to 12 000: 8 000 is earned, 6 000 invoiced. Eight months of audit, 100 each.
    assert story.kronor("2023-08-31", STATE, ACCRUED, 6420, 2990) == [-8_000, 2_000, 800, -800]
    assert story.kronor("2023-09-01", STATE, ACCRUED, 6420, 2990) == [-6_000, 0, 0, 0]
    assert story.kronor("2023-08-31", BANK) == [10_100]


def test_corrects_what_is_closed_in_the_open_month_and_leaves_the_report_as_it_was() -> None:
    story = closed_to_august()
    known = len(story.events)

    wrong = CorrectVoucher(
        year=2023, series="A", number=1, reason="Lägre hyra", lines=lines((RENT, 800_00), (BANK, -800_00))
    )

    assert story.tell("2023-09-20", wrong) == ["R1/2023 2023-09-01", "R2/2023 2023-09-01"]
    assert story.kronor("2023-08-31", RENT) == story.kronor("2023-08-31", RENT, known_at=known) == [900]
    assert story.kronor("2023-09-30", RENT, BANK) == [800, 10_200]


def test_reopens_august_for_a_late_invoice_and_accrues_the_difference() -> None:
    story = closed_to_august()
    known = len(story.events)
    late = a_contribution_invoice(invoice="1002", invoice_date=date(2023, 8, 31), amount_ore=1_500_00)
    with pytest.raises(DateInClosedPeriod):
        story.tell("2023-09-21", late)

    story.tell(
        "2023-09-22",
        ReopenPeriod(year=2023, opened_from=date(2023, 8, 1), reason="Glömd faktura", second_signer="Bo"),
        late,
    )
    vouchers = story.tell("2023-09-22", AUGUST)

    assert vouchers == ["P5/2023 2023-08-31", "P6/2023 2023-09-01"]
    assert story.kronor("2023-08-31", STATE, CLAIMS, ACCRUED) == [-8_000, 1_500, 500]
    assert story.kronor("2023-08-31", STATE, CLAIMS, ACCRUED, known_at=known) == [-8_000, 0, 2_000]
    assert story.kronor("2023-09-01", STATE, ACCRUED) == [-7_500, 0]


def to_the_second_year() -> Story:
    """Tell on until the first year is closed, and the second opened after that."""
    story = closed_to_august()
    story.tell(
        "2023-12-01", a_contribution_invoice(invoice="1003", invoice_date=date(2023, 12, 1), amount_ore=6_000_00)
    )
    story.tell("2023-12-20", a_contribution(year=2024))
    early = a_contribution_invoice(year=2024, invoice="1004", invoice_date=date(2023, 12, 27), amount_ore=3_000_00)
    story.tell("2023-12-27", early)
    story.tell("2024-01-10", a_statement(statement="12", statement_date=date(2023, 12, 31), balance_ore=10_100_00))
    story.tell("2024-02-10", CloseYear(year=2023))
    return story


def test_closes_the_year_and_opens_the_next_with_the_same_balances() -> None:
    story = to_the_second_year()

    # Contributions 12 000, costs 800 + 900 + 1 200: the invoice of 2024 is prepaid, the audit accrued.
    assert isinstance(story.events[-1], YearClosed)
    assert story.events[-1].result_ore == 9_100_00
    assert story.kronor("2023-12-31", RESULT, EQUITY, CLAIMS, 2970, 2990) == [-9_100, -5_000, 9_000, -3_000, -1_200]

    reversals = story.tell("2024-02-11", a_year(year=2024))

    assert reversals == ["P1/2024 2024-01-01", "P2/2024 2024-01-01"]
    balance = (BANK, CLAIMS, 1650, EQUITY, RESULT, 2440, 2970, 2990)
    assert story.kronor("2024-12-31", *balance, opening=True) == story.kronor("2023-12-31", *balance)
    assert story.kronor("2024-01-01", 2970, 2990) == [0, 0]


def test_closes_the_second_year_with_a_reason_for_what_is_not_reconciled() -> None:
    story = to_the_second_year()
    story.tell("2024-02-11", a_year(year=2024))
    why = Waiver(point="bank_reconciled", reason="Banken har inte sänt utdraget")

    story.tell("2025-01-20", CloseYear(year=2024, waivers=(why,)))

    closing = next(event for event in reversed(story.events) if isinstance(event, PeriodClosed))
    assert (closing.points[0].outcome, closing.points[0].reason) == ("waived", why.reason)
    # Contributions 12 000 by month; the audit of 2023, reversed in January, against that of 2024.
    assert isinstance(story.events[-1], YearClosed)
    assert story.events[-1].result_ore == 12_000_00
    assert story.kronor("2024-12-31", RESULT, EQUITY) == [-21_100, -5_000]
