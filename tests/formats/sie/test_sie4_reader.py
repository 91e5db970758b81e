"""What the records of a SIE file mean, and every quirk that was met in real files."""

from datetime import date

import pytest

from services.formats import sie4_values as values
from services.formats.sie4_findings import Findings
from services.formats.sie4_reader import read_sie
from services.formats.sie4_sentences import SENTENCES
from services.formats.sie4_vouchers import date_of
from tests.formats.sie.files import A_YEAR, CHART, HEAD, OURS, VOUCHERS, read, sie, voucher, without


def test_reads_a_whole_year() -> None:
    made = read_sie(sie(*A_YEAR))

    file = made.file
    assert not made.findings
    assert file.is_whole_year
    assert (file.organisation_number, file.name, file.years[0]) == (
        OURS,
        "Förbundet",
        (date(2023, 1, 1), date(2023, 12, 31)),
    )
    assert [(balance.account, balance.amount_ore) for balance in file.opening] == [(1930, 1000_00), (2081, -1000_00)]
    assert (file.accounts[5010].name, file.accounts[5010].kind) == ("Hyra", "K")
    first, second = file.vouchers
    assert (first.series, first.number, first.day, first.registered_on, first.sign) == (
        "A",
        "1",
        date(2023, 1, 10),
        date(2023, 1, 11),
        "anna",
    )
    assert second.rows[0].text == "Faktura 1"


@pytest.mark.parametrize(
    ("text", "ore", "code"),
    [
        ("100", 100_00, None),
        ("-212.5", -212_50, None),
        ("0.05", 5, None),
        ("-0.05", -5, None),
        ("0", 0, None),
        ("100.", 100_00, None),
        (".50", 50, "amount_odd"),
        ("+100", 100_00, "amount_odd"),
        ("100,25", 100_25, "amount_odd"),
        ("100.255", None, "amount_wrong"),
        ("1 000", None, "amount_wrong"),
        ("1e3", None, "amount_wrong"),
        ("", None, "amount_wrong"),
        (".", None, "amount_wrong"),
        ("-", None, "amount_wrong"),
        ("٣", None, "amount_wrong"),
        ("9" * 5000, None, "amount_wrong"),
        ("9" * 18, None, "amount_too_large"),
    ],
)
def test_amounts_have_at_most_two_decimals(text: str, ore: int | None, code: str | None) -> None:
    findings = Findings()

    assert values.amount(text, 1, findings) == ore
    assert [finding.code for finding in findings.all()] == ([code] if code else [])


@pytest.mark.parametrize(
    ("text", "found", "code"),
    [
        ("20230131", date(2023, 1, 31), None),
        ("2023-01-31", date(2023, 1, 31), "date_odd"),
        ("", None, None),
        ("00000000", None, None),
        ("20230231", None, "date_ignored"),
        ("00010101", None, "date_ignored"),
        ("2023", None, "date_ignored"),
        ("99999999", None, "date_ignored"),
    ],
)
def test_dates_are_days_of_the_calendar(text: str, found: date | None, code: str | None) -> None:
    findings = Findings()

    assert values.day(text, 1, findings) == found
    assert [finding.code for finding in findings.all()] == ([code] if code else [])


@pytest.mark.parametrize(
    ("text", "number", "code"),
    [
        ("222000-2733", "222000-2733", None),
        ("2220002733", "222000-2733", "organisation_number_odd"),
        ("16222000-2733", "222000-2733", "organisation_number_odd"),
        ("162220002733", "222000-2733", "organisation_number_odd"),
        ("222000-2734", "", "organisation_number_invalid"),
        ("191212121212", "", "organisation_number_invalid"),
        ("abc", "", "organisation_number_invalid"),
        ("", "", "organisation_number_missing"),
    ],
)
def test_organisation_numbers_are_read_however_written(text: str, number: str, code: str | None) -> None:
    made = read_sie(sie(*without(HEAD, "#ORGNR"), f'#ORGNR "{text}"'))

    assert made.file.organisation_number == number
    assert [finding.code for finding in made.findings] == ([code] if code else [])


