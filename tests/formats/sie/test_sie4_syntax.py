"""The syntax of SIE files (SIE 4B, section 5), and the ways real files depart from it."""

import zlib

import pytest

from services.formats.sie4_findings import Findings
from services.formats.sie4_syntax import BYTES_MAX, Field, Record, read_records
from tests.formats.sie.files import A_YEAR, sie


def records(data: bytes) -> tuple[tuple[Record, ...], list[str]]:
    """Return the records of a file, and the codes of what was found."""
    findings = Findings()
    syntax = read_records(data, findings)
    return syntax.records, [finding.code for finding in findings.all()]


def fields(line: str) -> tuple[Field, ...]:
    """Return the fields of one line."""
    return records(sie(line))[0][0].fields


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("#A 1 2", ("1", "2")),
        ("#A\t1 \t 2", ("1", "2")),
        ("   #A 1", ("1",)),
        ('#A "två ord" 2', ("två ord", "2")),
        ('#A ""', ("",)),
        ('#A "" ""', ("", "")),
        (r'#A "han sa \"ja\"" 2', ('han sa "ja"', "2")),
        (r"#A 5\"", ('5"',)),
        (r"#A 1110\1002", (r"1110\1002",)),
        (r'#A "C:\Firma\Bok" 2', (r"C:\Firma\Bok", "2")),
        (r'#A "C:\Firma\"', ("C:\\Firma\\",)),
        ('#A "F"rskott till" 2', ('F"rskott till', "2")),
        ("#A {} 1", ((), "1")),
        ('#A {1 "456" 7 "47"} 1', (("1", "456", "7", "47"), "1")),
        ('#A {"1" "456"} 1', (("1", "456"), "1")),
        ("#A { 1  456 } 1", (("1", "456"), "1")),
        ('#A 1 {6 "x"', ("1", ("6", "x"))),
    ],
)
def test_parts_a_line_into_fields(line: str, expected: tuple[Field, ...]) -> None:
    assert fields(line) == expected


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\n\n", "\r\n  \r\n"])
def test_takes_any_line_break_and_blank_lines(end: str) -> None:
    found, codes = records(sie("#A 1", "#VER A 1", "{", "#TRANS 1 {} 2", "}", end=end))

    assert [(record.label, len(record.rows)) for record in found] == [("#A", 0), ("#VER", 1)]
    assert not codes


def test_takes_indented_rows_and_the_end_of_file_sign_of_dos() -> None:
    found, codes = records(sie("#VER A 1", "  {", "\t#TRANS 1 {} 2", "  }") + b"\x1a")

    assert found[0].rows[0].label == "#TRANS"
    assert not codes


def test_labels_are_known_in_any_case() -> None:
    assert records(sie("#ver A 1"))[0][0].label == "#VER"


