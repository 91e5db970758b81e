"""A trial balance by replay: the quick way gives what whole events give, and steps aside where it would not."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from domain.books.chart import AccountOpened
from domain.catalogue import AnyEvent
from projections.report import Question, known, make_report
from projections.table import Report
from services.application import queries
from services.application.layouts import layout_for, layout_source
from services.event_store import slim
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.failures import DamagedEvent
from services.event_store.shelves import open_shelf
from services.event_store.slim import ACCOUNTS_SKIMMER
from tests.ledger_text import events, recorded_on
from tests.projections.test_replay import year_opened
from tests.services.console import forged

MAPPER = catalogue_mapper()
SHIPPED = queries.Layouts()
DAYS = tuple(map(date.fromisoformat, ("2022-12-31", "2023-01-01", "2023-06-30", "2023-12-31", "2024-03-31")))
BEFORE_ALL = recorded_on(date(2000, 1, 1))
LONG = AccountOpened(number=15101, name="Ett långt nummer", kind="asset", recorded=BEFORE_ALL)
VOUCHERS = """
    2023-01-01 IB Ingående balanser
        1930   700
        2081  -700
    2023-03-31 Insats
        4010   200  #p
        1930  -200
    2024-01-31 Bidrag
        1930   500
        3985  -500  @staten
    2023-12-31 Rättelse
        4010    50
        1930   -50
    2024-02-28 Kundfordran
        15101   10
        1930   -10
"""
IN_ORDER = events(VOUCHERS, LONG, year_opened(2023), year_opened(2024))
YEARS_LAST = (*events(VOUCHERS, LONG), year_opened(2023), year_opened(2024))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slim, "PAGE_ROWS", 3)


def replayed(told: Sequence[AnyEvent], folder: Path, day: date, layouts: queries.Layouts) -> tuple[Report, bool]:
    """Return the trial balance of a book by replay, and whether the quick way knows its days."""
    with open_shelf(folder, MAPPER) as shelf:
        store = shelf.open("bok") if shelf.exists("bok") else shelf.create("bok")
        store.append(told[store.head() :], after=store.head())
        made = queries.report(store, Question(name="trial-balance", as_of=day), None, layouts)
        return made, queries.accounts_replayed(store, None, day) is not None


def plainly(told: Sequence[AnyEvent], day: date, file: Path | None = None) -> Report | None:
    """Return the trial balance by the plainest way there is: whole events, folded one by one."""
    layout = layout_for("standard", "bas", file=file)
    return make_report(known("bok", "now", told), layout, Question(name="trial-balance", as_of=day))


@pytest.mark.parametrize(("told", "quick"), [(IN_ORDER, {True}), (YEARS_LAST, {True, False})])
def test_gives_what_whole_events_give(told: Sequence[AnyEvent], quick: set[bool], tmp_path: Path) -> None:
    made = {day: replayed(told, tmp_path, day, SHIPPED) for day in DAYS}

    assert {day: report for day, (report, _) in made.items()} == {day: plainly(told, day) for day in DAYS}
    assert {known for _, known in made.values()} == quick


def test_accounts_with_long_numbers_are_read_in_full(tmp_path: Path) -> None:
    replayed(IN_ORDER, tmp_path, DAYS[0], SHIPPED)

    with open_shelf(tmp_path, MAPPER) as shelf:
        pages = list(ACCOUNTS_SKIMMER.pages(shelf.open("bok")))

    skimmed = sum(skim is not None for page in pages for skim in page.skims)
    in_full = [event.__struct_config__.tag for page in pages for event in page.full.values()]
    assert skimmed == 3
    assert in_full.count("voucher.posted") == 1


def test_a_layout_may_have_a_trial_balance_of_its_own(tmp_path: Path) -> None:
    """Its lines may ask for projects, parties and other days, which the quick way does not know."""
    file = tmp_path / "own.toml"
    table = '[[table]]\nid = "trial-balance"\ntitle = "Insatser"\ncolumns = [{ label = "{as_of}" }]\n'
    lines = 'lines = [{ id = "p", label = "Insatsen p", accounts = "4000-4999", project = "p" }]\n'
    file.write_text(f"{layout_source('standard', 'bas')[0]}\n{table}{lines}", "utf-8")

    made, quick = replayed(IN_ORDER, tmp_path, date(2023, 12, 31), queries.Layouts(file=file))

    assert quick
    assert made == plainly(IN_ORDER, date(2023, 12, 31), file)
    (own,) = made.tables
    assert [int(line.cells[0].amount_ore) for line in own.lines] == [200_00]


def test_names_the_voucher_that_lacks_an_amount(tmp_path: Path) -> None:
    replayed(IN_ORDER, tmp_path, DAYS[0], SHIPPED)
    with forged(tmp_path / "bok.sqlite") as connection:
        changed = "replace(CAST(state AS TEXT), '[20000,-20000]', '[20000]')"
        connection.execute(f"UPDATE stored_events SET state = CAST({changed} AS BLOB)")  # noqa: S608 - ours

    with pytest.raises(DamagedEvent, match="6"):
        replayed(IN_ORDER, tmp_path, DAYS[0], SHIPPED)
