"""Plain-text accounting tools on the same vouchers: first that all agree to the öre, then what each answer costs.

The tools are found on PATH, or named by `GRUNDBOK_LEDGER`, `GRUNDBOK_HLEDGER` and `GRUNDBOK_BEAN_QUERY`. Each answer is
a process of its own that reads everything, as at a keyboard; `grundbok` is asked with its read model and without.

    python -m benchmarks.peers [VOUCHERS…] [--into RESULTS.md]
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec

from benchmarks import machine
from benchmarks.bench_ingest import ingest_file
from benchmarks.journals import BEANCOUNT, LEDGER, Journal, in_ore, vouchers
from benchmarks.results import RESULTS, conditions, number, put, table
from benchmarks.synthetic import YEAR, messages
from services.clock import SystemClock

SIZES = (10_000, 100_000)
DAYS = (date(YEAR, 3, 31), date(YEAR, 8, 31))
RUNS = 3
REPLAY = "grundbok --replay"
PROGRAM = Path(sys.executable).with_name("grundbok")

Balances = dict[int, int]
"""Accounts that are not zero, in öre."""

LAUNCH = """
import json, resource, subprocess, sys, time
told, printed, *command = sys.argv[1:]
with open(printed, "wb") as output:
    started = time.perf_counter()
    code = subprocess.call(command, stdout=output)
    seconds = time.perf_counter() - started
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
with open(told, "w") as file:
    json.dump({"code": code, "seconds": seconds, "megabytes": peak / 1e6}, file)
"""
"""Starts a program and tells what it took. It is small itself, as a process begins with its parent's peak of memory."""


class Disagreement(Exception):  # noqa: N818 - what it is
    """A program does not come to the balances that the messages come to."""


PATIENCE = 8.0
"""Seconds of a tool for one answer, after which it is not asked about more vouchers."""


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """What a process took."""

    code: int
    seconds: float
    megabytes: float


class Tool(NamedTuple):
    """A program that answers: how it is found, what it reads, how it is asked, and how it prints balances."""

    name: str
    variable: str
    program: str
    journal: Journal
    asked: Callable[[str, date], list[str]]
    balances: Callable[[str], Balances]

    def found(self) -> str | None:
        """Return the program, if there is one."""
        return shutil.which(os.environ.get(self.variable, self.program))


class Program(NamedTuple):
    """A program and how it is asked for the balances of a day."""

    name: str
    version: str
    ask: Callable[[date], tuple[Took, Balances]]


class Measured(NamedTuple):
    """What a program took for a trial balance as of each day, and its most memory."""

    name: str
    version: str
    seconds: tuple[float, ...]
    megabytes: float


def of_ledger(text: str) -> Balances:
    """Return what ledger printed, an account and its balance apart by a tab."""
    return _summed(tuple(line.split("\t")) for line in text.splitlines())


def of_csv(text: str) -> Balances:
    """Return what hledger or bean-query printed as CSV below one line of headings."""
    return _summed(tuple(row) for row in list(csv.reader(text.splitlines()))[1:] if row)


def of_grundbok(text: str) -> Balances:
    """Return the closing balances of our trial balance."""
    table_rows = csv.DictReader(text.removeprefix("\ufeff").splitlines())
    return _summed(
        (row["line"], row["amount"])
        for row in table_rows
        if row["column"] == "Utgående balans" and row["kind"] == "item"
    )


def _summed(pairs: Iterator[tuple[str, ...]]) -> Balances:
    found = {int(name.rpartition(":")[2]): in_ore(amount.strip().removesuffix(" SEK")) for name, amount in pairs}
    return {account: ore for account, ore in sorted(found.items()) if ore}


def _ledger(file: str, day: date) -> list[str]:
    printed = "%(account)\\t%(quantity(scrub(display_total)))\\n"
    return ["-f", file, "balance", "--flat", "--no-total", "--balance-format", printed, "-e", str(_after(day))]


