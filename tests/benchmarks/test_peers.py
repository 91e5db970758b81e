"""What other tools are given to read and what they print, without the tools."""

import re
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

import pytest

from benchmarks import peers
from benchmarks.journals import BEANCOUNT, LEDGER, Line, Voucher, account, in_ore, kronor, vouchers
from benchmarks.peers import (
    DAYS,
    Balances,
    Disagreement,
    Measured,
    Program,
    Took,
    agree,
    by_turns,
    launch,
    of_csv,
    of_grundbok,
    of_ledger,
    section,
    sums,
    write_journal,
)
from benchmarks.synthetic import YEAR, messages

VOUCHER = Voucher(
    accounting_date="2024-05-10",
    text="Faktura 7",
    reference="ref-1",
    lines=[Line(account=2440, amount_ore=-10_005), Line(account=5010, amount_ore=10_005, project="p03")],
)
BALANCES = {2440: -10_005, 5010: 10_005}


def test_a_voucher_as_ledger_and_hledger_read_it() -> None:
    assert LEDGER.entry("m1", VOUCHER) == (
        "\n2024-05-10 (m1) Faktura 7\n    ; reference: ref-1\n"
        "    Liabilities:2440  -100.05 SEK\n"
        "    Expenses:5010  100.05 SEK  ; project: p03\n"
    )


def test_a_voucher_as_beancount_reads_it() -> None:
    assert BEANCOUNT.entry("m1", VOUCHER) == (
        '\n2024-05-10 * "Faktura 7"\n  id: "m1"\n  reference: "ref-1"\n'
        "  Liabilities:2440  -100.05 SEK\n"
        "  Expenses:5010  100.05 SEK\n"
        '    project: "p03"\n'
    )


def test_every_account_of_the_vouchers_is_declared() -> None:
    used = {account(line.account) for _, voucher in vouchers(messages(200)) for line in voucher.lines}

    assert used <= {line.removeprefix("account ") for line in LEDGER.head("").splitlines()}
    assert {f"2024-01-01 open {name} SEK" for name in used} <= set(BEANCOUNT.head("2024-01-01").splitlines())


def test_the_vouchers_are_those_of_the_messages_and_balance(tmp_path: Path) -> None:
    found = list(vouchers(messages(50)))
    file = tmp_path / "journal.ledger"

    write_journal(LEDGER, 50, file)

    assert len(found) == 50
    assert all(sum(line.amount_ore for line in voucher.lines) == 0 for _, voucher in found)
    written = re.findall(r"^    [A-Z]\w+:\d{4}  (\S+) SEK", file.read_text("utf-8"), re.MULTILINE)
    assert sum(map(in_ore, written)) == 0
    assert len(written) == sum(len(voucher.lines) for _, voucher in found)


def test_the_balances_of_a_day_are_the_vouchers_up_to_it() -> None:
    day = date(YEAR, 3, 31)
    known = [voucher for _, voucher in vouchers(messages(20))]

    found = sums(20, day)

    owed = sum(
        line.amount_ore
        for voucher in known
        for line in voucher.lines
        if line.account == 2440 and date.fromisoformat(voucher.accounting_date) <= day
    )
    assert found[2440] == owed < 0
    assert found != sums(20, date(YEAR, 12, 31))


@pytest.mark.parametrize(("ore", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-123_456, "-1234.56")])
def test_amounts_to_and_fro(ore: int, text: str) -> None:
    assert kronor(ore) == text
    assert in_ore(text) == ore


@pytest.mark.parametrize(("text", "ore"), [("0", 0), (" 12 ", 1200), ("-1.5", -150), ("1.5000", 150)])
def test_amounts_as_tools_shorten_them(text: str, ore: int) -> None:
    assert in_ore(text) == ore


def test_a_fraction_of_an_ore_is_no_amount() -> None:
    with pytest.raises(ValueError, match=r"1\.005"):
        in_ore("1.005")


