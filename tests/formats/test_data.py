"""Reports as CSV and JSON: what a program reads back is what the report says."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.books.manual import VoucherPosted
from domain.kernel.refusal import Language
from projections.history import history_of
from projections.journal import entered, general_ledger, journal
from projections.narrowing import EVERYTHING, Narrowing
from projections.table import Line, Report
from services.formats import as_json
from services.formats.as_csv import HEADER, report_csv
from services.formats.as_json import report_json
from tests.formats.reports import REPORT, STATEMENT
from tests.ledger_text import events


def parsed() -> list[list[str]]:
    return list(csv.reader(io.StringIO(report_csv(REPORT).decode(), newline="")))


def in_json(language: Language = "sv") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report_json(REPORT, language))
    return found


def test_csv_has_a_row_for_every_amount_in_the_order_of_the_report() -> None:
    header, *rows = parsed()

    assert tuple(header) == HEADER
    assert [tuple(row) for row in rows] == [
        (table.id, line.id, line.kind, line.label, table.columns[at], table.amount(line, at), table.unit)
        for table in REPORT.tables
        for line in table.lines
        for at in range(len(line.cells))
    ]
    assert ["rr", "kost", "item", "Lämnade bidrag", "Utfall 2023-08-31", "-1478.9", "tkr"] in rows
    assert ["rr", "kost", "item", "Lämnade bidrag", "Prognos", "", "tkr"] in rows


def test_csv_keeps_commas_quotes_and_line_breaks() -> None:
    odd = msgspec.structs.replace(STATEMENT.lines[1], label='Insatser, "alla"\nå ä ö')
    report = msgspec.structs.replace(REPORT, tables=(msgspec.structs.replace(STATEMENT, lines=(odd,)),))

    rows = list(csv.reader(io.StringIO(report_csv(report).decode("utf-8"), newline="")))

    assert [row[3] for row in rows[1:]] == ['Insatser, "alla"\nå ä ö'] * 3
    assert report_csv(report).endswith(b"\r\n")


def test_json_has_exactly_the_agreed_shape() -> None:
    report = in_json()

    assert list(report) == ["book", "as_of", "known_at", "position", "tables"]
    assert {name: report[name] for name in ("book", "as_of", "known_at", "position")} == {
        "book": "prov", "as_of": "2023-08-31", "known_at": "now", "position": 17,
    }  # fmt: skip
    for table in report["tables"]:
        assert list(table) == ["id", "title", "unit", "columns", "lines", "remarks"]
        for line in table["lines"]:
            kept = [key for key in line if key != "noteref"]
            assert kept == (
                ["id", "label", "kind"] if line["kind"] == "heading" else ["id", "label", "kind", "amounts"]
            )


def test_json_amounts_are_decimal_strings_in_the_tables_unit() -> None:
    (table,) = [table for table in in_json()["tables"] if table["id"] == "rr"]

    assert {line["id"]: line.get("amounts") for line in table["lines"]} == {
        "h": None,
        "int": ["3000.0", "4000.0", "0"],
        "h2": None,
        "kost": ["-1478.9", "-2437.7", ""],
        "sum": ["1521.1", "1562.3", "-"],
        "res": ["0.0", "0.0", "-0.1"],
    }
    assert {line["id"]: line["noteref"] for line in table["lines"] if "noteref" in line} == {"int": "Not 1"}


def test_json_says_what_does_not_add_up_in_either_language() -> None:
    said = {language: in_json(language)["tables"][0]["remarks"][0] for language in ("sv", "en")}

    assert said["sv"]["sentence"] == "Utfall: a = b stämmer inte: 1.00 är inte 2.00."
    assert said["en"]["sentence"] == "Utfall: a = b does not hold: 1.00 is not 2.00."
    assert said["sv"]["code"] == said["en"]["code"] == "check_fails"


def test_json_is_indented_utf_8_that_ends_in_a_line_break() -> None:
    text = report_json(REPORT).decode()

    assert "RESULTATRÄKNING" in text
    assert text.endswith("}\n")
    assert text.startswith('{\n  "book": "prov"')


def test_a_table_without_lines_is_empty_in_both() -> None:
    report = msgspec.structs.replace(REPORT, tables=(msgspec.structs.replace(STATEMENT, lines=(), remarks=()),))

    assert report_csv(report).decode().splitlines() == [",".join(HEADER)]
    assert json.loads(report_json(report))["tables"][0]["lines"] == []


def test_an_item_without_cells_has_no_amounts_but_a_place_for_them() -> None:
    lines = (Line(id="sum", label="Summa", kind="sum"),)
    report = msgspec.structs.replace(REPORT, tables=(msgspec.structs.replace(STATEMENT, columns=(), lines=lines),))

    assert json.loads(report_json(report))["tables"][0]["lines"] == [
        {"id": "sum", "label": "Summa", "kind": "sum", "amounts": []}
    ]


LISTED = """
    2022-12-01 Avgift
        6570     40
        1930    -40
    2023-03-31 [2023-04-02] Bidrag, "kvartal 1"
        4010    300  #insatsen @utforaren
        1930   -300
