"""Contributions: invoiced within what is agreed, received and credited within what is owed, accrued per member."""

from datetime import date

import pytest

from domain.books.accrual import AccrualExists, ReverseAccrual
from domain.books.fiscal_year import DateOutsideYear, NotAMonthEnd
from domain.books.register import MEMBER_KINDS, OrganisationNumberWrong, PartyExists
from domain.books.voucher import Posting, Voucher
from domain.kernel.event import Command
from domain.kernel.refusal import Warned
from domain.membership.contribution import (
    SHARES,
    ContributionBelowInvoiced,
    ContributionInvoiceExists,
    ContributionInvoiceUnknown,
    ContributionNotAgreed,
    ContributionOverAgreed,
    ContributionOverpaid,
    MemberUnknown,
    NothingToAccrue,
)
from domain.membership.facts import (
    AccrueContributions,
    ContributionAgreed,
    ContributionCredited,
    ContributionInvoiced,
    ContributionReceived,
    ContributionsAccrued,
    LeaveMember,
    MemberDifference,
    MemberJoined,
    MemberLeft,
)
from tests.builders import (
    BY_ANNA,
    a_contribution,
    a_contribution_credit,
    a_contribution_invoice,
    a_contribution_payment,
    a_member,
    a_party,
    accepts,
    after,
    decided,
    event_of,
    given,
    postings,
    refused,
    vouched,
)

LEAVE = LeaveMember(party="staten", left_on=date(2023, 12, 31))
AUGUST = AccrueContributions(accrual="insatser-augusti", period_end=date(2023, 8, 31))
INVOICED: tuple[Command, ...] = (a_contribution(), a_contribution_invoice())


# -------------------------------------------------------------------------------------------------------- members


def test_lets_a_member_join() -> None:
    command = a_member(organisation_number="222000-2634")

    assert decided(given(), command) == event_of(MemberJoined, command)


def test_knows_a_member_as_a_party() -> None:
    assert refused(given(a_member()), a_party(party="grannkommunen"), PartyExists) == {"party": "grannkommunen"}


def test_refuses_a_member_whose_name_is_taken() -> None:
    assert refused(given(), a_member(party="kunden"), PartyExists) == {"party": "kunden"}


def test_refuses_a_member_whose_number_has_a_wrong_check_digit() -> None:
    command = a_member(organisation_number="222000-2635")

    assert refused(given(), command, OrganisationNumberWrong) == {"organisation_number": "222000-2635"}


def test_lets_a_member_leave() -> None:
    assert decided(given(), LEAVE) == event_of(MemberLeft, LEAVE)


def test_refuses_to_let_a_member_leave_twice() -> None:
    assert refused(given(LEAVE), LEAVE, MemberUnknown) == {"party": "staten"}


def test_has_a_share_for_every_kind_of_member() -> None:
    assert set(SHARES) == MEMBER_KINDS


# ----------------------------------------------------------------------------------------------------- agreements


def test_agrees_on_a_contribution_recognised_as_the_association_does() -> None:
    event = decided(given(), a_contribution())

    assert event == event_of(ContributionAgreed, a_contribution(), recognition="linear")


def test_agrees_on_a_contribution_recognised_in_its_own_way() -> None:
    command = a_contribution(recognition="as-invoiced")

    assert decided(given(), command) == event_of(ContributionAgreed, command)


def test_refuses_a_contribution_of_somebody_who_is_no_member() -> None:
    assert refused(given(), a_contribution(party="kunden"), MemberUnknown) == {"party": "kunden"}


def test_refuses_a_contribution_of_a_member_who_has_left() -> None:
    assert refused(given(LEAVE), a_contribution(), MemberUnknown) == {"party": "staten"}


def test_refuses_a_contribution_below_what_was_invoiced() -> None:
    facts = refused(given(*INVOICED), a_contribution(amount_ore=2_999_99), ContributionBelowInvoiced)

    assert facts == {"party": "staten", "year": 2023, "amount_ore": 2_999_99, "invoiced_ore": 3_000_00}


def test_lowers_a_contribution_to_what_was_invoiced() -> None:
    book = after(given(*INVOICED), a_contribution(amount_ore=3_000_00))

    facts = refused(book, a_contribution_invoice(invoice="1002", amount_ore=1), ContributionOverAgreed)

    assert facts["left_ore"] == 0