def _hledger(file: str, day: date) -> list[str]:
    return ["-f", file, "balance", "--flat", "-N", "-O", "csv", "-e", str(_after(day))]


def _bean_query(file: str, day: date) -> list[str]:
    return ["-f", "csv", file, f"SELECT account, sum(number) WHERE date <= {day} GROUP BY account"]


def _after(day: date) -> date:
    return day + timedelta(days=1)


TOOLS = (
    Tool("ledger", "GRUNDBOK_LEDGER", "ledger", LEDGER, _ledger, of_ledger),
    Tool("hledger", "GRUNDBOK_HLEDGER", "hledger", LEDGER, _hledger, of_csv),
    Tool("beancount (beanquery)", "GRUNDBOK_BEAN_QUERY", "bean-query", BEANCOUNT, _bean_query, of_csv),
)


def write_journal(journal: Journal, count: int, file: Path) -> None:
    """Write so many vouchers as a tool reads them."""
    with file.open("w", encoding="utf-8") as text:
        text.write(journal.head(f"{YEAR}-01-01"))
        for identity, voucher in vouchers(messages(count)):
            text.write(journal.entry(identity, voucher))


def launch(command: list[str], folder: Path) -> tuple[Took, str]:
    """Run a program that must succeed; return what it took, and what it printed."""
    told, printed = folder / "told", folder / "printed"
    environment = os.environ | {"BEANCOUNT_DISABLE_LOAD_CACHE": "1"}
    # A program that is installed is not compiled each time it is started.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCH, str(told), str(printed)]
    subprocess.run([*launcher, *command], env=environment, check=True)  # noqa: S603 - programs that the caller names
    took = msgspec.json.decode(told.read_bytes(), type=Took)
    if took.code:
        raise subprocess.CalledProcessError(took.code, command)
    return took, printed.read_text("utf-8")


def agree(name: str, found: Balances, right: Balances) -> None:
    """Raise `Disagreement` unless a program has the balances it should."""
    if found != right:
        differ = sorted({account for account, _ in found.items() ^ right.items()})
        told = ", ".join(f"{one}: {found.get(one, 0)} for {right.get(one, 0)}" for one in differ[:5])
        raise Disagreement(f"{name} differs on {len(differ)} accounts, in öre {told}")


def by_turns(programs: list[Program], right: Mapping[date, Balances]) -> Iterator[Measured]:
    """Ask all programs by turns, so that what else the machine does meets all; check every answer."""
    took: dict[tuple[str, date], list[Took]] = {}
    for _, day, program in product(range(RUNS), DAYS, programs):
        once, balances = program.ask(day)
        agree(f"{program.name} as of {day}", balances, right[day])
        took.setdefault((program.name, day), []).append(once)
    for program in programs:
        seconds = tuple(median(once.seconds for once in took[program.name, day]) for day in DAYS)
        megabytes = max(once.megabytes for day in DAYS for once in took[program.name, day])
        yield Measured(program.name, program.version, seconds, megabytes)


def compare(count: int, folder: Path, without: Collection[str] = ()) -> Iterator[Measured]:
    """Measure Grundbok and each tool there is, but those left out, on so many vouchers, in files of a folder."""
    right = {day: sums(count, day) for day in DAYS}
    replaying, kept = _grundbok(count, folder)
    first, balances = kept.ask(DAYS[0])
    agree("grundbok, making its read model", balances, right[DAYS[0]])
    yield from by_turns([replaying, kept, *_tools(count, folder, without)], right)
    yield Measured("grundbok, making its read model", kept.version, (first.seconds,), first.megabytes)


