"""A SIE file into a book: all of it or nothing, once, and compared with what the file itself says."""

from datetime import date
from typing import Any

import pytest

from domain.books.chart import AccountOpened
from domain.books.fiscal_year import ClosePeriod, Waiver
from domain.books.manual import OpeningBalancesEntered, VoucherPosted
from domain.books.register import AssociationRegistered, PartyRegistered, ProjectOpened
from services.contract.envelope import message_of
from services.formats.sie4_export import export_sie
from tests.formats.sie.files import (
    A_YEAR,
    CHART,
    CLOSING,
    HEAD,
    OPENING,
    OURS,
    TODAY,
    VOUCHERS,
    Desk,
    codes,
    sie,
    voucher,
    without,
)


def desk_after(*lines: str, **options: Any) -> Desk:
    """Return a desk with a book that a file was imported into."""
    desk = Desk()
    made = desk.take(sie(*lines), **options)
    assert not made.errors
    return desk


def vouchers(desk: Desk) -> list[VoucherPosted]:
    """Return the vouchers of a book."""
    return [event for event in desk.events() if isinstance(event, VoucherPosted)]


def refused(*lines: str, **options: Any) -> set[str]:
    """Return the codes of the errors for which a file is refused, and check that nothing was written."""
    desk = Desk()
    made = desk.take(sie(*lines), **options)
    assert not made.written
    assert not desk.shelf.names()
    return {finding.code for finding in made.errors}


def next_year(*lines: str) -> tuple[str, ...]:
    """Return lines moved to the year after."""
    return tuple(line.replace("2023", "2024").replace("2022", "2023") for line in lines)


# ------------------------------------------------------------------------------------------------------ a new book


def test_a_year_becomes_a_book_with_the_balances_of_the_file() -> None:
    desk = Desk()

    made = desk.take(sie(*A_YEAR))

    assert codes(made) == {"accounts_of_other_name"}
    assert (made.written, made.vouchers, made.known) == (5, 3, 0)
    assert isinstance(desk.events()[0], AssociationRegistered)
    book = export_sie(desk.events(), 2023).data.decode("cp437")
    for line in (*OPENING, *CLOSING):
        assert line in book


def test_source_numbers_are_references_and_the_book_gives_its_own() -> None:
    rows = ("#TRANS 1930 {} -1", "#TRANS 5010 {} 1")

    desk = desk_after(
        *A_YEAR[:-10], *voucher(*rows, head="#VER A 17 20230301 x"), *voucher(*rows, head="#VER A 12 20230201 y")
    )

    found = [(event.voucher.series, event.voucher.number, event.voucher.reference) for event in vouchers(desk)]
    assert found == [("A", 1, "SIE A 17"), ("A", 2, "SIE A 12")]


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ("B1", "B1"),
        ("b1", "B1"),
        ("1", "X1"),
        ("M", "XM"),
        ("LÖN", "LON"),
        ("", "A"),
        ("?", "X"),
        ("LEVERANTORER", "LEVERANT"),
    ],
)
def test_series_keep_their_name_where_the_book_may_use_it(series: str, expected: str) -> None:
    rows = voucher("#TRANS 1930 {} -1", "#TRANS 5010 {} 1", head=f'#VER "{series}" 1 20230101 x')
    desk = desk_after(*HEAD, *CHART, *rows)

    assert vouchers(desk)[0].voucher.series == expected
    assert ("series_renamed" in codes(Desk().take(sie(*HEAD, *CHART, *rows)))) == (series != expected)


def test_history_keeps_its_registration_dates_and_signers() -> None:
    desk = desk_after(*A_YEAR)

    assert [(event.recorded.registered_on, event.recorded.actor) for event in vouchers(desk)] == [
        (date(2023, 1, 11), "anna"),
        (date(2023, 2, 12), "bo"),
    ]
    assert desk.events()[0].recorded.registered_on == date(2023, 1, 11)