def agreed(state_ore: int, region_ore: int, municipality_ore: int) -> tuple[Warned, ...]:
    """Return the warnings of the agreement that completes a year."""
    book = given(a_contribution(amount_ore=state_ore), a_contribution(party="regionen", amount_ore=region_ore))
    event = decided(book, a_contribution(party="kommunen", amount_ore=municipality_ore))
    assert isinstance(event, ContributionAgreed)
    return event.recorded.warnings


@pytest.mark.parametrize(
    "shares",
    [
        (2_000_000_00, 1_000_000_00, 1_000_000_00),
        (2_001_000_00, 1_000_000_00, 1_000_000_00),  # within a thousand kronor
        (0, 0, 0),
    ],
)
def test_accepts_half_a_quarter_and_a_quarter_within_rounding(shares: tuple[int, int, int]) -> None:
    assert agreed(*shares) == ()


def test_warns_of_the_kinds_whose_shares_are_off() -> None:
    assert agreed(2_000_000_00, 1_000_000_00, 600_000_00) == (
        Warned(
            code="contribution_shares",
            facts={"year": 2023, "kind": "state", "agreed_ore": 2_000_000_00, "expected_ore": 1_800_000_00},
        ),
        Warned(
            code="contribution_shares",
            facts={"year": 2023, "kind": "region", "agreed_ore": 1_000_000_00, "expected_ore": 900_000_00},
        ),
        Warned(
            code="contribution_shares",
            facts={"year": 2023, "kind": "municipality", "agreed_ore": 600_000_00, "expected_ore": 900_000_00},
        ),
    )


def test_warns_from_the_first_ore_beyond_a_thousand_kronor() -> None:
    within = agreed(2_002_000_00, 1_000_000_00, 1_000_000_00)
    beyond = agreed(2_002_000_02, 1_000_000_00, 1_000_000_00)

    assert within == ()
    assert [warning.facts["kind"] for warning in beyond] == ["state"]


def test_says_nothing_of_shares_before_every_member_has_agreed() -> None:
    event = decided(given(a_contribution()), a_contribution(party="regionen", amount_ore=1))

    assert event.recorded == BY_ANNA


def test_sums_the_shares_of_the_municipalities() -> None:
    book = given(
        a_member(),
        a_contribution(amount_ore=2_000_000_00),
        a_contribution(party="regionen", amount_ore=1_000_000_00),
        a_contribution(party="kommunen", amount_ore=700_000_00),
    )

    event = decided(book, a_contribution(party="grannkommunen", amount_ore=300_000_00))

    assert event.recorded.warnings == ()


# ------------------------------------------------------------------------------------------------------- invoices


def test_invoices_a_contribution() -> None:
    voucher = Voucher(
        series="M",
        number=1,
        year=2023,
        accounting_date=date(2023, 1, 15),
        text="Medlemsinsats kvartal 1",
        counterparty="Försäkringskassan",
        reference="1001",
        accounts=(1510, 3985),
        amounts_ore=(3_000_00, -3_000_00),
        parties=("staten", "staten"),
    )

    event = decided(given(a_contribution()), a_contribution_invoice())

    assert event == event_of(ContributionInvoiced, a_contribution_invoice(), voucher=voucher)


@pytest.mark.parametrize(("party", "account"), [("staten", 3985), ("regionen", 3988), ("kommunen", 3987)])
def test_credits_the_income_of_the_kind_of_member(party: str, account: int) -> None:
    event = decided(given(a_contribution(party=party)), a_contribution_invoice(party=party))

    assert postings(event) == [(1510, 3_000_00), (account, -3_000_00)]


def test_refuses_an_invoice_to_somebody_who_is_no_member() -> None:
    assert refused(given(), a_contribution_invoice(party="kunden"), MemberUnknown) == {"party": "kunden"}


def test_refuses_an_invoice_number_twice() -> None:
    assert refused(given(*INVOICED), a_contribution_invoice(), ContributionInvoiceExists) == {"invoice": "1001"}


def test_refuses_an_invoice_of_what_was_not_agreed() -> None:
    facts = refused(given(a_contribution(year=2024)), a_contribution_invoice(), ContributionNotAgreed)

    assert facts == {"party": "staten", "year": 2023}


