"""The journal in the order things were registered, and the general ledger by account."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from projections.built_in import trial_balance
from projections.history import history_of
from projections.journal import entered, general_ledger, journal
from projections.table import Line, ReportTable
from tests.ledger_text import events

TEXT = """
    2023-01-01 IB Ingående balanser
        1930  1 000
        2081 -1 000
    2023-03-31 Bidrag
        4010    300  #insatsen @utforaren
        1930   -300
    2023-02-28 [2023-04-10] Sent registrerad
        6570     20
        1930    -20
    2023-09-01 Efter dagen
        6570      1
        1930     -1
"""


def shown(table: ReportTable, *lines: Line) -> list[str]:
    def cell(line: Line, at: int) -> str:
        return "" if line.cells[at].text == "" else table.amount(line, at)

    return [
        " | ".join([line.label.strip(), *(cell(line, at) for at in range(len(line.cells)))])
        for line in lines or table.lines
    ]


def made(text: str, as_of: str, name: str = "general-ledger") -> ReportTable:
    told = events(text)
    make = journal if name == "journal" else general_ledger
    return make(history_of(told), entered(told), date.fromisoformat(as_of), "sv")


def test_the_journal_lists_vouchers_in_the_order_they_were_registered() -> None:
    table = made(TEXT, "2023-08-31", "journal")

    assert shown(table) == [
        "2023-01-01  IB1/2023  2023-01-01  Ingående balanser",
        "1930 Bank | 1000.00 | ",
        "2081 Eget kapital |  | 1000.00",
        "2023-03-31  A1/2023  2023-03-31  Bidrag",
        "4010 Lämnade bidrag till insatser  [insatsen, utforaren] | 300.00 | ",
        "1930 Bank |  | 300.00",
        "2023-04-10  A2/2023  2023-02-28  Sent registrerad",
        "6570 Bankkostnader | 20.00 | ",
        "1930 Bank |  | 20.00",
    ]
    assert [line.id for line in table.lines if line.kind == "heading"] == ["2", "3", "4"]
    on_the_day = made(TEXT, "2023-03-31", "journal")
    assert [line.id for line in on_the_day.lines if line.kind == "heading"] == ["2", "3", "4"]
    assert [line.id for line in made(TEXT, "2023-03-30", "journal").lines if line.kind == "heading"] == ["2", "4"]


def test_the_general_ledger_has_opening_postings_by_date_and_a_running_balance() -> None:
    table = made(TEXT, "2023-08-31")
    bank = [line for line in table.lines if line.id.partition(".")[0] == "1930"]

    assert shown(table, *bank) == [
        "1930 Bank",
        "Ingående balans |  |  | 1000.00",
        "2023-02-28  A2/2023  Sent registrerad |  | 20.00 | 980.00",
        "2023-03-31  A1/2023  Bidrag |  | 300.00 | 680.00",
        "Utgående balans |  |  | 680.00",
    ]


def test_an_account_without_postings_this_year_keeps_its_balance() -> None:
    table = made(TEXT, "2024-01-31")

    assert shown(table, table.line("4010.opening"), table.line("4010.closing")) == [
        "Ingående balans |  |  | 300.00",
        "Utgående balans |  |  | 300.00",
    ]


def test_opening_balances_count_on_the_day_before_their_year_here_too() -> None:
    table = made(TEXT, "2022-12-31")

    assert shown(table, table.line("1930.opening"), table.line("1930.closing")) == [
        "Ingående balans |  |  | 0",
        "Utgående balans |  |  | 1000.00",
    ]
    assert [line.id for line in made(TEXT, "2022-06-30").lines] == []


def test_both_speak_english() -> None:
    told = events(TEXT)
    history, rows, as_of = history_of(told), entered(told), date(2023, 8, 31)

    assert journal(history, rows, as_of, "en").title == "Journal"
    assert general_ledger(history, rows, as_of, "en").columns == ("Debit", "Credit", "Balance")
    assert general_ledger(history, rows, as_of, "en").line("1930.opening").label == "Opening balance"


days = st.dates(date(2021, 1, 1), date(2024, 12, 31))


@given(st.lists(st.tuples(days, st.sampled_from((1910, 4010, 2440)), st.integers(1, 999)), max_size=8), days)
def test_the_general_ledger_agrees_with_the_trial_balance(rows: list[tuple[date, int, int]], as_of: date) -> None:
    text = "\n".join(f"{day} Rad\n{account} {kronor}\n1930 -{kronor}" for day, account, kronor in rows)
    told = events("2022-01-01 IB Balans\n1930 5\n2081 -5\n" + text)
    history = history_of(told)

    table = general_ledger(history, entered(told), as_of, "sv")

    closings = {
        line.id.removesuffix(".closing"): line.cells[2].amount_ore for line in table.lines if "closing" in line.id
    }
    openings = {
        line.id.removesuffix(".opening"): line.cells[2].amount_ore for line in table.lines if "opening" in line.id
    }
    balance = {line.id: line.cells for line in trial_balance(history, as_of, "sv").lines if line.kind != "sum"}
    assert {name: ore for name, ore in closings.items() if ore} == {
        name: cells[2].amount_ore for name, cells in balance.items() if cells[2].amount_ore
    }
    assert {name: ore for name, ore in openings.items() if ore} == {
        name: cells[0].amount_ore for name, cells in balance.items() if cells[0].amount_ore
    }
