"""Grants: decided once, claimed within what is granted unless the board says otherwise, settled, returned, closed."""

from datetime import date

import pytest

from domain.books.chart import AccountUnknown
from domain.books.fiscal_year import DateOutsideYear
from domain.books.register import CloseProject, PartyUnknown, ProjectIsClosed, ProjectUnknown
from domain.books.voucher import Voucher
from domain.funding.facts import (
    ApproveFinalReport,
    CloseGrant,
    FinalReportApproved,
    GrantAmended,
    GrantClaimed,
    GrantClosed,
    GrantDecided,
    GrantSettled,
    RemainderReturned,
    SettleGrant,
    YearAmount,
)
from domain.funding.grant import (
    ClaimAboveGranted,
    FinalReportMissing,
    GrantBelowClaimed,
    GrantExists,
    GrantIsClosed,
    GrantIsSettled,
    GrantNotSettled,
    GrantUnknown,
    GrantWithoutAmount,
    GrantYearTwice,
    RemainderAboveLeft,
)
from domain.kernel.event import Command
from domain.kernel.refusal import Warned
from domain.payables.supplier_invoice import CostAccountWrong, SupplierInvoiceExists
from tests.builders import (
    BY_ANNA,
    a_claim,
    a_delegation,
    a_grant,
    a_payment,
    a_remainder,
    a_supplier_credit,
    a_supplier_invoice,
    accepts,
    after,
    an_amendment,
    an_attestation,
    decided,
    event_of,
    given,
    postings,
    refused,
)

SETTLE = SettleGrant(grant="2023-1", settled_on=date(2023, 5, 31))
REPORT = ApproveFinalReport(grant="2023-1", approved_on=date(2023, 6, 1), decision="§ 29")
CLOSE = CloseGrant(grant="2023-1", closed_on=date(2023, 6, 30))


def granted(*amounts: tuple[int, int]) -> tuple[YearAmount, ...]:
    """Return amounts in öre by year."""
    return tuple(YearAmount(year=year, amount_ore=amount_ore) for year, amount_ore in amounts)


def test_grants_money_to_a_project() -> None:
    command = a_grant(account=4090)

    assert decided(given(), command) == event_of(GrantDecided, command)


def test_refuses_a_grant_to_a_project_nobody_opened() -> None:
    assert refused(given(), a_grant(project="okand"), ProjectUnknown) == {"project": "okand"}


def test_refuses_a_grant_to_a_closed_project() -> None:
    book = given(CloseProject(project="insatsen"))

    assert refused(book, a_grant(), ProjectIsClosed) == {"project": "insatsen"}


def test_refuses_a_grant_to_an_owner_nobody_registered() -> None:
    assert refused(given(), a_grant(owner="okand"), PartyUnknown) == {"party": "okand"}


@pytest.mark.parametrize("account", [0, 4011])
def test_refuses_a_grant_on_an_account_it_does_not_have(account: int) -> None:
    assert refused(given(), a_grant(account=account), AccountUnknown) == {"account": account}


def test_refuses_a_grant_twice() -> None:
    assert refused(given(a_grant()), a_grant(), GrantExists) == {"grant": "2023-1"}


@pytest.mark.parametrize("amounts", [(), granted((2023, 0), (2024, 0))])
def test_refuses_a_grant_of_nothing(amounts: tuple[YearAmount, ...]) -> None:
    assert refused(given(), a_grant(amounts=amounts), GrantWithoutAmount) == {"grant": "2023-1"}


def test_refuses_a_decision_that_states_a_year_twice() -> None:
    twice = granted((2023, 200_00), (2024, 100_00), (2023, 300_00))
    facts = {"grant": a_grant().grant, "year": 2023}

    assert refused(given(), a_grant(amounts=twice), GrantYearTwice) == facts
    assert refused(given(a_grant()), an_amendment(amounts=twice), GrantYearTwice) == facts


def test_refuses_to_let_a_grant_be_booked_on_the_bank() -> None:
    assert refused(given(), a_grant(account=1930), CostAccountWrong)["account"] == 1930