@pytest.mark.parametrize(
    ("charset", "said"),
    [("utf-8", "UTF-8"), ("iso-8859-1", "ISO-8859-1"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16")],
)
def test_recognises_a_charset_that_was_wrongly_declared(charset: str, said: str) -> None:
    findings = Findings()

    found = read_records(sie("#FORMAT PC8", '#FNAMN "Förbundet på Åsen, äldre"', charset=charset), findings).records

    assert found[1].text(0) == "Förbundet på Åsen, äldre"
    assert [(finding.code, said in finding.sv) for finding in findings.all()] == [("charset_wrong", True)]


def test_recognises_latin_9_and_windows_by_the_signs_they_have() -> None:
    assert records(sie('#A "1 € är växlad"', charset="iso-8859-15"))[0][0].text(0) == "1 € är växlad"
    assert records(sie('#A "Hyra – år"', charset="cp1252"))[0][0].text(0) == "Hyra – år"


def test_reads_codepage_437_without_a_finding() -> None:
    assert records(sie('#A "ÅÄÖåäöéÉüÜ"')) == ((Record(1, "#A", ("ÅÄÖåäöéÉüÜ",), (True,)),), [])


def test_says_when_characters_were_lost_before() -> None:
    assert records(sie('#A "f\ufffdr"', charset="utf-8"))[1] == ["charset_wrong", "characters_lost"]


def test_damaged_utf_8_is_still_utf_8() -> None:
    found, _ = records(sie('#A "åäö åäö"', charset="utf-8") + b'#B "\xff"\n')

    assert found[0].text(0) == "åäö åäö"


def test_a_control_character_is_a_space() -> None:
    found, codes = records(b'#A "ett\x07tv\x86"\n')

    assert found[0].text(0) == "ett två"
    assert codes == ["control_character"]


def test_an_open_quote_takes_the_rest_of_the_line() -> None:
    found, codes = records(sie('#A "ett två', "#B 1"))

    assert [record.fields for record in found] == [("ett två",), ("1",)]
    assert codes == ["quote_not_closed"]


def test_takes_braces_on_the_line_of_a_record() -> None:
    found, codes = records(sie("#VER A 1 {", "#TRANS 1 {} 2", "#TRANS 1 {} -2 }"))

    assert [len(record.rows) for record in found] == [2]
    assert codes == ["brace_on_record_line"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["#VER A 1", "{", "#TRANS 1 {} 2"], "block_not_closed"),
        (["#VER A 1", "{", "#TRANS 1 {} 2", "#VER A 2"], "block_not_closed"),
        (["#A", "}"], "brace_stray"),
        (["{"], "brace_stray"),
        (["#VER A 1", "{", "{", "}"], "brace_stray"),
        (["#A", "text utan etikett"], "line_ignored"),
        (["hej"], "not_sie"),
        ([""], "not_sie"),
        (['<?xml version="1.0"?>'], "sie5"),
        (['<Sie xmlns="http://www.sie.se/sie5">'], "sie5"),
    ],
)
def test_names_what_is_broken(lines: list[str], code: str) -> None:
    assert code in records(sie(*lines))[1]


def test_a_file_that_is_far_too_large_is_not_read() -> None:
    assert records(b" " * (BYTES_MAX + 1)) == ((), ["file_too_large"])


# ------------------------------------------------------------------------------------------------------- checksum


def summed(*lines: str, over: bytes) -> bytes:
    """Return a file whose checksum is about these bytes."""
    return sie("#FLAGGA 0", "#KSUMMA", *lines, f"#KSUMMA {zlib.crc32(over)}")


def test_the_checksum_is_about_labels_and_contents_only() -> None:
    lines = ('#FNAMN "Å \\"B\\""', "#VER A 1 20230101", "{", '   #TRANS 1930 {"6" "p 1"} 1.00', "}")
    content = '#FNAMNÅ "B"#VERA120230101#TRANS19306p 11.00'.encode("cp437")

    assert records(summed(*lines, over=content))[1] == []


def test_a_wrong_checksum_is_an_error() -> None:
    assert records(summed("#FNAMN x", over=b"#FNAMNy"))[1] == ["checksum_wrong"]


def test_a_checksum_may_be_written_with_a_sign() -> None:
    signed = zlib.crc32(b"#FNAMNx") - 2**32

    assert records(sie("#KSUMMA", "#FNAMN x", f"#KSUMMA {signed}"))[1] == []


def test_a_checksum_that_is_no_number_is_wrong() -> None:
    assert records(sie("#KSUMMA", "#FNAMN x", "#KSUMMA abc"))[1] == ["checksum_wrong"]


def test_a_checksum_that_is_promised_and_missing_means_a_file_cut_off() -> None:
    assert records(sie("#KSUMMA", "#FNAMN x"))[1] == ["checksum_missing"]


def test_a_file_that_was_rewritten_in_utf_8_keeps_its_checksum() -> None:
    data = summed('#FNAMN "Åsen"', over="#FNAMNÅsen".encode("cp437")).decode("cp437").encode("utf-8")

    assert records(data)[1] == ["charset_wrong", "checksum_of_original"]


def test_a_flood_of_findings_is_counted() -> None:
    _, codes = records(sie(*A_YEAR, *["skräp"] * 200))

    assert codes.count("line_ignored") == 50
    assert codes[-1] == "more_of_the_same"