@pytest.mark.parametrize("number", ["10", "193", "1930", "193001", "19300001"])
def test_accounts_have_one_to_eight_digits(number: str) -> None:
    file, found = read(f"#KONTO {number} Bank")

    assert set(file.accounts) == {int(number)}
    assert not found


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("#FLAGGA 1", "imported_before"),
        ("#FORMAT UTF8", "format_wrong"),
        ("#SIETYP 7", "type_wrong"),
        ("#VALUTA EUR", "currency_wrong"),
        ("#RAR x 20230101 20231231", "year_number_wrong"),
        ("#RAR 0", "year_without_dates"),
        ("#RAR 0 20231231 20230101", "year_without_dates"),
        ("#KONTO A1 Bank", "account_wrong"),
        ("#KONTO 123456789 Bank", "account_wrong"),
        ("#KONTO 0 Bank", "account_wrong"),
        ("#KONTO 0193 Bank", "account_leading_zero"),
        ("#KONTO 1930 Bank två", "name_not_quoted"),
        ("#KTYP 1930 X", "kind_wrong"),
        ("#DIM x Projekt", "dimension_wrong"),
        ("#OBJEKT x 1 Projekt", "object_list_wrong"),
        ("#NYTT 1", "label_unknown"),
        ("#TRANS 1930 {} 1", "row_outside_voucher"),
        ("#IB 0 1930 x", "amount_wrong"),
        ("#OIB 0 1930 {} 1", "object_list_wrong"),
        ("#PSALDO 0 202313 1930 {} 1", "date_ignored"),
        ("#PSALDO 0 20231 1930 {} 1", "date_ignored"),
    ],
)
def test_names_what_is_odd(line: str, code: str) -> None:
    assert read(line)[1] == {code}


@pytest.mark.parametrize(
    "line",
    [
        '#FORMAT "PC8"',
        "#VALUTA SEK",
        "#PROSA text som inte lästs",
        "#SRU 1930 7281",
        "#KPTYP BAS2010",
        "#UNDERDIM 21 Etapp 1",
        "#KONTO 1930 Bank",
        '#KONTO 1930 "Bank" "framtida fält" 7',
    ],
)
def test_passes_over_what_it_has_no_use_for(line: str) -> None:
    assert read(line)[1] == set()


def test_a_name_without_quotes_has_all_its_words() -> None:
    made = read_sie(sie(*without(HEAD, "#FNAMN"), "#FNAMN Samordningsförbundet i Norr"))

    assert made.file.name == "Samordningsförbundet i Norr"
    assert [finding.code for finding in made.findings] == ["name_not_quoted"]


def test_the_first_name_of_an_account_and_of_an_object_stands() -> None:
    file, found = read("#KONTO 1930 Bank", "#KONTO 1930 Kassa", "#OBJEKT 6 1 Ett", "#OBJEKT 6 1 Annat")

    assert (file.accounts[1930].name, file.objects[6, "1"].name) == ("Bank", "Ett")
    assert found == {"account_twice", "object_twice"}


def test_missing_type_and_number_are_said() -> None:
    made = read_sie(sie(*without(HEAD, "#ORGNR", "#SIETYP"), *voucher("#TRANS 1 {} 1", "#TRANS 2 {} -1")))

    assert {finding.code for finding in made.findings} == {"type_missing", "organisation_number_missing"}
    assert made.file.sie_type == 4


def test_period_balances_are_read_with_and_without_objects() -> None:
    file, found = read("#PSALDO 0 202301 1930 {} 1.5", '#PSALDO 0 202301 1930 {6 "x"} 2', "#PSALDO 0 202301 1930 3")

    assert [(b.period, b.objects, b.amount_ore) for b in file.period_balances] == [
        (date(2023, 1, 1), (), 150),
        (date(2023, 1, 1), ((6, "x"),), 200),
        (date(2023, 1, 1), (), 300),
    ]
    assert not found


# ------------------------------------------------------------------------------------------------------- vouchers


