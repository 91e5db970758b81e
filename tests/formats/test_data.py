"""Reports as CSV and JSON: what a program reads back is what the report says."""

import csv
import io
import json
from typing import Any

import msgspec

from domain.kernel.refusal import Language
from projections.table import Line
from services.formats.as_csv import HEADER, report_csv
from services.formats.as_json import report_json
from tests.formats.reports import REPORT, STATEMENT


def parsed() -> list[list[str]]:
    return list(csv.reader(io.StringIO(report_csv(REPORT).decode(), newline="")))


def as_json(language: Language = "sv") -> dict[str, Any]:
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
    report = as_json()

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
    (table,) = [table for table in as_json()["tables"] if table["id"] == "rr"]

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
    said = {language: as_json(language)["tables"][0]["remarks"][0] for language in ("sv", "en")}

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
