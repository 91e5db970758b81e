"""The two example consumers, started as they say themselves and killed again and again: their files come out right."""

import csv
import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.contract.answers import Receipt
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.sender import Sender
from tests.messaging.serving import ROOT, Serving
from tests.messaging.users import run
from tests.services.console import EXAMPLES

pytestmark = [pytest.mark.server, pytest.mark.slow]

BOOK = "varend"
SECONDS = 30.0
KILLS = 4
"""How often a consumer is killed while messages come in."""


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    with Serving(tmp_path / "books", tmp_path / "log") as running:
        yield running


def usage(program: str) -> list[str]:
    """Return the line by which the program says that it is started."""
    page = (ROOT / "examples" / "consumers" / program).read_text("utf-8")
    (line,) = re.findall(rf"^    (python examples/consumers/{program} .*)$", page, re.MULTILINE)
    return str(line).split()


class Program:
    """An example consumer as a process, with its file in a directory."""

    def __init__(self, name: str, serving: Serving, directory: Path) -> None:
        python, script, *self.arguments = usage(name)
        assert python == "python"
        self._command = [sys.executable, str(ROOT / script), *self.arguments]
        self._place = directory
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "GRUNDBOK_NATS": serving.bus}
        self.file = directory / self.arguments[-1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it where its file is to be."""
        self._process = subprocess.Popen(
            self._command, cwd=self._place, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def kill(self) -> None:
        """End it without a chance to tidy up; it must still have been running."""
        assert self._process is not None
        assert self._process.poll() is None, self._process.stderr and self._process.stderr.read().decode()
        self._process.kill()
        self._process.communicate()

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until its file is as it should be, while it runs."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert self._process is not None
            assert self._process.poll() is None, self._process.stderr and self._process.stderr.read().decode()
            assert time.monotonic() < deadline, self.file.read_text("utf-8") if self.file.exists() else "no file"
            time.sleep(0.01)


def varend() -> list[bytes]:
    """Return the messages of the example book."""
    files = sorted((EXAMPLES / BOOK).glob("*.jsonl"))
    return [line for file in files for line in file.read_bytes().splitlines()]


def send(serving: Serving, messages: list[bytes]) -> int:
    """Send messages; return the position they came to."""
    last = 0

    async def work() -> None:
        nonlocal last
        async with connected(Access(urls=(serving.bus,)), "sends") as client:
            answers = await Sender(NatsBus(client), BOOK).send(messages)
            receipts = [answer for answer in answers if isinstance(answer, Receipt)]
            assert len(receipts) == len(messages), answers
            last = receipts[-1].last_position

    run(work)
    return last


def killed_while_it_reads(program: Program, serving: Serving, messages: list[bytes]) -> int:
    """Send messages in parts; kill the program after each, at once or when it has begun to write; leave it running."""
    size = len(messages) // KILLS + 1
    position = 0
    for number, start in enumerate(range(0, len(messages), size)):
        program.start()
        position = send(serving, messages[start : start + size])
        if number % 2:
            program.until(program.file.exists)
        program.kill()
    program.start()
    return position


def bank_by_month(tmp_path: Path) -> dict[str, tuple[int, int]]:
    """Return what came into and went out of the bank by month, from the journal that the program prints.

    A voucher counts by what it comes to: money that goes out and in again in one voucher has not moved.
    """
    printed = subprocess.run(
        [
            *(sys.executable, "-m", "services.cli.main", "report", "journal", "--book", BOOK),
            *("--as-of", "2017-12-31", "--unit", "kr", "-O", "csv", "--data", str(tmp_path / "books")),
        ],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    vouchers: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in csv.DictReader(printed.splitlines()):
        if row["account"].startswith("19"):
            amount = int(100 * (Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)))
            vouchers[row["accounting_date"][:7], row["voucher"]] += amount
    months: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (month, _), amount in vouchers.items():
        months[month][amount < 0] += amount
    return {month: (taken, -given) for month, (taken, given) in sorted(months.items()) if taken or given}


def test_the_board_of_the_cash_flow_is_that_of_the_journal(serving: Serving, tmp_path: Path) -> None:
    program = Program("cash_flow_board.py", serving, tmp_path)
    assert program.arguments[0] == BOOK

    def rows() -> list[list[str]]:
        return list(csv.reader(program.file.read_text("utf-8").splitlines()))

    try:
        position = killed_while_it_reads(program, serving, varend())
        program.until(lambda: program.file.exists() and rows()[0] == ["position", str(position)])
    finally:
        program.kill()

    _, headings, *board = rows()
    assert headings == ["month", "in_ore", "out_ore", "net_ore"]
    assert {row[0]: (int(row[1]), int(row[2])) for row in board} == bank_by_month(tmp_path)
    assert all(int(net) == int(taken) - int(given) for _, taken, given, net in board)
    assert len(board) > 6


def test_each_large_grant_is_told_exactly_once(serving: Serving, tmp_path: Path) -> None:
    program = Program("large_grants.py", serving, tmp_path)
    book, limit, _ = program.arguments
    assert book == BOOK
    messages = varend()
    expected = [
        (json.loads(line)["data"]["grant"], total)
        for line in messages
        if json.loads(line)["type"] in ("se.grundbok.grant.decide", "se.grundbok.grant.amend")
        and (total := sum(part["amount_ore"] for part in json.loads(line)["data"]["amounts"])) > 100 * int(limit)
    ]

    def told() -> list[dict[str, Any]]:
        whole = program.file.read_bytes() if program.file.exists() else b""
        return [json.loads(line) for line in whole.splitlines()]

    try:
        killed_while_it_reads(program, serving, messages)
        program.until(lambda: len(told()) >= len(expected))
        program.kill()
        # A line cut short by a crash is made anew, and nothing that was told is told again.
        program.file.write_bytes(program.file.read_bytes()[:-7])
        program.start()
        program.until(lambda: program.file.read_bytes().endswith(b"}\n") and len(told()) >= len(expected))
    finally:
        program.kill()

    assert len(expected) > 1
    assert [(one["grant"], one["total_ore"]) for one in told()] == expected
    positions = [one["position"] for one in told()]
    assert positions == sorted(set(positions))