def test_refuses_to_invoice_more_than_is_left() -> None:
    command = a_contribution_invoice(invoice="1002", amount_ore=9_000_01)

    assert refused(given(*INVOICED), command, ContributionOverAgreed) == {
        "party": "staten",
        "year": 2023,
        "amount_ore": 9_000_01,
        "left_ore": 9_000_00,
    }


def test_invoices_all_that_is_left() -> None:
    assert accepts(given(*INVOICED), a_contribution_invoice(invoice="1002", amount_ore=9_000_00))


def test_refuses_an_invoice_dated_outside_an_open_year() -> None:
    command = a_contribution_invoice(invoice_date=date(2024, 1, 2))

    assert refused(given(a_contribution()), command, DateOutsideYear) == {"accounting_date": "2024-01-02"}


# --------------------------------------------------------------------------------------------- payments, credits


def test_receives_a_contribution() -> None:
    voucher = Voucher(
        series="B",
        number=1,
        year=2023,
        accounting_date=date(2023, 2, 14),
        text="Inbetalning insatsfaktura 1001",
        counterparty="Försäkringskassan",
        reference="BG 17",
        accounts=(1930, 1510),
        amounts_ore=(3_000_00, -3_000_00),
        parties=("", "staten"),
    )
    command = a_contribution_payment(reference="BG 17")

    event = decided(given(*INVOICED), command)

    assert event == event_of(ContributionReceived, command, party="staten", voucher=voucher)


def test_refers_to_the_invoice_where_a_payment_has_no_reference() -> None:
    assert vouched(decided(given(*INVOICED), a_contribution_payment())).reference == "1001"


def test_refuses_a_payment_of_an_invoice_it_does_not_have() -> None:
    facts = refused(given(), a_contribution_payment(), ContributionInvoiceUnknown)

    assert facts == {"invoice": "1001"}


def test_refuses_a_payment_above_what_is_owed() -> None:
    book = given(*INVOICED, a_contribution_payment(amount_ore=1_000_00))

    facts = refused(book, a_contribution_payment(amount_ore=2_000_01), ContributionOverpaid)

    assert facts == {"invoice": "1001", "amount_ore": 2_000_01, "owed_ore": 2_000_00}


def test_credits_a_contribution() -> None:
    voucher = Voucher(
        series="M",
        number=2,
        year=2023,
        accounting_date=date(2023, 3, 1),
        text="Fel belopp",
        counterparty="Försäkringskassan",
        reference="1001",
        accounts=(1510, 3985),
        amounts_ore=(-1_000_00, 1_000_00),
        parties=("staten", "staten"),
    )

    event = decided(given(*INVOICED), a_contribution_credit())

    assert event == event_of(ContributionCredited, a_contribution_credit(), party="staten", year=2023, voucher=voucher)


def test_refuses_a_credit_above_what_is_owed() -> None:
    facts = refused(given(*INVOICED), a_contribution_credit(amount_ore=3_000_01), ContributionOverpaid)

    assert facts == {"invoice": "1001", "amount_ore": 3_000_01, "owed_ore": 3_000_00}


def test_invoices_anew_what_was_credited() -> None:
    book = given(*INVOICED, a_contribution_credit())

    facts = refused(book, a_contribution_invoice(invoice="1002", amount_ore=10_000_01), ContributionOverAgreed)

    assert facts["left_ore"] == 10_000_00


def test_takes_a_payment_from_a_member_who_has_left() -> None:
    assert accepts(given(*INVOICED, LEAVE), a_contribution_payment())


# ------------------------------------------------------------------------------------------------------- accruals


