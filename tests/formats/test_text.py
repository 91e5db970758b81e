"""Reports as text: golden files, alignment, and the Swedish number format.

`pytest --update-golden` writes the files anew; read the difference like code.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.refusal import Language
from projections.report import Question, known, make_report
from projections.table import Cell, Line
from services.formats.as_bytes import report_bytes
from services.formats.as_text import report_text, shown_amount, swedish, table_text
from tests.formats.reports import NO_LINES, REPORT, STATEMENT, TRAILING
from tests.ledger_text import events
from tests.projections.tables import layout_of

if TYPE_CHECKING:
    from projections.table import Kind

GOLDEN = Path(__file__).parents[1] / "golden" / "reports"
BOOK = events("""
    2023-01-01 IB Ingående balanser
        1930  1 234 567,89
        2081 -1 234 567,89
    2023-03-31 [2023-04-02] Bidrag första kvartalet
        4010    300 000  #insatsen @utforaren
        1930   -300 000
""")


def listed(name: str) -> str:
    report = make_report(
        known("prov", "now", BOOK, vouchers=True), layout_of(""), Question(name=name, as_of=REPORT.as_of)
    )
    assert report is not None
    return report_text(report)


TEXTS: dict[str, Callable[[], str]] = {
    "every-kind-of-line.sv.txt": lambda: report_text(REPORT),
    "every-kind-of-line.en.txt": lambda: report_text(msgspec.structs.replace(REPORT, known_at="2023-09-15"), "en"),
    "journal.txt": lambda: listed("journal"),
    "general-ledger.txt": lambda: listed("general-ledger"),
    "trial-balance.txt": lambda: listed("trial-balance"),
    "equity.txt": lambda: listed("equity"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_looks_as_it_did(name: str, update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    text = TEXTS[name]()
    if update_golden:
        GOLDEN.mkdir(parents=True, exist_ok=True)
        (GOLDEN / name).write_text(text, "utf-8")

    assert text == (GOLDEN / name).read_text("utf-8")


def test_every_golden_file_is_compared() -> None:
    assert {file.name for file in GOLDEN.glob("*.txt")} == set(TEXTS)


@pytest.mark.parametrize("name", TEXTS)
def test_no_row_ends_in_blanks_and_the_text_ends_in_one_line_break(name: str) -> None:
    text = TEXTS[name]()

    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(row == row.rstrip() for row in text.splitlines())


def test_amounts_end_in_the_column_of_their_heading() -> None:
    rows = table_text(msgspec.structs.replace(STATEMENT, remarks=())).splitlines()
    edge = len(next(row for row in rows if row.startswith("---")))

    amounts = [row for row in rows if row.startswith(("Medlemsinsatser", "Lämnade", "Summa", "Årets"))]

    assert {len(row) for row in amounts} == {edge}
    assert {row[: edge - 16][-5:].strip() for row in amounts} == {"000,0", "437,7", "562,3", "0,0"}


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("0", "0"), ("999", "999"), ("1000", "1 000"), ("-1234567", "-1 234 567"), ("1234.5", "1 234,5"),
        ("-0.50", "-0,50"), ("", ""), ("-", "-"), ("?", "?"), ("Slutfakturerat", "Slutfakturerat"),
    ],
)  # fmt: skip
def test_numbers_are_swedish(plain: str, shown: str) -> None:
    assert swedish(plain) == shown


@pytest.mark.parametrize(("plain", "shown"), [("-1234.5", "1 234,5 -"), ("1234.5", "1 234,5"), ("-", "-"), ("0", "0")])
def test_the_minus_may_stand_behind(plain: str, shown: str) -> None:
    assert swedish(plain, trailing=True) == shown


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2), st.booleans())
def test_a_swedish_number_reads_back(number: object, trailing: bool) -> None:  # noqa: FBT001 - drawn
    plain = f"{number:f}"

    shown = swedish(plain, trailing=trailing)

    back = shown.replace(" ", "").replace(",", ".")
    assert (f"-{back[:-1]}" if back.endswith("-") else back) == plain
    assert all(len(group) <= 3 for group in shown.strip(" -").partition(",")[0].split(" "))


@pytest.mark.parametrize(("unit", "shown"), [("kr", "1 234 567,89"), ("tkr", "1 234,57"), ("mnkr", "1,23")])
def test_a_line_may_show_more_decimals_in_text_in_any_unit(unit: str, shown: str) -> None:
    line = Line(id="a", label="A", cells=(Cell(Fraction(1_234_567_89)),), shown_decimals=2)
    table = msgspec.structs.replace(TRAILING, unit=unit, lines=(line,))

    assert shown_amount(table, line, 0) == shown
    assert table.amount(line, 0) in {"1234568", "1235", "1"}


def test_what_a_message_says_cannot_pass_for_another_row() -> None:
    line = Line(id="a", label="Avgift\n1930 Bank\x1b[2J", cells=(Cell(Fraction(100)),))
    report = msgspec.structs.replace(
        REPORT, association="A\nB", tables=(msgspec.structs.replace(TRAILING, lines=(line,)),)
    )

    text = report_text(report)

    assert "\x1b" not in text
    assert "A B\n" in text
    assert "Avgift 1930 Bank [2J" in text


def test_empty_rows_stand_once_above_a_heading_and_once_below_a_sum_and_never_last() -> None:
    kinds: tuple[tuple[Kind, str], ...] = (
        ("heading", "A"), ("heading", "B"), ("item", "c"), ("heading", "D"), ("sum", "e"), ("heading", "F"),
        ("item", ""), ("heading", "G"), ("item", ""), ("item", "h"), ("sum", "i"), ("sum", "j"), ("item", ""),
    )  # fmt: skip
    lines = tuple(Line(id=str(at), label=label, kind=kind) for at, (kind, label) in enumerate(kinds))

    *_, rows = table_text(msgspec.structs.replace(STATEMENT, columns=(), lines=lines)).partition("--\n")

    assert rows.splitlines() == [
        *("A", "B", "c", "", "D", "e", "", "F", "", "G", "", "h", "i", "", "j"),
        "* Utfall: a = b stämmer inte: 1.00 är inte 2.00.",
    ]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_bytes_are_the_text(language: Language) -> None:
    assert report_bytes(REPORT, "text", language) == report_text(REPORT, language).encode()


def test_the_unit_is_said_once() -> None:
    assert table_text(TRAILING).splitlines()[0] == "Budget, kr"
    assert table_text(STATEMENT).splitlines()[0] == "RESULTATRÄKNING (tkr)"
    assert table_text(NO_LINES).splitlines()[0] == "Tom (mnkr)"
