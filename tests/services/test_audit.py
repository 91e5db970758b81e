"""An auditor at the command line: bridge, trace, processing history; each sums, on two axes, in every format."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.services.console import Said, build, runner

BRIDGE = ("bridge", "--book", "varend", "--as-of", "2017-T2", "--known-at")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("examples")
    build(directory, "varend")
    return build(directory, "staffanstorp").parent


@pytest.fixture
def grundbok(
    books: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    return runner(books, capsysbinary, monkeypatch)


def read(done: Said) -> Any:  # noqa: ANN401 - JSON
    assert done.code == 0, done.err
    return json.loads(done.out)


# ------------------------------------------------------------------------------------------------------------- bridge


@pytest.mark.parametrize("known_at", ["..", "..#280", "#100..", "2017-05-19..2017-09-05", "2017-09-05..2017-10-20"])
def test_a_bridge_sums_to_the_difference_on_every_line(grundbok: Callable[..., Said], known_at: str) -> None:
    found = read(grundbok(*BRIDGE, known_at, "-O", "json"))

    assert (found["book"], found["as_of"], found["known_at"]) == ("varend", "2017-08-31", known_at)
    assert found["before_position"] < found["after_position"]
    assert found["lines"]
    for line in found["lines"]:
        parts = [Decimal(step["amount"]) for step in line["steps"]] + [Decimal(line["rest"])]
        assert sum(parts) == Decimal(line["difference"]) == Decimal(line["after"]) - Decimal(line["before"])
        assert Decimal(line["rest"]) == 0, "Värend's interim report has no plans in it"


def test_a_bridge_goes_from_one_report_to_the_other(grundbok: Callable[..., Said]) -> None:
    found = read(grundbok(*BRIDGE, "#280..#324", "-O", "json"))
    asked = ("report", "interim", "--book", "varend", "--as-of", "2017-T2", "--unit", "kr", "-O", "json", "--known-at")
    reports = [read(grundbok(*asked, position)) for position in ("#280", "#324")]

    for line in found["lines"]:
        for side, report in zip(("before", "after"), reports, strict=True):
            table = next(table for table in report["tables"] if table["id"] == line["table"])
            amounts = next(row for row in table["lines"] if row["id"] == line["line"])["amounts"]
            printed = Decimal(amounts[table["columns"].index(line["column"])] or 0)
            assert abs(printed - Decimal(line[side])) <= Decimal("0.5")


def test_a_bridge_as_csv_and_as_text_has_the_same_steps(grundbok: Callable[..., Said]) -> None:
    steps = [step for line in read(grundbok(*BRIDGE, "#280..", "-O", "json"))["lines"] for step in line["steps"]]
    rows = list(csv.DictReader(io.StringIO(grundbok(*BRIDGE, "#280..", "-O", "csv").out, newline="")))
    text = grundbok(*BRIDGE, "#280..").out

    assert [(row["step"], row["amount_kr"]) for row in rows if row["why"]] == [
        (step["voucher"], step["amount"]) for step in steps
    ]
    assert {row["step"] for row in rows if not row["why"]} == {"before", "after"}
    assert all(step["voucher"] in text for step in steps)


def test_says_when_there_is_no_difference(grundbok: Callable[..., Said]) -> None:
    assert grundbok(*BRIDGE, "#300..#300").out.endswith("\ningen skillnad\n")
    assert grundbok(*BRIDGE, "2017-10-01..2017-10-20", "--lang", "en").out.endswith("\nno difference\n")
    assert read(grundbok(*BRIDGE, "#300..#300", "-O", "json"))["lines"] == []
    assert len(grundbok(*BRIDGE, "#300..#300", "-O", "csv").out.splitlines()) == 1


@pytest.mark.parametrize(
    ("known_at", "code", "said"),
    [
        ("2017", 2, "range_wrong"),
        ("1..2..3", 2, "range_wrong"),
        ("1..igår", 2, "moment_wrong"),
        ("#20..#10", 2, "bridge_backwards"),
        ("#20..#1000", 3, "position_ahead"),
    ],
)
def test_refuses_a_bridge_that_leads_nowhere(
    grundbok: Callable[..., Said], known_at: str, code: int, said: str
) -> None:
    done = grundbok(*BRIDGE, known_at)

    assert (done.code, done.out) == (code, "")
    assert f"grundbok: {said}: " in done.err


# -------------------------------------------------------------------------------------------------------------- trace


def figures(books: Path, grundbok: Callable[..., Said], book: str, as_of: str) -> list[tuple[str, str]]:
    """Return every figure of an interim report, and what is printed."""
    assert books.is_dir()
    report = read(grundbok("report", "interim", "--book", book, "--as-of", as_of, "-O", "json"))
    return [
        (f"{table['id']}.{line['id']}@{column}", amount)
        for table in report["tables"]
        for line in table["lines"]
        for column, amount in enumerate(line.get("amounts", ()))
    ]


@pytest.mark.parametrize(("book", "as_of"), [("varend", "2017-T2"), ("staffanstorp", "2023-T2")])
def test_every_figure_sums_at_each_step(books: Path, grundbok: Callable[..., Said], book: str, as_of: str) -> None:
    asked = figures(books, grundbok, book, as_of)
    assert len(asked) > 40
    for figure, printed in asked:
        found = read(grundbok("trace", figure, "--book", book, "--as-of", as_of, "-O", "json"))
        assert (found["book"], found["known_at"], found["printed"]) == (book, "now", printed)
        for line in found["lines"]:
            accounts = {account: Decimal(amount) for account, amount in line["accounts"].items()}
            assert sum(accounts.values()) + Decimal(line["rest"]) == Decimal(line["amount"]), figure
            for account, amount in accounts.items():
                parts = [Decimal(row["amount"]) for row in line["postings"] if str(row["account"]) == account]
                assert sum(parts) == amount
        if all("/" not in line["times"] for line in found["lines"]):
            total = sum(int(line["times"]) * Decimal(line["amount"]) for line in found["lines"])
            # A column of so many twelfths of a budget has parts of an öre, and each amount is rounded for itself.
            assert abs(total - Decimal(found["amount"])) <= Decimal("0.005") * (1 + len(found["lines"])), figure


def test_a_budget_is_explained_by_the_plan_and_not_by_vouchers(grundbok: Callable[..., Said]) -> None:
    asked = ("report", "interim", "--book", "staffanstorp", "--as-of", "2023-T2", "-O", "json")
    budgets = [
        (table, column)
        for table in read(grundbok(*asked))["tables"]
        for column, heading in enumerate(table["columns"])
        if "Budget" in heading
    ]
    table, column = budgets[0]
    line = next(row["id"] for row in table["lines"] if row.get("amounts") and row["amounts"][column] not in ("", "0"))

    trace = ("trace", f"{table['id']}.{line}@{column}", "--book", "staffanstorp", "--as-of", "2023-T2")
    found = read(grundbok(*trace, "-O", "json"))

    assert all(part["postings"] == [] and part["rest"] == part["amount"] for part in found["lines"])
    assert "planer och beslut" in grundbok(*trace).out
    assert "plans and decisions" in grundbok(*trace, "--lang", "en").out


def test_a_message_leads_back_to_the_lines_it_touched(grundbok: Callable[..., Said]) -> None:
    trace = ("trace", "--book", "varend", "--as-of", "2017-T2")
    back = read(grundbok(*trace, "--message", "varend-0275", "-O", "json"))
    (voucher,) = back["vouchers"]

    assert (back["book"], back["as_of"], back["position"], voucher["voucher"]) == (
        "varend", "2017-08-31", 328, "L54/2017",
    )  # fmt: skip
    for touched in voucher["lines"]:
        found = read(grundbok(*trace, f"{touched['table']}.{touched['line']}", "-O", "json"))
        parts = [
            Decimal(row["amount"])
            for line in found["lines"]
            for row in line["postings"]
            if row["message_id"] == "varend-0275"
        ]
        assert sum(parts) == Decimal(touched["amount"])
    text = grundbok(*trace, "--message", f"{voucher['source']} varend-0275").out
    assert "L54/2017" in text
    assert text.startswith("varend per 2017-08-31, känt nu (händelse 328)\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("br.nn",), "figure_unknown"),
        (("br.kassa@9",), "figure_unknown"),
        (("br",), "figure_unknown"),
        (("--message", "nn"), "message_unknown"),
        (("br.kassa", "--known-at", "#9999"), "position_ahead"),
    ],
)
def test_what_cannot_be_traced_is_not_found(
    grundbok: Callable[..., Said], arguments: tuple[str, ...], said: str
) -> None:
    done = grundbok("trace", "--book", "varend", "--as-of", "2017", *arguments)

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(f"grundbok: {said}: ")


@pytest.mark.parametrize("both", [(), ("br.kassa", "--message", "varend-0275")])
def test_a_trace_begins_at_one_thing(grundbok: Callable[..., Said], both: tuple[str, ...]) -> None:
    done = grundbok("trace", "--book", "varend", "--as-of", "2017", *both)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("grundbok: trace_unclear: Ange ett belopp (tabell.rad eller tabell.rad@kolumn) eller ")
    assert "--message" in done.err


# ------------------------------------------------------------------------------------------------- processing history


def test_the_history_of_an_invoice_from_registration_to_a_closed_period(grundbok: Callable[..., Said]) -> None:
    found = read(grundbok("history", "L1/2017", "--book", "varend", "-O", "json"))

    assert (found["voucher"], found["known_at"], found["position"]) == ("L1/2017", "now", 328)
    assert [(step["position"], step["step"], step.get("voucher", "")) for step in found["steps"]] == [
        (51, "registered", "L1/2017"), (54, "attested", ""), (77, "paid", "U8/2017"), (183, "period_closed", ""),
    ]  # fmt: skip
    assert found["steps"][0]["own"]
    assert found["steps"][1]["facts"] == {"document": "vaxjo V3301", "by": "forbundschef", "on": "2017-01-16"}


def test_the_history_of_a_correction_both_ways_and_as_it_was_known(grundbok: Callable[..., Said]) -> None:
    kinds = [
        [step["step"] for step in read(grundbok("history", name, "--book", "varend", "-O", "json"))["steps"]]
        for name in ("A6/2017", "R1/2017", "R2/2017")
    ]
    before = read(grundbok("history", "A6/2017", "--book", "varend", "--known-at", "#81", "-O", "json"))

    assert kinds == [["registered", "corrected", "replaced", "period_closed"]] * 3
    assert [step["step"] for step in before["steps"]] == ["registered"]


def test_the_history_as_text(grundbok: Callable[..., Said]) -> None:
    done = grundbok("history", "a6/2017", "--book", "varend", "--lang", "en")

    assert done.code == 0
    heading, empty, first, *_ = done.out.splitlines()
    assert (heading, empty) == ("varend: processing history of voucher A6/2017", "")
    assert first.startswith("*    48  2017-01-05  registered        ekonomi  A6/2017  2017-01-01  ")


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("A999/2017", 3, "voucher_missing"),
        ("ZZ1/2017", 3, "voucher_missing"),
        ("A1/1999", 3, "voucher_missing"),
        ("A1", 2, "voucher_name_wrong"),
        ("A0/2017", 2, "voucher_name_wrong"),
        ("1/2017", 2, "voucher_name_wrong"),
        ("A1/17", 2, "voucher_name_wrong"),
        ("Å1/2017", 2, "voucher_name_wrong"),
        ("", 2, "voucher_name_wrong"),
    ],
)
def test_a_voucher_that_is_not_there(grundbok: Callable[..., Said], name: str, code: int, said: str) -> None:
    done = grundbok("history", name, "--book", "varend")

    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"grundbok: {said}: ")