def test_only_plain_rows_count() -> None:
    file, found = read(
        *voucher(
            "#TRANS 1930 {} -100",
            "#BTRANS 5010 {} 100 20230111 fel konto 0 anna",
            "#RTRANS 5020 {} 100 20230112 rätt konto 0 anna",
            "#TRANS 5020 {} 100",
        )
    )

    assert [(row.account, row.amount_ore) for row in file.vouchers[0].counted] == [(1930, -100_00), (5020, 100_00)]
    assert found == {"rows_changed"}


def test_an_added_row_without_its_twin_does_not_count() -> None:
    _, found = read(*voucher("#TRANS 1930 {} -100", "#RTRANS 5020 {} 100", "#TRANS 5020 {} 50"))

    assert found == {"added_row_without_twin", "rows_changed", "voucher_not_balanced"}


def test_the_sum_of_an_unbalanced_voucher_is_named() -> None:
    made = read_sie(sie(*HEAD, *voucher("#TRANS 1930 {} -100", "#TRANS 5020 {} 102")))

    (found,) = made.findings
    assert (found.severity, found.line, found.code) == ("error", 10, "voucher_not_balanced")
    assert found.sv == "Verifikation A 1 balanserar inte: debet minus kredit är 2,00 kr."


def test_rows_of_zero_and_empty_vouchers_are_left_out() -> None:
    file, found = read(*voucher("#TRANS 1930 {} 0", "#TRANS 5020 {} 0.00"), *voucher(head="#VER A 2 20230101 x"))

    assert [one.counted for one in file.vouchers] == [(), ()]
    assert found == {"zero_rows", "voucher_empty"}


def test_a_voucher_without_rows_in_braces_is_said() -> None:
    assert read("#VER A 1 20230101 x")[1] == {"voucher_without_block", "voucher_empty"}


def test_rows_without_an_object_list_are_read() -> None:
    file, found = read(*voucher("#TRANS 1930 -100.00 20230101", "#TRANS 5010 100.00"))

    assert file.vouchers[0].rows[0].amount_ore == -100_00
    assert found == {"object_list_missing"}


def test_objects_of_a_row_are_pairs() -> None:
    file, found = read(*voucher(r'#TRANS 1930 {1 "1110\1002" 6 "P 1"} -1', "#TRANS 5010 {6} 1"))

    assert file.vouchers[0].rows[0].objects == ((1, r"1110\1002"), (6, "P 1"))
    assert found == {"object_list_wrong"}


@pytest.mark.parametrize(
    ("head", "rows", "found"),
    [
        ("#VER A 1 20230105 x", ("20230106", "20230106"), date(2023, 1, 5)),
        ('#VER A 1 "" x', ("20230106", "20230106"), date(2023, 1, 6)),
        ("#VER A 1 00000000 x", ("20230106", "20230107"), None),
        ('#VER A 1 "" x', ("", ""), None),
    ],
)
def test_a_missing_date_is_that_of_the_rows(head: str, rows: tuple[str, str], found: date | None) -> None:
    first, second = rows
    file, _ = read(*voucher(f'#TRANS 1930 {{}} -1 "{first}"', f'#TRANS 5010 {{}} 1 "{second}"', head=head))

    assert date_of(file.vouchers[0]) == found


def test_an_impossible_date_is_an_error() -> None:
    assert "date_wrong" in read(*voucher("#TRANS 1 {} 1", "#TRANS 2 {} -1", head="#VER A 1 20230230 x"))[1]


def test_gaps_and_repeated_numbers_are_named() -> None:
    rows = ("#TRANS 1930 {} -1", "#TRANS 5010 {} 1")
    heads = [f"#VER {series} {number} 20230101 x" for series, number in [("A", 1), ("A", 4), ("B", 7), ("B", 7)]]

    _, found = read(*(line for head in heads for line in voucher(*rows, head=head)))

    assert found == {"voucher_numbers_missing", "voucher_number_twice"}


def test_a_file_of_vouchers_only_is_told_from_a_year() -> None:
    assert not read(*CHART, *VOUCHERS)[0].is_whole_year


def test_every_finding_is_worded_in_both_languages() -> None:
    for code, (severity, sv, en) in SENTENCES.items():
        assert severity in {"info", "warning", "error"}, code
        assert sv.endswith("."), code
        assert en.endswith("."), code