def test_what_has_no_registration_date_was_registered_when_the_file_was_made() -> None:
    desk = desk_after(*(line.replace(" 20230111 anna", "") for line in A_YEAR))

    found = [(event.voucher.reference, event.recorded.registered_on, event.recorded.actor) for event in vouchers(desk)]
    assert found == [("SIE A 2", date(2023, 2, 12), "bo"), ("SIE A 1", date(2023, 12, 31), "AB")]


def test_a_file_without_any_date_is_registered_today() -> None:
    desk = Desk()

    made = desk.take(sie(*(line.replace(" 20230111 anna", "") for line in without(A_YEAR, "#GEN"))))

    assert not made.errors
    assert {event.recorded.registered_on for event in desk.events()} == {TODAY}


def test_dates_in_the_future_are_not_believed() -> None:
    desk = Desk(today=date(2023, 2, 1))

    made = desk.take(sie(*A_YEAR))

    assert "registered_on_arrival" in codes(made)
    assert {event.recorded.registered_on for event in desk.events()} == {date(2023, 2, 1)}


def test_a_book_belongs_to_whom_the_importer_says_when_the_file_does_not() -> None:
    lines = without(A_YEAR, "#ORGNR")

    assert refused(*lines) == {"association_missing"}
    desk = desk_after(*lines, organisation_number=OURS, name="Vårt", chart="kommun-bas")
    first = desk.events()[0]
    assert isinstance(first, AssociationRegistered)
    assert (first.organisation_number, first.name, first.chart) == (OURS, "Vårt", "kommun-bas")


# -------------------------------------------------------------------------------------------------- once, or not at all


def test_the_same_file_gives_nothing_new() -> None:
    desk = desk_after(*A_YEAR)
    before = desk.store.head()

    again = desk.take(sie(*A_YEAR))

    assert not again.errors
    assert (again.written, again.vouchers, again.known) == (0, 0, 2)
    assert desk.store.head() == before


def test_a_later_export_of_the_same_year_brings_only_what_is_new() -> None:
    desk = desk_after(*A_YEAR)
    third = voucher("#TRANS 1930 {} -7", "#TRANS 5010 {} 7", head="#VER A 3 20230301 x 20230302 bo")

    made = desk.take(sie(*A_YEAR, *third))

    assert (made.written, made.known) == (1, 2)
    assert vouchers(desk)[-1].recorded.registered_on == date(2023, 3, 2)
    assert codes(made) >= {"closing_differs", "result_differs"}


def test_a_voucher_that_changed_at_its_source_is_a_conflict() -> None:
    desk = desk_after(*A_YEAR)
    before = desk.store.head()

    made = desk.take(sie(*(line.replace("100.00", "120.00") for line in A_YEAR)))

    assert [finding.code for finding in made.errors] == ["message_conflict"]
    assert made.errors[0].line == A_YEAR.index('#VER A 1 20230110 "Hyra" 20230111 anna') + 1
    assert desk.store.head() == before


def test_an_error_anywhere_means_that_nothing_is_written() -> None:
    assert refused(*A_YEAR, *voucher("#TRANS 1930 {} 1", head="#VER A 3 20230301 x")) == {"voucher_not_balanced"}


def test_a_refusal_by_the_book_means_that_nothing_is_written() -> None:
    found = refused(*A_YEAR, *voucher("#TRANS 1930 {} -1", "#TRANS 5010 {} 1", head="#VER A 3 20250301 x"))

    assert found == {"date_outside_year"}


@pytest.mark.parametrize("number", ["", "222000-2733"])
def test_a_file_for_somebody_else_is_refused_only_when_that_is_sure(number: str) -> None:
    desk = desk_after(*A_YEAR)

    made = desk.take(sie(*without(A_YEAR, "#ORGNR"), f'#ORGNR "{number}"'))
    other = desk.take(sie(*without(A_YEAR, "#ORGNR"), "#ORGNR 222000-2634"))

    assert not made.errors
    assert [finding.code for finding in other.errors] == ["organisation_number_differs"]