def test_accrues_what_is_earned_and_prepays_what_is_not() -> None:
    book = given(
        a_contribution(),  # earned 8 000, invoiced 9 000: 1 000 prepaid
        a_contribution_invoice(amount_ore=9_000_00),
        a_contribution(party="regionen", amount_ore=6_000_00),  # earned 4 000, invoiced 3 000: 1 000 accrued
        a_contribution_invoice(party="regionen", invoice="1002", amount_ore=3_000_00),
        a_contribution(party="kommunen", amount_ore=6_000_00),  # earned 4 000, invoiced 4 000
        a_contribution_invoice(party="kommunen", invoice="1003", amount_ore=4_000_00),
    )
    voucher = Voucher(
        series="P",
        number=1,
        year=2023,
        accounting_date=date(2023, 8, 31),
        text="Periodisering medlemsinsatser per 2023-08-31",
        accounts=(1780, 3988, 2970, 3985),
        amounts_ore=(1_000_00, -1_000_00, -1_000_00, 1_000_00),
        parties=("regionen", "regionen", "staten", "staten"),
    )

    event = decided(book, AUGUST)

    assert event == event_of(
        ContributionsAccrued,
        AUGUST,
        voucher=voucher,
        differences=(
            MemberDifference(party="regionen", amount_ore=1_000_00),
            MemberDifference(party="staten", amount_ore=-1_000_00),
        ),
        reverse_on=date(2023, 9, 1),
    )


def test_counts_what_was_invoiced_through_the_period_end_only() -> None:
    book = given(
        a_contribution(),
        a_contribution_invoice(invoice_date=date(2023, 8, 31), amount_ore=8_000_00),
        a_contribution_invoice(invoice="1002", invoice_date=date(2023, 9, 1), amount_ore=4_000_00),
    )

    assert refused(book, AUGUST, NothingToAccrue) == {"period_end": "2023-08-31"}


def test_counts_a_credit_from_its_date() -> None:
    book = given(*INVOICED, a_contribution_credit(credited_on=date(2023, 9, 1)))

    assert postings(decided(book, AUGUST)) == [(1780, 5_000_00), (3985, -5_000_00)]


def test_leaves_alone_what_is_recognised_as_invoiced() -> None:
    book = given(a_contribution(recognition="as-invoiced"), a_contribution_invoice())

    assert refused(book, AUGUST, NothingToAccrue) == {"period_end": "2023-08-31"}


def test_leaves_the_contributions_of_other_years_alone() -> None:
    assert refused(given(a_contribution(year=2024)), AUGUST, NothingToAccrue)


def test_rounds_what_is_earned_to_whole_ore() -> None:
    book = given(a_contribution(amount_ore=100_01))

    assert postings(decided(book, AUGUST)) == [(1780, 66_67), (3985, -66_67)]


@pytest.mark.parametrize(("invoiced_ore", "account", "moved_ore"), [(79_99, 1780, 1), (80_01, 2970, -1)])
def test_accrues_and_prepays_a_single_ore(invoiced_ore: int, account: int, moved_ore: int) -> None:
    book = given(a_contribution(amount_ore=120_00), a_contribution_invoice(amount_ore=invoiced_ore))

    assert postings(decided(book, AUGUST)) == [(account, moved_ore), (3985, -moved_ore)]


def test_refuses_to_accrue_contributions_under_a_name_that_is_taken() -> None:
    book = given(*INVOICED, AUGUST)

    assert refused(book, AUGUST, AccrualExists) == {"accrual": "insatser-augusti"}


def test_accrues_only_what_is_not_accrued_yet() -> None:
    again = AccrueContributions(accrual="en-gang-till", period_end=date(2023, 8, 31))
    book = given(a_contribution(), AUGUST)

    assert refused(book, again, NothingToAccrue) == {"period_end": "2023-08-31"}
    book = after(book, a_contribution_invoice(invoice_date=date(2023, 8, 15)))
    assert postings(decided(book, again)) == [(1780, -3_000_00), (3985, 3_000_00)]


def test_refuses_to_accrue_contributions_within_a_month() -> None:
    command = AccrueContributions(accrual="a", period_end=date(2023, 8, 30))

    assert refused(given(a_contribution()), command, NotAMonthEnd) == {"year": 2023, "day": "2023-08-30"}


def test_refuses_to_accrue_contributions_outside_an_open_year() -> None:
    command = AccrueContributions(accrual="a", period_end=date(2024, 8, 31))

    assert refused(given(a_contribution()), command, DateOutsideYear)


def test_reverses_accrued_contributions() -> None:
    book = given(a_contribution(), AUGUST)

    voucher = vouched(decided(book, ReverseAccrual(accrual="insatser-augusti")))

    assert voucher.accounting_date == date(2023, 9, 1)
    assert voucher.postings == (Posting(1780, -8_000_00, "", "staten"), Posting(3985, 8_000_00, "", "staten"))