def _tools(count: int, folder: Path, without: Collection[str]) -> Iterator[Program]:
    for tool in TOOLS:
        if tool.name in without:
            continue
        program = tool.found()
        if program is None:
            sys.stderr.write(f"{tool.name} is not installed: left out\n")
            continue
        file = folder / f"journal.{tool.journal.suffix}"
        if not file.exists():
            write_journal(tool.journal, count, file)

        def ask(day: date, tool: Tool = tool, program: str = program, file: Path = file) -> tuple[Took, Balances]:
            took, printed = launch([program, *tool.asked(str(file), day)], folder)
            return took, tool.balances(printed)

        yield Program(tool.name, machine.version([program, "--version"]), ask)


def _question(folder: Path, day: date, *more: str) -> list[str]:
    asked = ["report", "trial-balance", "--book", "bench", "--as-of", str(day), "-O", "csv"]
    return [str(PROGRAM), *asked, "--data", str(folder / "books"), *more]


def _grundbok(count: int, folder: Path) -> tuple[Program, Program]:
    """Make the book; return the program that replays it, and the one that keeps a read model."""
    file = folder / "messages.jsonl"
    with file.open("wb") as lines:
        lines.writelines(messages(count))
    ingest_file(file, folder / "books")
    version = machine.version([str(PROGRAM), "--version"])

    def ask(day: date, *more: str) -> tuple[Took, Balances]:
        took, printed = launch(_question(folder, day, *more), folder)
        return took, of_grundbok(printed)

    return Program(REPLAY, version, lambda day: ask(day, "--replay")), Program("grundbok", version, ask)


def sums(count: int, day: date) -> Balances:
    """Return the balances that the messages themselves come to: what every program, ours too, has to come to."""
    found: Balances = {}
    for _, voucher in vouchers(messages(count)):
        if voucher.accounting_date <= str(day):
            for line in voucher.lines:
                found[line.account] = found.get(line.account, 0) + line.amount_ore
    return {account: ore for account, ore in sorted(found.items()) if ore}


def section(measured: Mapping[int, list[Measured]], measured_on: str) -> str:
    """Return the part of the page about other tools; the measurements by number of vouchers."""
    headings = ("Vouchers", "Program", "Version", *(f"As of {day}, s" for day in DAYS), "MB", "Against replay")
    lines = []
    for count, programs in measured.items():
        (replay,) = (one.seconds[0] for one in programs if one.name == REPLAY)
        for name, version, seconds, megabytes in programs:
            figures = [*map(number, seconds), *[""] * (len(DAYS) - len(seconds)), number(megabytes)]
            lines.append((number(count), name, version, *figures, f"{number(seconds[0] / replay)} times"))
    text = (
        "A trial balance as of two days by a process that has just started, all programs by turns, median of three,\n"
        "and the most memory. All answers were equal to the öre to the sums of the messages; a difference would have\n"
        "ended the run. The tools read their text; `grundbok` has its read model, with `--replay` only the events.\n"
        f"A tool that took more than {PATIENCE:g} s is not asked at greater sizes."
    )
    return "\n".join(["## Other tools", "", measured_on, "", text, "", *table(headings, lines)])


def main() -> None:
    """Compare at the sizes asked for, and write the section."""
    parser = argparse.ArgumentParser(description="Compare with ledger, hledger and beancount, where installed.")
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, help="how many vouchers")
    parser.add_argument("--into", type=Path, default=RESULTS)
    asked = parser.parse_args()
    load = machine.load_average()
    measured: dict[int, list[Measured]] = {}
    for count in sorted(asked.sizes):
        slow = {one.name for programs in measured.values() for one in programs if max(one.seconds) > PATIENCE}
        with tempfile.TemporaryDirectory(prefix="grundbok-peers-") as folder:
            measured[count] = list(compare(count, Path(folder), slow))
        for one in measured[count]:
            sys.stdout.write(f"{count} {one.name}: {', '.join(f'{taken:.3f} s' for taken in one.seconds)}\n")
    measured_on = f"{SystemClock().now():%Y-%m-%d}, load average before {load}: {conditions(machine.facts(load))}"
    put("other tools", section(measured, measured_on), asked.into)
    sys.stdout.write(f"{asked.into}\n")


if __name__ == "__main__":
    main()