"""
POSTING = (
    "registered_on,accounting_date,voucher,series,number,year,position,account,account_name,"
    "text,counterparty,reference,project,party,debit,credit"
)


def listed(name: str, only: Narrowing = EVERYTHING) -> Report:
    """Return a journal or a general ledger whose vouchers name a counterparty and a reference."""
    told = [
        msgspec.structs.replace(
            event, voucher=msgspec.structs.replace(event.voucher, counterparty="Utföraren AB", reference="F 7")
        )
        if isinstance(event, VoucherPosted)
        else event
        for event in events(LISTED)
    ]
    make = journal if name == "journal" else general_ledger
    table = make(history_of(told), entered(told), REPORT.as_of, "sv", only)
    return msgspec.structs.replace(REPORT, tables=(table,))


def test_csv_of_a_journal_has_a_row_for_every_posting_with_its_voucher() -> None:
    header, *rows = report_csv(listed("journal")).decode().splitlines()

    assert header == POSTING
    assert len(rows) == 4
    voucher, said = "2023-04-02,2023-03-31,A1/2023,A,1,2023,3", '"Bidrag, ""kvartal 1""",Utföraren AB,F 7'
    assert rows[2:] == [
        f"{voucher},4010,Lämnade bidrag till insatser,{said},insatsen,utforaren,300.00,",
        f"{voucher},1930,Bank,{said},,,,300.00",
    ]


def test_csv_of_a_general_ledger_has_opening_balances_postings_and_the_running_balance() -> None:
    header, *rows = report_csv(listed("general-ledger")).decode().splitlines()
    read = [dict(zip(header.split(","), row, strict=True)) for row in csv.reader(rows)]

    assert header == f"{POSTING},balance"
    assert [
        (row["account"], row["voucher"], row["text"], row["debit"], row["credit"], row["balance"]) for row in read
    ] == [
        ("1930", "", "Ingående balans", "", "", "-40.00"),
        ("1930", "A1/2023", 'Bidrag, "kvartal 1"', "", "300.00", "-340.00"),
        ("4010", "", "Ingående balans", "", "", "0"),
        ("4010", "A1/2023", 'Bidrag, "kvartal 1"', "300.00", "", "300.00"),
        ("", "", "Tidigare års resultat, inte omfört", "", "", "40.00"),
    ]


def test_csv_of_a_list_without_postings_has_the_header_of_a_list() -> None:
    assert report_csv(listed("journal", Narrowing(text="finns inte"))).decode().splitlines() == [POSTING]


GOLDEN = Path(__file__).parents[1] / "golden" / "reports"
BYTES: dict[str, Callable[[], bytes]] = {
    "journal.csv": lambda: report_csv(listed("journal")),
    "general-ledger.csv": lambda: report_csv(listed("general-ledger")),
    "every-kind-of-line.csv": lambda: report_csv(REPORT),
    "journal.json": lambda: report_json(listed("journal")),
    "general-ledger.json": lambda: report_json(listed("general-ledger"), "en"),
    "every-kind-of-line.json": lambda: report_json(REPORT),
}


@pytest.mark.parametrize("name", BYTES)
def test_looks_as_it_did(name: str, update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    content = BYTES[name]()
    if update_golden:
        (GOLDEN / name).write_bytes(content)

    assert content == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("at_once", [1, 2, 3, 6, 7, 1000])
@pytest.mark.parametrize("name", ["journal", "general-ledger", ""])
def test_json_is_the_same_however_many_lines_are_written_at_once(
    name: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = msgspec.structs.replace(STATEMENT, title='\n      "lines": []', remarks=())
    report = msgspec.structs.replace(listed(name) if name else REPORT, book='"lines": []')
    report = msgspec.structs.replace(report, tables=(odd, *report.tables, odd))
    monkeypatch.setattr(as_json, "LINES_AT_ONCE", at_once)

    made = report_json(report)

    assert made == msgspec.json.format(msgspec.json.encode(json.loads(made)), indent=2) + b"\n"
    assert [[line["id"] for line in table["lines"]] for table in json.loads(made)["tables"]] == [
        [line.id for line in table.lines] for table in report.tables
    ]
    assert json.loads(made)["tables"][-1]["title"] == odd.title


def test_json_of_a_posting_has_its_voucher_in_fields() -> None:
    heading, bank = (json.loads(report_json(listed("journal")))["tables"][0]["lines"][place] for place in (3, 5))

    assert list(heading) == ["id", "label", "kind"]
    assert bank == {
        "id": "3.2",
        "label": "    1930 Bank",
        "kind": "item",
        "amounts": ["", "300.00"],
        "fields": {
            "position": 3,
            "voucher": "A1/2023",
            "series": "A",
            "number": 1,
            "year": 2023,
            "accounting_date": "2023-03-31",
            "registered_on": "2023-04-02",
            "account": 1930,
            "account_name": "Bank",
            "text": 'Bidrag, "kvartal 1"',
            "counterparty": "Utföraren AB",
            "reference": "F 7",
        },
    }