@pytest.mark.parametrize("kind", ["1", "2", "3"])
def test_files_without_vouchers_are_refused(kind: str) -> None:
    assert refused(*without(A_YEAR[:-10], "#SIETYP"), f"#SIETYP {kind}") == {"type_without_vouchers"}


# -------------------------------------------------------------------------------------------------------- accounts


def test_kinds_come_from_types_then_from_classes() -> None:
    extra = (
        "#KONTO 193001 Konto", "#KONTO 20 Kapital", "#KTYP 20 S", "#KONTO 310 Avgift", "#KONTO 8310 Ranta",
        "#KONTO 8995 Resultat", "#KTYP 8995 K", "#KONTO 9100 Annat", "#KONTO 2350 Lan",
    )  # fmt: skip

    desk = desk_after(*A_YEAR, *extra)

    kinds = {event.number: event.kind for event in desk.events() if isinstance(event, AccountOpened)}
    assert kinds == {
        20: "equity", 310: "income", 2350: "liability", 8310: "income", 8995: "result", 9100: "cost", 193001: "cash",
    }  # fmt: skip
    made = Desk().take(sie(*A_YEAR, *extra))
    assert "kinds_guessed" in codes(made)


def test_the_balances_of_a_file_decide_against_a_wrong_type() -> None:
    lines = (*without(A_YEAR, "#KTYP 5010", "#RES 0 5010"), "#KONTO 4150 x", "#KTYP 4150 T", "#RES 0 4150 0.01")

    desk = Desk()
    made = desk.take(sie(*lines))

    assert {"kind_contradicted", "result_differs"} <= codes(made)
    kinds = {event.number: event.kind for event in desk.events() if isinstance(event, AccountOpened)}
    assert kinds[4150] == "cost"


def test_accounts_that_are_used_but_not_declared_are_opened_and_said() -> None:
    rows = voucher("#TRANS 1930 {} -1", "#TRANS 4321 {} 1", head="#VER A 9 20230301 x")
    desk = Desk()

    made = desk.take(sie(*A_YEAR, *rows))

    assert "accounts_not_declared" in codes(made)
    assert desk.history().accounts[4321].name == "Konto 4321"


def test_an_account_of_another_kind_in_the_book_is_named() -> None:
    made = Desk().take(sie(*A_YEAR, "#KONTO 3740 x", "#KTYP 3740 T", *voucher("#TRANS 3740 {} 1", "#TRANS 1930 {} -1")))

    assert "account_of_other_kind" in codes(made)


# --------------------------------------------------------------------------------------------------------- objects


OBJECTS = ('#OBJEKT 6 "P 1" "Första projektet"', '#OBJEKT 8 "1" "Kund ett"', '#OBJEKT 9 "1" "Leverantör ett"')


def test_objects_become_projects_and_parties() -> None:
    rows = voucher(
        '#TRANS 5010 {6 "P 1" 9 "1"} 5',
        '#TRANS 5010 {"6" "ny"} 1',
        '#TRANS 1930 {1 "ks" 8 "1"} -6',
        head="#VER A 3 20230301 x",
    )
    desk = Desk()

    made = desk.take(sie(*HEAD, *CHART, *OBJECTS, '#DIM 1 "Ställe"', *rows))

    assert not made.errors
    assert {"dimension_left_out", "object_renamed", "object_not_declared"} <= codes(made)
    assert "Dimension 1 (Ställe) tas inte med" in " ".join(finding.sv for finding in made.findings)
    projects = {event.project: event.name for event in desk.events() if isinstance(event, ProjectOpened)}
    parties = {(e.party, e.kind): e.name for e in desk.events() if isinstance(e, PartyRegistered)}
    assert projects == {"p-1": "Första projektet", "ny": "ny"}
    assert parties == {("kund-1", "customer"): "Kund ett", ("lev-1", "supplier"): "Leverantör ett"}
    assert [(line.project, line.party) for line in vouchers(desk)[0].voucher.postings] == [
        ("p-1", "lev-1"),
        ("ny", ""),
        ("", "kund-1"),
    ]


