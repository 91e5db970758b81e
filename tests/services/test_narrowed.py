"""What a journal or a ledger is narrowed to is something the book has: an empty list means that nothing was booked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.kernel.refusal import Refusal
from projections.history import History
from projections.narrowing import Narrowing
from services.application.narrowed import AccountNotFound, AccountsWrong, narrowing, refuse_unknown
from tests.services.console import Said, build, runner

LISTS = ("journal", "general-ledger")
WAYS = ((), ("--replay",))
UNKNOWN = (
    (("--account", "9999"), "account_not_found", "Bokens kontoplan har inget konto 9999 (vid händelse 328)."),
    (("--account", "1930 9999 1000-1999 8888"), "account_not_found", "Bokens kontoplan har inget konto 9999, 8888 ("),
    (("--project", "nope"), "project_not_found", "Boken har inget projekt nope (vid händelse 328)."),
    (("--project", "TEAM"), "project_not_found", "Boken har inget projekt TEAM ("),
    (("--party", "nope"), "party_not_found", "Boken har ingen part nope (vid händelse 328)."),
    (("--party", "team"), "party_not_found", "Boken har ingen part team ("),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("examples"), "varend").parent


@pytest.fixture
def grundbok(
    data: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    return runner(data, capsysbinary, monkeypatch)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(("only", "code", "told"), UNKNOWN)
def test_what_the_book_does_not_have_is_not_found(
    grundbok: Callable[..., Said], name: str, way: tuple[str, ...], only: tuple[str, ...], code: str, told: str
) -> None:
    done = grundbok("report", name, "--book", "varend", "--as-of", "2017", *only, *way)

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(f"grundbok: {code}: {told}")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("only", "known_at"), [(("--project", "team"), "#10"), (("--party", "tingsryd"), "#1"), (("--party", "fk"), "#1")]
)
def test_it_is_the_book_as_it_was_known_then(
    grundbok: Callable[..., Said], way: tuple[str, ...], only: tuple[str, ...], known_at: str
) -> None:
    asked = ("report", "journal", "--book", "varend", "--as-of", "2017", *only, *way)
    assert grundbok(*asked).code == 0

    then = grundbok(*asked, "--known-at", known_at)

    assert (then.code, then.out) == (3, "")
    assert "_not_found: Boken har ing" in then.err
    assert f"(vid händelse {known_at[1:]})" in then.err


@pytest.mark.parametrize("only", [
    ("--account", "1930"), ("--account", "1931-1939 8000-9999"), ("--account", "1000-1999 -1931"), ("--project", ""),
    ("--party", ""), ("--text", "finns inte"),
])  # fmt: skip
def test_what_the_book_has_or_may_lack_is_listed(grundbok: Callable[..., Said], only: tuple[str, ...]) -> None:
    for name in LISTS:
        done = grundbok("report", name, "--book", "varend", "--as-of", "2017", *only)
        assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("output", ["text", "json", "csv"])
@pytest.mark.parametrize("way", WAYS)
def test_a_series_without_vouchers_is_an_empty_list_that_says_so(
    grundbok: Callable[..., Said], output: str, way: tuple[str, ...]
) -> None:
    asked = ("report", "journal", "--book", "varend", "--as-of", "2017", "--lang", "en", "-O", output, *way)

    done = grundbok(*asked, "--series", "ZZ")

    assert done.code == 0
    assert done.err == "grundbok: series_without_vouchers: No voucher in series ZZ was known.\n"
    assert ("No voucher in series ZZ was known." in done.out) is (output != "csv")
    if output == "json":
        (remark,) = json.loads(done.out)["tables"][0]["remarks"]
        assert (remark["code"], remark["facts"]) == ("series_without_vouchers", {"series": "ZZ"})
    assert grundbok(*asked, "--series", "A", "--text", "finns inte").err == ""


@pytest.mark.parametrize("text", ["", " ", "-1930", "1930 -1930", "1999-1930", "x", "1930,1931", "1930-"])
def test_what_names_no_accounts_is_no_empty_list(text: str) -> None:
    with pytest.raises(AccountsWrong) as refused:
        narrowing(text, None, None, None, None)

    assert refused.value.facts == {"text": text}


@pytest.mark.parametrize(
    ("text", "named"),
    [("1930 1931", (1930, 1931)), ("1000-1999", ()), ("1930-1930", (1930,)), ("1000-1999 -1500 2440", (2440,))],
)
def test_accounts_named_one_by_one_are_told_from_ranges(text: str, named: tuple[int, ...]) -> None:
    assert narrowing(text, None, None, None, None).named == named


def test_the_facts_are_for_programs() -> None:
    history = History()
    history.position = 7

    with pytest.raises(AccountNotFound) as refused:
        refuse_unknown(narrowing("1 3 2-9", None, None, None, None), history)

    assert isinstance(refused.value, Refusal)
    assert refused.value.facts == {"accounts": (1, 3), "position": 7}
    refuse_unknown(Narrowing(project="", party="", series="ZZ", text="x"), history)
