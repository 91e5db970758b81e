"""Issued reports: the same bytes whatever came after, issued once, and told when they cannot be made again."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.refusal import Refusal
from projections import layout_reader, report
from services.application.issuing import IssueDiffers, IssueUnknown, issued_again
from services.application.verify import verify
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from tests.services.console import Said, build, copied, forged, runner

FORMATS = ("text", "json", "csv")
ISSUE = ("issue", "interim", "--book", "varend", "--as-of", "2017-T2", "--to", "Styrelsen", "--by", "Anna")
AGAIN = ("report", "--book", "varend", "--issued")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("examples"), "varend")


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    return copied(made, tmp_path / "data").parent


@pytest.fixture
def grundbok(
    data: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    return runner(data, capsysbinary, monkeypatch)


def message(kind: str, name: str, data: dict[str, Any]) -> str:
    return json.dumps({
        "specversion": "1.0", "id": name, "source": "/prov", "type": f"se.grundbok.{kind}", "subject": "222000-2634",
        "actor": "Anna", "data": data,
    })  # fmt: skip


def goes_on(grundbok: Callable[..., Said], directory: Path) -> None:
    """Let the book learn of a late voucher and of a correction, both dated into what was reported."""
    rows = [{"account": 6570, "amount_ore": 12_345_00}, {"account": 1930, "amount_ore": -12_345_00}]
    late = {"accounting_date": "2017-09-20", "text": "Sent", "lines": rows}
    wrong = {"year": 2017, "series": "L", "number": 30, "reason": "Fel"}
    file = directory / "later.jsonl"
    file.write_text(message("voucher.post", "n-1", late) + "\n" + message("voucher.correct", "n-2", wrong) + "\n")
    done = grundbok("ingest", file, "--book", "varend")
    assert done.code == 0, done.err


@pytest.mark.parametrize("output", FORMATS)
def test_gives_the_same_bytes_whatever_came_after(
    grundbok: Callable[..., Said], data: Path, tmp_path: Path, output: str
) -> None:
    given = grundbok(*ISSUE, "-O", output)
    goes_on(grundbok, tmp_path)
    (data / "layouts").mkdir()
    shipped = Path(__file__).parents[2] / "projections" / "layouts" / "varend.toml"
    changed = shipped.read_text().replace("Kassa och bank", "Likvida medel").replace('unit = "tkr"', 'unit = "kr"')
    (data / "layouts" / "varend.toml").write_text(changed)

    again = grundbok(*AGAIN, "1")
    live = grundbok("report", "interim", "--book", "varend", "--as-of", "2017-T2", "-O", output)

    assert given.code == again.code == 0
    assert again.out == given.out
    assert live.out != given.out
    assert sha256(given.out.encode()).hexdigest() in given.err
    with open_shelf(data, catalogue_mapper()) as shelf:
        assert verify(shelf.open("varend"), catalogue_mapper()).faults == ()


def test_remembers_unit_language_and_knowledge(grundbok: Callable[..., Said]) -> None:
    given = grundbok(*ISSUE, "--unit", "kr", "--lang", "en", "--known-at", "2017-09-05", "-O", "json")

    again = grundbok(*AGAIN, "1", "--lang", "sv")

    assert again.out == given.out
    assert json.loads(given.out)["position"] < 330
    assert "issued report 1, position" in given.err


def test_issues_once(grundbok: Callable[..., Said]) -> None:
    first, second = grundbok(*ISSUE), grundbok(*ISSUE)
    other, english = grundbok(*ISSUE, "-O", "csv"), grundbok(*ISSUE, "-O", "csv", "--lang", "en")
    bo = grundbok(*ISSUE[:-1], "Bo")

    assert first == second
    assert "avlämnad rapport 1, position 329, sha256 " in first.err
    assert [said.err.partition(",")[0] for said in (other, english, bo)] == [
        "avlämnad rapport 2", "issued report 3", "avlämnad rapport 4",
    ]  # fmt: skip
    assert [grundbok(*AGAIN, number).code for number in (1, 2, 3, 4)] == [0, 0, 0, 0]


def test_issues_anew_when_the_book_has_learned_more(grundbok: Callable[..., Said], tmp_path: Path) -> None:
    grundbok(*ISSUE)
    goes_on(grundbok, tmp_path)

    assert grundbok(*ISSUE).err.startswith("avlämnad rapport 2, position 332,")


def test_says_when_the_bytes_cannot_be_made_again(grundbok: Callable[..., Said], data: Path) -> None:
    grundbok(*ISSUE)
    with forged(data / "varend.sqlite") as connection:
        (state,) = connection.execute("SELECT state FROM stored_events WHERE originator_version = 329").fetchone()
        event = json.loads(state) | {"digest": "0" * 64}
        changed = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        connection.execute("UPDATE stored_events SET state = ? WHERE originator_version = 329", (changed,))

    done = grundbok(*AGAIN, "1")

    assert (done.code, done.out) == (6, "")
    assert done.err.startswith("grundbok: issue_differs: Rapport 1 ")


def test_a_program_that_prints_otherwise_is_told_apart(grundbok: Callable[..., Said], data: Path) -> None:
    grundbok(*ISSUE)
    with open_shelf(data, catalogue_mapper()) as shelf:
        with pytest.raises(IssueDiffers):
            issued_again(shelf.open("varend"), 1, lambda *_: b"something else")
        with pytest.raises(IssueUnknown) as unknown:
            issued_again(shelf.open("varend"), 2, lambda *_: b"")
    assert isinstance(unknown.value, Refusal)
    assert unknown.value.facts == {"number": 2, "issued": 1}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((*AGAIN, "7"), 3, "issue_unknown"),
        ((*AGAIN, "0"), 3, "issue_unknown"),
        (("issue", "nothing", *ISSUE[2:]), 3, "report_unknown"),
        ((*ISSUE[:5], "igår", *ISSUE[6:]), 2, "date_wrong"),
        ((*ISSUE, "--known-at", "#9999"), 3, "position_ahead"),
        (("issue", "interim", "--book", "saknas", *ISSUE[4:]), 3, "book_not_found"),
        ((*ISSUE, "--layout", "/nowhere.toml"), 3, "file_not_found"),
    ],
)
def test_leaves_with_a_code_and_issues_nothing(
    grundbok: Callable[..., Said], data: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = grundbok(*arguments)

    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"grundbok: {said}: ")
    with open_shelf(data, catalogue_mapper()) as shelf:
        assert shelf.open("varend").head() == 328


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("interim",), "interim"),
        (("--as-of", "2017-T2"), "--as-of"),
        (("--known-at", "#9"), "--known-at"),
        (("--unit", "kr"), "--unit"),
        (("-O", "json"), "--output"),
        (("-O", "text"), "--output"),
        (("--layout", "/nowhere.toml"), "--layout"),
        (("--replay",), "--replay"),
        (("--account", "1930"), "--account"),
        (("--project", "p"), "--project"),
        (("--party", "p"), "--party"),
        (("--series", "A"), "--series"),
        (("--text", "t"), "--text"),
        (("interim", "--unit", "kr", "--text", "t"), "interim, --unit, --text"),
    ],
)
def test_refuses_what_would_make_another_report_of_it(
    grundbok: Callable[..., Said], options: tuple[str, ...], named: str
) -> None:
    grundbok(*ISSUE)

    done = grundbok(*AGAIN, "1", *options)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("grundbok: issued_as_it_was: Med --issued säger numret vilken rapport som skrivs ut,")
    assert f" Här står också {named}: utelämna det, " in done.err


def test_writes_the_issued_report_to_a_file(grundbok: Callable[..., Said], tmp_path: Path) -> None:
    given = grundbok(*ISSUE)

    again = grundbok(*AGAIN, "1", "-o", tmp_path / "again.txt", "--lang", "en")

    assert (again.code, again.out, again.err) == (0, "", "")
    assert (tmp_path / "again.txt").read_text("utf-8") == given.out


def test_the_day_outside_the_fiscal_years_is_issued_with_its_remark(grundbok: Callable[..., Said]) -> None:
    given = grundbok("issue", "income-statement", *ISSUE[2:5], "2019", *ISSUE[6:])

    assert "* 2019-12-31 ligger utanför bokens räkenskapsår (2017-01-01 till 2017-12-31)" in given.out
    assert given.err.startswith("grundbok: day_outside_years: 2019-12-31 ligger utanför bokens räkenskapsår")
    assert grundbok(*AGAIN, "1").out == given.out


def test_what_was_issued_before_there_was_such_a_remark_has_the_bytes_it_had(
    grundbok: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "day_remark", lambda *_: None)
    given = grundbok("issue", "income-statement", *ISSUE[2:5], "2019", *ISSUE[6:])
    monkeypatch.undo()

    assert "utanför" not in given.out + given.err
    assert grundbok(*AGAIN, "1").out == given.out


def test_what_was_issued_with_a_placeholder_that_is_refused_now_has_the_bytes_it_had(
    grundbok: Callable[..., Said], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = Path(__file__).parents[2] / "projections" / "layouts" / "varend.toml"
    (data / "layouts").mkdir()
    (data / "layouts" / "varend.toml").write_text(shipped.read_text().replace('"Kassa och bank"', '"Kassa {yaer}"'))
    monkeypatch.setattr(layout_reader, "unknown_placeholders", lambda *_: ())
    given = grundbok(*ISSUE)
    monkeypatch.undo()

    again, live = grundbok(*AGAIN, "1"), grundbok("report", *ISSUE[1:6])

    assert "Kassa {yaer}" in given.out
    assert again.out == given.out
    assert (live.code, live.out) == (2, "")
    assert "varend.toml:" in live.err
    assert "{yaer} går inte att fylla i; det finns {as_of}, {day}," in live.err


@pytest.mark.parametrize("content", [b'name = "prov\xe5"', b"\xff\xfe", b"name ="])
def test_a_layout_that_is_no_text_is_told_in_a_sentence(
    grundbok: Callable[..., Said], data: Path, content: bytes
) -> None:
    (data / "layouts").mkdir()
    (data / "layouts" / "varend.toml").write_bytes(content)

    done = grundbok("report", "interim", "--book", "varend", "--as-of", "2017")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("grundbok: layout_wrong: ")
    assert "varend.toml" in done.err