def test_refuses_a_claim_above_the_grant_by_a_blank_decision() -> None:
    book = given(a_grant(amounts=granted((2023, 200_00))))

    assert refused(book, a_claim(amount_ore=200_01, override=" "), ClaimAboveGranted)["left_ore"] == 200_00


# ----------------------------------------------------------------------------------------------------- amendments


def test_amends_a_grant() -> None:
    assert decided(given(a_grant()), an_amendment()) == event_of(GrantAmended, an_amendment())


def test_replaces_the_earlier_amounts_of_every_year() -> None:
    book = given(a_grant(), an_amendment())

    assert refused(book, a_claim(amount_ore=700_01), ClaimAboveGranted)["left_ore"] == 700_00
    assert refused(book, a_claim(year=2024), ClaimAboveGranted)["left_ore"] == 0


def test_refuses_to_lower_a_grant_below_what_was_claimed() -> None:
    book = given(a_grant(), a_claim())

    facts = refused(book, an_amendment(amounts=granted((2023, 499_99))), GrantBelowClaimed)

    assert facts == {"grant": "2023-1", "year": 2023, "amount_ore": 499_99, "claimed_ore": 500_00}


def test_refuses_to_leave_out_a_year_that_was_claimed() -> None:
    book = given(a_grant(), a_claim())

    facts = refused(book, an_amendment(amounts=granted((2024, 900_00))), GrantBelowClaimed)

    assert facts["amount_ore"] == 0


def test_lowers_a_grant_to_what_was_claimed() -> None:
    assert accepts(given(a_grant(), a_claim()), an_amendment(amounts=granted((2023, 500_00))))


@pytest.mark.parametrize("command", [an_amendment(), a_claim(), SETTLE, REPORT, a_remainder(), CLOSE])
def test_refuses_what_concerns_a_grant_nobody_decided(command: Command) -> None:
    assert refused(given(), command, GrantUnknown) == {"grant": "2023-1"}


@pytest.mark.parametrize("command", [an_amendment(), a_claim(), SETTLE])
def test_refuses_to_change_or_claim_a_settled_grant(command: Command) -> None:
    assert refused(given(a_grant(), SETTLE), command, GrantIsSettled) == {"grant": "2023-1"}


@pytest.mark.parametrize("command", [an_amendment(), a_claim(), SETTLE, REPORT, a_remainder(), CLOSE])
def test_refuses_whatever_concerns_a_closed_grant(command: Command) -> None:
    book = given(a_grant(), SETTLE, REPORT, CLOSE)

    assert refused(book, command, GrantIsClosed) == {"grant": "2023-1"}


# --------------------------------------------------------------------------------------------------------- claims


def test_takes_a_claim() -> None:
    voucher = Voucher(
        series="G",
        number=1,
        year=2023,
        accounting_date=date(2023, 4, 15),
        text="Rekvisition kvartal 1",
        counterparty="Utföraren",
        reference="R1",
        accounts=(4010, 2440),
        amounts_ore=(500_00, -500_00),
        projects=("insatsen", ""),
        parties=("", "utforaren"),
    )

    event = decided(given(a_grant()), a_claim())

    assert event == event_of(GrantClaimed, a_claim(), owner="utforaren", project="insatsen", voucher=voucher)


def test_posts_a_claim_to_the_account_of_the_grant() -> None:
    assert postings(decided(given(a_grant(account=4090)), a_claim()))[0] == (4090, 500_00)


def test_refuses_a_claim_above_what_is_left() -> None:
    book = given(a_grant(), a_claim())

    facts = refused(book, a_claim(invoice="R2", amount_ore=400_01), ClaimAboveGranted)

    assert facts == {"grant": "2023-1", "year": 2023, "amount_ore": 400_01, "left_ore": 400_00}


def test_refuses_a_claim_for_a_year_without_a_grant() -> None:
    assert refused(given(a_grant()), a_claim(year=2022), ClaimAboveGranted)["left_ore"] == 0