def test_codes_that_would_get_the_same_name_stay_apart() -> None:
    rows = voucher(
        '#TRANS 5010 {6 "a b"} 5', '#TRANS 5010 {6 "A-B"} 1', "#TRANS 1930 {} -6", head="#VER A 3 20230301 x"
    )

    desk = desk_after(*HEAD, *CHART, *rows)

    assert [line.project for line in vouchers(desk)[0].voucher.postings] == ["a-b", "a-b-2", ""]


def test_a_row_has_one_party() -> None:
    rows = voucher('#TRANS 5010 {8 "1" 9 "1"} 5', "#TRANS 1930 {} -5", head="#VER A 3 20230301 x")

    assert "second_party" in codes(Desk().take(sie(*HEAD, *CHART, *OBJECTS, *rows)))


def test_an_object_that_has_another_name_in_the_book_is_named() -> None:
    desk = desk_after(*A_YEAR, '#OBJEKT 6 1 "Ett"')

    assert "object_of_other_name" in codes(desk.take(sie(*A_YEAR, '#OBJEKT 6 1 "Två"')))


# ------------------------------------------------------------------------------------------------ opening balances


def test_opening_balances_of_objects_keep_every_sum() -> None:
    objects = (
        '#OIB 0 1930 {6 "x"} 300',
        '#OIB 0 1930 {6 "y"} 100',
        '#OIB 0 1930 {20 "z"} 250',
        '#OIB -1 1930 {6 "x"} 9',
    )

    desk = desk_after(*HEAD, *CHART, *OPENING, *objects)

    (opening,) = (event for event in desk.events() if isinstance(event, OpeningBalancesEntered))
    found = {(line.account, line.project, line.party): line.amount_ore for line in opening.voucher.postings}
    assert found == {
        (1930, "", ""): 350_00,
        (1930, "", "z"): 250_00,
        (1930, "x", ""): 300_00,
        (1930, "y", ""): 100_00,
        (2081, "", ""): -1000_00,
    }


def test_the_closing_balance_before_stands_in_for_the_opening_balance() -> None:
    desk = desk_after(*HEAD, *CHART, "#UB -1 1930 1000", "#UB -1 2081 -1000", *CLOSING, *VOUCHERS)

    assert any(isinstance(event, OpeningBalancesEntered) for event in desk.events())


def test_a_result_that_was_never_moved_is_put_where_it_belongs() -> None:
    desk = Desk()

    made = desk.take(sie(*HEAD, *CHART, "#IB 0 1930 1000", "#IB 0 2081 -900", "#RES -1 3010 -100"))

    assert not made.errors
    assert {"opening_result_unmoved", "opening_differs"} <= codes(made)
    assert "#IB 0 2099 -100.00" in export_sie(desk.events(), 2023).data.decode("cp437")


def test_any_other_difference_needs_somebody_to_say_where_it_goes() -> None:
    lines = (*HEAD, *CHART, "#IB 0 1930 1000", "#IB 0 2081 -900")

    assert refused(*lines) == {"opening_not_balanced"}
    desk = desk_after(*lines, opening_difference=2081)
    assert "#IB 0 2081 -1000.00" in export_sie(desk.events(), 2023).data.decode("cp437")


def test_an_opening_balance_on_a_result_account_is_refused() -> None:
    found = refused(*HEAD, *CHART, "#IB 0 1930 1000", "#IB 0 3010 -1000", "#RES 0 3010 1")

    assert found == {"opening_on_result"}


# ----------------------------------------------------------------------------------------------------- later years


