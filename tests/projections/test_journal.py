"""The journal in the order things were registered, and the general ledger by account."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from projections.built_in import trial_balance
from projections.history import history_of
from projections.journal import Vouchers, entered, general_ledger, journal
from projections.narrowing import Narrowing
from projections.table import Fields, Line, ReportTable
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

    assert shown(table, table.line("2081.opening"), table.line("2081.closing")) == [
        "Ingående balans |  |  | -1000.00",
        "Utgående balans |  |  | -1000.00",
    ]


TWO_YEARS = """
    2023-03-01 Intäkt
        1930    300
        3985   -300
    2023-04-01 Kostnad
        6570     20
        1930    -20
    {closing}
    2024-02-01 Intäkt
        1930    700
        3985   -700
"""
CLOSING = "2023-12-31 Årets resultat\n8999 280\n2099 -280"


def test_result_accounts_open_at_zero_and_what_was_not_moved_has_a_line_of_its_own() -> None:
    table = made(TWO_YEARS.format(closing=""), "2024-12-31")

    assert shown(table) == [
        "1930 Bank",
        "Ingående balans |  |  | 280.00",
        "2024-02-01  A1/2024  Intäkt | 700.00 |  | 980.00",
        "Utgående balans |  |  | 980.00",
        f"3985 {history_of(events('')).accounts[3985].name}",
        "Ingående balans |  |  | 0",
        "2024-02-01  A1/2024  Intäkt |  | 700.00 | -700.00",
        "Utgående balans |  |  | -700.00",
        "Tidigare års resultat, inte omfört |  |  | -280.00",
    ]


def test_a_result_moved_to_equity_leaves_no_line() -> None:
    table = made(TWO_YEARS.format(closing=CLOSING), "2024-12-31")

    assert [line.id for line in table.lines if line.kind == "heading"] == ["1930", "2099", "3985"]
    assert table.line("2099.opening").cells[2].amount_ore == -280_00
    assert table.line("3985.opening").cells[2].amount_ore == 0
    assert all(line.id != "earlier-result" for line in table.lines)
    closed = made(TWO_YEARS.format(closing=CLOSING), "2023-12-31")
    assert closed.line("8999.closing").cells[2].amount_ore == 280_00


def test_a_narrowed_ledger_opens_result_accounts_at_zero_without_the_line() -> None:
    told = events(TWO_YEARS.format(closing=""))
    only = Narrowing(accounts=((3985, 6999),))

    table = general_ledger(history_of(told), entered(told), date(2024, 12, 31), "sv", only)

    assert [line.id for line in table.lines] == ["3985", "3985.opening", "3985.1", "3985.closing"]
    assert table.line("3985.opening").cells[2].amount_ore == 0
    assert table.line("3985.closing").cells[2].amount_ore == -700_00


def test_a_posting_has_its_voucher_in_parts() -> None:
    expected = Fields(
        position=3,
        voucher="A1/2023",
        series="A",
        number=1,
        year=2023,
        accounting_date=date(2023, 3, 31),
        registered_on=date(2023, 3, 31),
        account=4010,
        account_name="Lämnade bidrag till insatser",
        text="Bidrag",
        project="insatsen",
        party="utforaren",
    )
    rows, ledger = made(TEXT, "2023-08-31", "journal"), made(TEXT, "2023-08-31")

    assert rows.line("3.1").fields == ledger.line("4010.1").fields == expected
    late = ledger.line("6570.1").fields
    assert late is not None
    assert (late.registered_on, late.accounting_date) == (date(2023, 4, 10), date(2023, 2, 28))
    assert ledger.line("1930.opening").fields == Fields(account=1930, account_name="Bank", text="Ingående balans")
    assert [line.kind for line in rows.lines if line.fields is None] == ["heading"] * 3
    assert {line.id.rpartition(".")[2] for line in ledger.lines if line.fields is None and line.cells} == {"closing"}


def test_opening_balances_count_on_the_day_before_their_year_here_too() -> None:
    table = made(TEXT, "2022-12-31")

    assert shown(table, table.line("1930.opening"), table.line("1930.closing")) == [
        "Ingående balans |  |  | 0",
        "Utgående balans |  |  | 1000.00",
    ]
    assert [line.id for line in made(TEXT, "2022-06-30").lines] == []


def test_the_ledger_is_in_order_of_days_and_those_of_one_day_as_they_were_registered() -> None:
    text = "".join(
        f"2023-{month:02}-01 [2023-05-{at:02}] Nr {at}\n1930 {at}\n6570 -{at}\n"
        for at, month in enumerate((4, 3, 4, 3, 3, 4), 1)
    )

    table = made(text, "2023-12-31")

    rows = [line.label.rpartition("  ")[2] for line in table.lines if line.id.startswith("1930.") and line.fields]
    assert rows == ["Ingående balans", "Nr 2", "Nr 4", "Nr 5", "Nr 1", "Nr 3", "Nr 6"]
    assert [line.id for line in table.lines][:4] == ["1930", "1930.opening", "1930.1", "1930.2"]
    assert table.amount(table.line("1930.6"), 2) == "21.00"


def test_vouchers_may_be_gone_through_again() -> None:
    told = events(TEXT)
    rows = Vouchers(told)

    assert list(rows) == list(rows) == entered(told)
    assert [row.voucher.text for row in rows if row.opening] == ["Ingående balanser"]


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
    for line in table.lines:
        if line.id == "earlier-result":
            closings[line.id] = openings[line.id] = line.cells[2].amount_ore
    balance = {line.id: line.cells for line in trial_balance(history, as_of, "sv").lines if line.kind != "sum"}
    assert {name: ore for name, ore in closings.items() if ore} == {
        name: cells[2].amount_ore for name, cells in balance.items() if cells[2].amount_ore
    }
    assert {name: ore for name, ore in openings.items() if ore} == {
        name: cells[0].amount_ore for name, cells in balance.items() if cells[0].amount_ore
    }