def test_takes_a_claim_above_what_is_left_by_the_boards_decision_and_warns() -> None:
    command = a_claim(amount_ore=900_01, override="§ 44")
    warned = BY_ANNA.warn(
        Warned(
            code="claim_above_granted",
            facts={"grant": "2023-1", "year": 2023, "amount_ore": 900_01, "left_ore": 900_00, "override": "§ 44"},
        )
    )

    event = decided(given(a_grant()), command)

    assert isinstance(event, GrantClaimed)
    assert event.recorded == warned
    assert event.amount_ore == 900_01


def test_does_not_warn_of_a_claim_within_the_grant_that_states_a_decision() -> None:
    assert decided(given(a_grant()), a_claim(override="§ 44")).recorded.warnings == ()


@pytest.mark.parametrize("first", [a_claim(), a_supplier_invoice(supplier="utforaren", invoice="R1")])
def test_refuses_a_claim_whose_number_the_owner_has_used(first: Command) -> None:
    facts = refused(given(a_grant(), first), a_claim(), SupplierInvoiceExists)

    assert facts == {"supplier": "utforaren", "invoice": "R1"}


def test_refuses_a_claim_on_a_project_that_was_closed() -> None:
    book = given(a_grant(), CloseProject(project="insatsen"))

    assert refused(book, a_claim(), ProjectIsClosed) == {"project": "insatsen"}


def test_refuses_a_claim_dated_outside_an_open_year() -> None:
    assert refused(given(a_grant()), a_claim(claimed_on=date(2024, 1, 15)), DateOutsideYear)


def test_pays_a_claim_like_an_invoice() -> None:
    attested = an_attestation(supplier="utforaren", invoice="R1")
    book = given(a_delegation(), a_grant(), a_claim(), attested)

    event = decided(book, a_payment(supplier="utforaren", invoice="R1", amount_ore=500_00))

    assert postings(event) == [(2440, 500_00), (1930, -500_00)]


def test_lets_a_credited_claim_be_claimed_again() -> None:
    book = given(a_grant(), a_claim())

    book = after(book, a_supplier_credit(supplier="utforaren", invoice="R1"))

    assert book.payables.invoices["utforaren", "R1"].owed_ore == 400_00
    assert book.grants["2023-1"].left_ore(2023) == 500_00


# ------------------------------------------------------------------------------------------------- the end of it


def test_approves_a_final_report() -> None:
    assert decided(given(a_grant()), REPORT) == event_of(FinalReportApproved, REPORT)


def test_settles_a_grant_at_what_was_claimed() -> None:
    book = given(a_grant(), a_claim(), a_claim(invoice="R2", year=2024, amount_ore=100_00))

    assert decided(book, SETTLE) == event_of(GrantSettled, SETTLE, claimed_ore=600_00)


def test_takes_back_what_is_left_of_a_settled_grant() -> None:
    book = given(a_grant(), a_claim(), SETTLE)

    assert decided(book, a_remainder()) == event_of(RemainderReturned, a_remainder())


def test_refuses_a_remainder_before_the_grant_is_settled() -> None:
    assert refused(given(a_grant()), a_remainder(), GrantNotSettled) == {"grant": "2023-1"}


def test_refuses_a_remainder_above_what_is_left() -> None:
    book = given(a_grant(), a_claim(), SETTLE, a_remainder(amount_ore=300_00))

    facts = refused(book, a_remainder(amount_ore=100_01), RemainderAboveLeft)

    assert facts == {"grant": "2023-1", "year": 2023, "amount_ore": 100_01, "left_ore": 100_00}


def test_closes_a_grant() -> None:
    assert decided(given(a_grant(), REPORT, SETTLE), CLOSE) == event_of(GrantClosed, CLOSE)


def test_refuses_to_close_a_grant_that_is_not_settled() -> None:
    assert refused(given(a_grant(), REPORT), CLOSE, GrantNotSettled) == {"grant": "2023-1"}


def test_refuses_to_close_a_grant_without_a_final_report() -> None:
    assert refused(given(a_grant(), SETTLE), CLOSE, FinalReportMissing) == {"grant": "2023-1"}