def test_the_next_year_is_opened_and_its_opening_balances_are_compared() -> None:
    desk = desk_after(*A_YEAR)
    opening = ("#IB 0 1930 1150", "#IB 0 2081 -1151")

    made = desk.take(sie(*next_year(*HEAD), *CHART, *opening, *next_year(*VOUCHERS)))

    assert not made.errors
    assert sorted(desk.history().years) == [2023, 2024]
    differences = [finding.sv for finding in made.findings if finding.code == "opening_differs"]
    assert differences == ["Konto 2081: ingående balans är -1 151,00 kr i filen men -1 000,00 kr i boken."]


def test_what_was_registered_before_the_last_of_the_book_is_registered_with_it() -> None:
    late = voucher("#TRANS 1930 {} -1", "#TRANS 5010 {} 1", head="#VER A 3 20231231 x 20240131 bo")
    desk = desk_after(*A_YEAR, *late)
    following = sie(*next_year(*HEAD), *CHART, "#IB 0 1930 1149", "#IB 0 2081 -1000", *next_year(*VOUCHERS))

    made = desk.take(following)
    again = desk.take(following)

    assert "registered_later" in codes(made)
    assert [event.recorded.registered_on for event in vouchers(desk)[3:]] == [date(2024, 1, 31), date(2024, 2, 12)]
    assert (again.written, again.errors) == (0, ())


def test_a_book_in_use_registers_a_late_file_on_the_day_it_comes() -> None:
    desk = Desk()
    desk.take(sie(*without(A_YEAR, "#GEN"), *voucher("#TRANS 1930 {} -1", "#TRANS 5010 {} 1")))
    assert desk.take(sie(*HEAD, *CHART)).known == 0

    following = sie(*next_year(*HEAD), *CHART, "#IB 0 1930 1", *next_year(*VOUCHERS))
    made = desk.take(following)

    assert "registered_on_arrival" in codes(made)
    assert vouchers(desk)[-1].recorded.registered_on == TODAY
    assert not desk.take(following).written


def test_a_gap_between_years_is_refused() -> None:
    desk = desk_after(*A_YEAR)
    later = tuple(line.replace("2023", "2025").replace("2022", "2024") for line in A_YEAR)

    made = desk.take(sie(*later))

    assert "fiscal_year_not_contiguous" in {finding.code for finding in made.errors}
    assert not made.written


def test_a_year_with_other_dates_than_the_book_has_is_refused() -> None:
    desk = desk_after(*A_YEAR)

    made = desk.take(sie(*without(A_YEAR, "#RAR 0"), "#RAR 0 20230701 20231231"))

    assert [finding.code for finding in made.errors] == ["year_differs"]


def test_broken_and_long_years_are_years() -> None:
    lines = (*without(HEAD, "#RAR"), "#RAR 0 20220701 20231231", *CHART, *OPENING, *VOUCHERS)

    assert desk_after(*lines).history().years == {2023: (date(2022, 7, 1), date(2023, 12, 31))}


def test_a_year_without_dates_is_that_of_its_vouchers() -> None:
    lines = (*without(A_YEAR, "#RAR"), "#RAR 0")

    assert desk_after(*lines).history().years == {2023: (date(2023, 1, 1), date(2023, 12, 31))}
    assert refused(*without(lines[:-10], "#VER")) == {"year_missing"}


WAIVERS = (Waiver(point="bank_reconciled", reason="Prov"),)


def test_a_closed_period_takes_nothing() -> None:
    desk = desk_after(*A_YEAR)
    closing = ClosePeriod(year=2023, through=date(2023, 12, 31), waivers=WAIVERS)
    desk.writer.write([message_of(closing, message_id="1", source="/", subject=OURS, actor="bo")])

    made = desk.take(sie(*A_YEAR, *voucher("#TRANS 1930 {} -1", "#TRANS 5010 {} 1", head="#VER A 3 20230301 x")))

    assert [finding.code for finding in made.errors] == ["date_in_closed_period"]


# --------------------------------------------------------------------------------------------------- vouchers only


