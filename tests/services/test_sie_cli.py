"""`grundbok sie`: the commands, their words and their exit codes."""

import json
from pathlib import Path

import pytest

from services.cli.main import program
from services.cli.sie import export_year, import_year
from tests.formats.sie.files import A_YEAR, OURS, sie, voucher, without


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a directory with a good file, a bad one and one without an organisation number."""
    (tmp_path / "bra.se").write_bytes(sie(*A_YEAR))
    (tmp_path / "fel.se").write_bytes(sie(*A_YEAR, *voucher("#TRANS 1930 {} 1", head="#VER A 3 20230301 x")))
    (tmp_path / "utan.se").write_bytes(sie(*without(A_YEAR, "#ORGNR")))
    return tmp_path


def imported(here: Path, file: str = "bra.se", **options: object) -> int:
    """Import a file into the book `bok`."""
    return import_year(str(here / file), book="bok", data=str(here / "var"), **options)  # type: ignore[arg-type]


def test_imports_says_what_it_found_and_exports_the_same(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert imported(here, create=True) == 0
    said = capsys.readouterr()
    assert said.out == "5 poster bokförda (3 verifikationer), 0 fanns redan\n"
    (aside,) = said.err.splitlines()
    assert aside.startswith(f"{here}/bra.se: upplysning: accounts_of_other_name: 2 konton heter annorlunda")
    assert imported(here) == 0
    assert capsys.readouterr().out == "0 poster bokförda (0 verifikationer), 2 fanns redan\n"

    out = here / "ut.se"
    assert export_year(book="bok", year=2023, file=out, data=str(here / "var")) == 0
    assert b'#VER "A" 2 20230210 "S\x86ld plats" 20230212 "bo"' in out.read_bytes()


def test_an_error_names_file_line_and_code_and_writes_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert imported(here, "fel.se", create=True, lang="en") == 5

    said = capsys.readouterr()
    line = sie(*A_YEAR).count(b"\n") + 1
    assert f"{here}/fel.se:{line}: voucher_not_balanced: Voucher A 3 does not balance" in said.err
    assert said.out == "Nothing was recorded: 1 errors\n"
    assert not list((here / "var").glob("bok*"))


def test_a_conflict_has_its_own_exit_code(here: Path) -> None:
    imported(here, create=True)
    (here / "bra.se").write_bytes(sie(*A_YEAR).replace(b"100.00", b"120.00"))

    assert imported(here) == 4


def test_whose_a_new_book_is_may_be_said(here: Path) -> None:
    assert imported(here, "utan.se", create=True) == 5
    assert imported(here, "utan.se", create=True, organisation_number=OURS) == 0


def test_answers_in_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert imported(here, create=True, output="json") == 0

    answer = json.loads(capsys.readouterr().out)
    assert (answer["written"], answer["vouchers"], answer["known"]) == (5, 3, 0)
    assert answer["findings"][0]["code"] == "accounts_of_other_name"


def test_writes_to_standard_output(here: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    imported(here, create=True)
    capfdbinary.readouterr()

    export_year(book="bok", year=2023, data=str(here / "var"))

    assert capfdbinary.readouterr().out.startswith(b"#FLAGGA 0\r\n#KSUMMA\r\n")


def test_a_book_that_is_not_there_is_not_made_without_being_asked(here: Path) -> None:
    from services.event_store.failures import BookNotFound  # noqa: PLC0415

    with pytest.raises(BookNotFound):
        imported(here)


def test_the_commands_are_mounted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program()(["sie", "import", "--help"])

    assert not ended.value.code
    assert "--opening-difference" in capsys.readouterr().out