def test_what_the_tools_print() -> None:
    assert of_ledger("Liabilities:2440\t-100.05\nExpenses:5010\t100.05\nAssets:1650\t0\n") == BALANCES
    assert of_csv('"account","balance"\n"Expenses:5010","100.05 SEK"\n"Liabilities:2440","-100.05 SEK"\n') == BALANCES
    assert of_csv("account,sum(number)\nExpenses:5010   ,  100.05\nLiabilities:2440, -100.05\n") == BALANCES
    assert (
        of_grundbok(
            "table,line,kind,label,column,amount,unit\n"
            "trial-balance,2440,item,2440 Leverantörsskulder,Förändring,-7,kr\n"
            "trial-balance,2440,item,2440 Leverantörsskulder,Utgående balans,-100.05,kr\n"
            "trial-balance,5010,item,5010 Lokalkostnader,Utgående balans,100.05,kr\n"
            "trial-balance,sum,sum,Summa,Utgående balans,0,kr\n"
        )
        == BALANCES
    )


def test_one_ore_of_difference_is_an_error() -> None:
    agree("a tool", dict(BALANCES), BALANCES)

    with pytest.raises(Disagreement, match="a tool differs on 1 accounts, in öre 5010: 10006 for 10005"):
        agree("a tool", BALANCES | {5010: 10_006}, BALANCES)


def test_what_a_program_took_does_not_count_what_started_it(tmp_path: Path) -> None:
    ballast = bytearray(80_000_000)

    took, printed = launch(["/bin/echo", "hello"], tmp_path)

    assert printed == "hello\n"
    assert 0 < took.megabytes < len(ballast) / 2e6
    assert took.seconds > 0


def program(name: str, balances: Balances) -> Program:
    return Program(name, "1.0", lambda _: (Took(code=0, seconds=2.0, megabytes=80.0), balances))


def test_every_answer_of_every_program_is_checked() -> None:
    right = dict.fromkeys(DAYS, BALANCES)

    assert list(by_turns([program("one", BALANCES), program("other", BALANCES)], right)) == [
        Measured("one", "1.0", (2.0, 2.0), 80.0),
        Measured("other", "1.0", (2.0, 2.0), 80.0),
    ]
    with pytest.raises(Disagreement, match="other as of 2024-03-31 differs on 1 accounts, in öre 2440: 0 for -10005"):
        list(by_turns([program("one", BALANCES), program("other", {5010: 10_005})], right))


def test_the_section_compares_with_a_replay() -> None:
    programs = [
        Measured("grundbok --replay", "1.0", (0.5, 0.6), 40.0),
        Measured("ledger", "3.3.0", (2.0, 2.1), 80.0),
        Measured("grundbok, making its read model", "1.0", (0.75,), 40.0),
    ]

    page = section({1000: programs}, "2026-01-02: a machine")

    assert "| 1\u00a0000 | ledger | 3.3.0 | 2 | 2.1 | 80 | 4 times |" in page
    assert "| 1\u00a0000 | grundbok, making its read model | 1.0 | 0.75 |  | 40 | 1.5 times |" in page
    assert "2026-01-02: a machine" in page


def test_a_tool_that_is_slow_is_asked_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, list[str]]] = []

    def compare(count: int, folder: Path, without: Collection[str]) -> Iterator[Measured]:
        assert folder.is_dir()
        asked.append((count, sorted(without)))
        yield Measured(peers.REPLAY, "1", (0.1, 0.1), 1.0)
        yield Measured("quick", "1", (0.1, 0.1), 1.0)
        yield Measured("slow", "1", (0.1, peers.PATIENCE * count / 100), 1.0)

    monkeypatch.setattr(peers, "compare", compare)
    monkeypatch.setattr("sys.argv", ["peers", "1000", "100", "101", "--into", str(tmp_path / "page.md")])
    (tmp_path / "page.md").write_text("# Results\n")
    peers.main()

    assert asked == [(100, []), (101, []), (1000, ["slow"])]