PRE_SYSTEM = without(HEAD, "#RAR")


def test_vouchers_of_another_program_are_registered_when_they_come() -> None:
    desk = desk_after(*A_YEAR)
    rows = ("#TRANS 1930 {} -3", "#TRANS 5010 {} 3")

    made = desk.take(
        sie(*PRE_SYSTEM, *voucher(*rows, head='#VER "" "" 20230401 "Lön"'), *voucher(*rows, head="#VER L 1 20230401 x"))
    )

    assert made.vouchers == 2
    assert [(event.voucher.series, event.voucher.reference) for event in vouchers(desk)[2:]] == [
        ("A", "SIE"),
        ("XL", "SIE L 1"),
    ]
    assert {event.recorded.registered_on for event in vouchers(desk)[2:]} == {TODAY}


def test_vouchers_without_number_are_known_by_their_content() -> None:
    desk = desk_after(*A_YEAR)
    row = voucher("#TRANS 1930 {} -3", "#TRANS 5010 {} 3", head='#VER "" "" 20230401 "Lön"')
    other = voucher("#TRANS 1930 {} -4", "#TRANS 5010 {} 4", head='#VER "" "" 20230401 "Lön"')

    first = desk.take(sie(*PRE_SYSTEM, *row, *row))
    second = desk.take(sie(*PRE_SYSTEM, *other, *row, *row, *row))

    assert (first.vouchers, first.known) == (2, 0)
    assert (second.vouchers, second.known) == (2, 2)


def test_vouchers_of_a_year_that_the_book_lacks_are_refused() -> None:
    desk = desk_after(*A_YEAR)

    made = desk.take(sie(*PRE_SYSTEM, *voucher("#TRANS 1930 {} -3", "#TRANS 5010 {} 3", head="#VER L 1 20240401 x")))

    assert [finding.code for finding in made.errors] == ["date_outside_year"]


def test_a_number_that_comes_twice_is_two_vouchers() -> None:
    rows = voucher("#TRANS 1930 {} -3", "#TRANS 5010 {} 3", head="#VER B 1 20230401 x")

    desk = desk_after(*A_YEAR, *rows, *rows)

    assert [event.recorded.message_id for event in vouchers(desk)[2:]] == ["ver/2023/B/1", "ver/2023/B/1#2"]


def test_a_voucher_without_text_has_that_of_its_rows_or_its_number() -> None:
    named = voucher('#TRANS 1930 {} -3 "" "Radtext"', "#TRANS 5010 {} 3", head="#VER B 1 20230401")
    bare = voucher("#TRANS 1930 {} -3", "#TRANS 5010 {} 3", head='#VER B 2 20230401 ""')

    desk = desk_after(*HEAD, *CHART, *named, *bare)

    assert [event.voucher.text for event in vouchers(desk)] == ["Radtext", "Verifikation SIE B 2"]


def test_a_long_text_is_shortened_and_said() -> None:
    made = Desk().take(
        sie(*HEAD, *CHART, *voucher("#TRANS 1930 {} -3", "#TRANS 5010 {} 3", head=f"#VER B 1 20230401 {'x' * 900}"))
    )

    assert "text_shortened" in codes(made)
    assert not made.errors


def test_a_voucher_without_a_date_is_refused_unless_its_rows_have_one() -> None:
    def rows(day: str) -> tuple[str, ...]:
        return voucher(f"#TRANS 1930 {{}} -3 {day}", f"#TRANS 5010 {{}} 3 {day}", head='#VER B 1 "" x')

    assert refused(*A_YEAR, *rows('""')) == {"voucher_without_date"}
    assert "voucher_date_from_rows" in codes(Desk().take(sie(*A_YEAR, *rows("20230405"))))


def test_budgets_of_other_programs_are_left_out_and_said() -> None:
    assert "budgets_left_out" in codes(Desk().take(sie(*A_YEAR, "#PBUDGET 0 202301 5010 {} 10")))
