"""A report as of a day outside the fiscal years of a book tells so, on standard error whatever the format."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services.console import Said, build, runner

REPORT = ("report", "income-statement", "--book", "varend", "--as-of")
SAID = "2019-08-31 ligger utanför bokens räkenskapsår (2017-01-01 till 2017-12-31): inget är bokfört eller planerat"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("examples"), "varend").parent


@pytest.fixture
def grundbok(
    data: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    return runner(data, capsysbinary, monkeypatch)


@pytest.mark.parametrize("output", ["text", "json", "csv"])
@pytest.mark.parametrize("replay", [(), ("--replay",)])
def test_is_told_aside_whatever_the_format(grundbok: Callable[..., Said], output: str, replay: tuple[str, ...]) -> None:
    done = grundbok(*REPORT, "2019-T2", "-O", output, *replay)

    assert done.code == 0
    assert done.err == f"grundbok: day_outside_years: {SAID} för 2019.\n"
    assert (SAID in done.out) is (output != "csv")


def test_the_remark_has_its_facts_for_programs(grundbok: Callable[..., Said]) -> None:
    (table,) = json.loads(grundbok(*REPORT, "2010", "-O", "json").out)["tables"]

    assert table["remarks"][0]["code"] == "day_outside_years"
    assert table["remarks"][0]["facts"] == {
        "as_of": "2010-12-31", "year": 2010, "planned": 0, "first": "2017-01-01", "last": "2017-12-31",
    }  # fmt: skip


@pytest.mark.parametrize("as_of", ["2017-T2", "2017-08", "2017", "2017-01-01"])
def test_a_day_in_the_fiscal_year_is_not(grundbok: Callable[..., Said], as_of: str) -> None:
    done = grundbok(*REPORT, as_of)

    assert done.err == ""
    assert "utanför bokens" not in done.out


def test_a_comparison_with_a_document_of_another_year_tells_it(grundbok: Callable[..., Said], tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "examples" / "varend" / "published.toml"
    (tmp_path / "other.toml").write_text(shipped.read_text("utf-8").replace("2017-08-31", "2019-08-31"), "utf-8")

    done = grundbok("compare", tmp_path / "other.toml", "--book", "varend", "--lang", "en")

    assert done.code == 1
    assert done.err.startswith("grundbok: day_outside_years: 2019-08-31 is outside the fiscal years of the book")
