"""The two dials: as of which day, as known when; both on every report, ledger and comparison, and what they promise."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue import AnyEvent
from projections.report import Question
from services.application import queries
from services.application.moments import (
    DateWrong,
    MomentWrong,
    RangeWrong,
    as_of_date,
    known_at_moment,
    known_at_range,
)
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from services.event_store.store import BookStore
from tests.services.console import LONG_AFTER, Said, build, runner

TODAY = LONG_AFTER.date()
REPORTS = ("interim", "trial-balance", "general-ledger", "journal", "supplier-ledger", "series", "equity", "grants")


@pytest.fixture(scope="module")
def varend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("examples"), "varend")


@pytest.fixture
def grundbok(
    varend: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    return runner(varend.parent, capsysbinary, monkeypatch)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2017-08-31", date(2017, 8, 31)),
        ("2017-02", date(2017, 2, 28)),
        ("2016-02", date(2016, 2, 29)),
        ("2017-T1", date(2017, 4, 30)),
        ("2017-t2", date(2017, 8, 31)),
        ("2017-T3", date(2017, 12, 31)),
        ("2017", date(2017, 12, 31)),
        ("1900", date(1900, 12, 31)),
        ("2999-12", date(2999, 12, 31)),
    ],
)
def test_as_of_is_a_day_or_the_end_of_a_period(text: str, day: date) -> None:
    assert as_of_date(text) == day


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (None, None),
        ("#0", 0),
        ("0", 0),
        ("#2017", 2017),
        ("120", 120),
        ("2100", 2100),
        ("20170", 20170),
        ("2017", date(2017, 12, 31)),
        ("2017-10", date(2017, 10, 31)),
        ("2017-T2", date(2017, 8, 31)),
        ("2017-10-20", date(2017, 10, 20)),
        ("2017-10-20T12:00", datetime(2017, 10, 20, 12, tzinfo=UTC)),
        ("2017-10-20T12:00:00Z", datetime(2017, 10, 20, 12, tzinfo=UTC)),
        ("2017-10-20T12:00:00+02:00", datetime(2017, 10, 20, 12, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_known_at_is_a_position_a_day_or_an_instant(text: str | None, moment: queries.KnownAt) -> None:
    found = known_at_moment(text)

    assert (type(found), found) == (type(moment), moment)


BAD = ("", "igår", "2017-13", "2017-00", "2017-T4", "2017-T0", "2017-02-29", "2017-8-31", "17", "T2-2017", "²", "1 0")


@pytest.mark.parametrize("text", [*BAD, "0001-01-01", "1899-12-31", "3000", "9999-12-31", "#12", "2017-08-31T10:00"])
def test_refuses_an_as_of_that_is_none(text: str) -> None:
    with pytest.raises(DateWrong) as refused:
        as_of_date(text)

    assert "#120" not in refused.value.sentence("sv") + refused.value.sentence("en"), "a position is no day"


@pytest.mark.parametrize(
    "text", [*(text for text in BAD if text != "17"), "#", "#-1", "-1", "# 1", "#1_0", "#1.5", "2017-10-20T25:00"]
)
def test_refuses_a_known_at_that_is_none(text: str) -> None:
    with pytest.raises(MomentWrong):
        known_at_moment(text)


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("..", (0, None)),
        ("#1..#2", (1, 2)),
        ("2017-09-05..", (date(2017, 9, 5), None)),
        ("..2017", (0, date(2017, 12, 31))),
    ],
)
def test_a_range_is_two_moments(text: str, moments: tuple[queries.KnownAt, queries.KnownAt]) -> None:
    assert known_at_range(text) == moments


@pytest.mark.parametrize("text", ["", "2017", "#1", "1..2..3", "1.2", "a...."])
def test_refuses_a_range_that_is_none_and_says_how_one_is_written(text: str) -> None:
    with pytest.raises(RangeWrong) as refused:
        known_at_range(text)

    assert refused.value.facts == {"text": text}
    assert all("A..B" in refused.value.sentence(language) for language in ("sv", "en"))


@given(st.text(max_size=24))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (as_of_date, known_at_moment, known_at_range):
        try:
            read(text)
        except (DateWrong, RangeWrong) as wrong:
            told = wrong.facts
        except MomentWrong as wrong:
            if read is known_at_range:
                continue  # it names the one of the two
            told = wrong.facts
        else:
            told = {"text": text}
        assert told == {"text": text}


COMMANDS = (
    ("report", "interim", "--as-of", "{}"),
    ("report", "interim", "--as-of", "2017", "--known-at", "{}"),
    ("compare", "examples/varend/published.toml", "--known-at", "{}"),
    ("bridge", "--as-of", "{}", "--known-at", "1..2"),
    ("bridge", "--as-of", "2017", "--known-at", "{}"),
    ("bridge", "--as-of", "2017", "--known-at", "1..{}"),
    ("trace", "br.kassa", "--as-of", "{}"),
    ("trace", "br.kassa", "--as-of", "2017", "--known-at", "{}"),
    ("history", "A1/2017", "--known-at", "{}"),
    ("issue", "interim", "--to", "a", "--by", "b", "--as-of", "{}"),
    ("issue", "interim", "--to", "a", "--by", "b", "--as-of", "2017", "--known-at", "{}"),
    ("sie", "export", "--year", "2017", "-o", "/dev/null", "--known-at", "{}"),
)


ALONE = COMMANDS[4]
"""A bridge from one moment to none."""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_bad_dial_is_wrong_usage_on_every_command(grundbok: Callable[..., Said], command: tuple[str, ...]) -> None:
    done = grundbok(*(argument.replace("{}", "igår") for argument in command), "--book", "varend")

    assert (done.code, done.out) == (2, "")
    dial = command[command.index("{}") - 1] if "{}" in command else "--known-at"
    code = "date_wrong" if dial == "--as-of" else "range_wrong" if command == ALONE else "moment_wrong"
    assert done.err.startswith(f"grundbok: {code}: ")


@pytest.mark.parametrize("command", COMMANDS[1:3] + COMMANDS[7:9], ids=" ".join)
def test_a_position_that_has_not_come_is_not_found(grundbok: Callable[..., Said], command: tuple[str, ...]) -> None:
    done = grundbok(*(argument.replace("{}", "#99999") for argument in command), "--book", "varend")

    assert done.code == 3
    assert "position_ahead" in done.err


@pytest.mark.parametrize("as_of", ["1900", "2999-12-31", "2016-02-29"])
def test_days_far_from_the_book_are_days(grundbok: Callable[..., Said], as_of: str) -> None:
    for name in ("interim", *REPORTS):
        done = grundbok("report", name, "--book", "varend", "--as-of", as_of)
        assert done.code == 0, done.err


@pytest.mark.parametrize("output", ["text", "json", "csv"])
def test_both_dials_at_once_in_every_format(grundbok: Callable[..., Said], output: str) -> None:
    asked = ("report", "interim", "--book", "varend", "--as-of", "2017-T2", "-O", output)

    then, now = grundbok(*asked, "--known-at", "2017-09-05"), grundbok(*asked)

    assert then.code == now.code == 0
    assert then.out != now.out
    if output == "json":
        said = json.loads(then.out)
        assert (said["as_of"], said["known_at"], said["position"] < 330) == ("2017-08-31", "2017-09-05", True)


def test_narrowing_is_refused_where_it_would_be_left_out(grundbok: Callable[..., Said]) -> None:
    done = grundbok("report", "balance-sheet", "--book", "varend", "--as-of", "2017", "--project", "team")

    assert done.code == 2
    assert "narrowing_unused" in done.err


# ---------------------------------------------------------------------------------------------------------- promises


def tables(store: BookStore[AnyEvent], name: str, as_of: date, known_at: queries.KnownAt) -> bytes:
    made = queries.report(store, Question(name=name, as_of=as_of), known_at, queries.Layouts())
    return repr(made.tables).encode()


def test_today_and_now_is_the_live_report(varend: Path) -> None:
    with open_shelf(varend.parent, catalogue_mapper()) as shelf:
        store = shelf.open("varend")
        for name in REPORTS:
            live = tables(store, name, TODAY, None)
            assert live == tables(store, name, TODAY, TODAY) == tables(store, name, TODAY, store.head())
            assert live == tables(store, name, TODAY, LONG_AFTER)


def test_what_was_known_never_changes_when_the_book_goes_on(varend: Path, tmp_path: Path) -> None:
    """The same questions to a book that ends there and to one that has gone on."""
    as_of = date(2017, 8, 31)
    knowns: tuple[queries.KnownAt, ...] = (60, 184, 250, date(2017, 5, 19), date(2017, 9, 5))
    with open_shelf(varend.parent, catalogue_mapper()) as shelf, open_shelf(tmp_path, catalogue_mapper()) as other:
        whole = shelf.open("varend")
        for number, known_at in enumerate(knowns):
            events = list(queries.prefix(whole, known_at))
            ended = other.create(f"ended-{number}")
            ended.append(events, after=0)
            for name in REPORTS:
                assert tables(whole, name, as_of, known_at) == tables(ended, name, as_of, None)
            assert msgspec.json.encode(list(queries.prefix(whole, known_at))) == msgspec.json.encode(events)


def test_a_day_an_instant_and_a_position_are_the_same_prefix(varend: Path) -> None:
    with open_shelf(varend.parent, catalogue_mapper()) as shelf:
        store = shelf.open("varend")
        sizes = []
        day = date(2016, 12, 1)
        while day < date(2017, 12, 1):
            sizes.append(len(list(queries.prefix(store, day))))
            day += timedelta(days=9)
        assert sizes == sorted(sizes)
        for size in set(sizes):
            assert len(list(queries.prefix(store, size))) == size


def test_says_that_the_book_was_empty_rather_than_print_zeros(grundbok: Callable[..., Said]) -> None:
    asked = ("report", "interim", "--book", "varend", "--as-of", "2017-T2", "--known-at")

    for moment, told in (
        ("#0", "händelse 0"),
        ("1990-01-01", "1990-01-01"),
        ("2017-10-20T12:00:00+02:00", "2017-10-20T12:00:00+02:00"),
    ):
        said = grundbok(*asked, moment)
        assert (said.code, said.out) == (3, "")
        assert said.err.startswith(f"grundbok: nothing_known: Boken varend var tom vid {told}. ")


def test_an_empty_book_is_told_in_words() -> None:
    for known_at, sv, en in (("now", "nu", "now"), ("0", "vid händelse 0", "at event 0")):
        empty = queries.NothingKnown(book="prov", known_at=known_at)
        assert empty.facts["known_at"] == known_at
        assert empty.sentence("sv").startswith(f"Boken prov var tom {sv}. ")
        assert empty.sentence("en").startswith(f"Book prov was empty {en}. ")


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (("interim",), "--as-of"),
        (("interim", "--as-of", ""), "--as-of"),
        (("--as-of", "2017"), "NAME"),
        ((), "NAME, --as-of"),
    ],
)
def test_says_what_is_missing_to_make_a_report(
    grundbok: Callable[..., Said], words: tuple[str, ...], missing: str
) -> None:
    done = grundbok("report", *words, "--book", "varend")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"grundbok: report_incomplete: {missing} saknas: skriv grundbok report NAME ")


def test_a_published_document_that_is_not_there_is_not_found(grundbok: Callable[..., Said], tmp_path: Path) -> None:
    done = grundbok("compare", tmp_path / "none.toml", "--book", "varend", "--lang", "en")
    assert (done.code, done.out) == (3, "")
    assert done.err == f"grundbok: file_not_found: The file {tmp_path / 'none.toml'} does not exist.\n"

    assert grundbok("compare", tmp_path, "--book", "varend").err.startswith("grundbok: file_not_readable: ")


def test_a_layout_that_is_not_there_is_not_found(grundbok: Callable[..., Said], tmp_path: Path) -> None:
    asked = ("report", "interim", "--book", "varend", "--as-of", "2017", "--layout")

    done = grundbok(*asked, tmp_path / "none.toml")
    assert (done.code, done.out) == (3, "")
    assert done.err == f"grundbok: file_not_found: Filen {tmp_path / 'none.toml'} finns inte.\n"

    assert grundbok(*asked, tmp_path).err.startswith("grundbok: layout_wrong: ")
