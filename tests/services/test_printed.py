"""What is printed is read as the contract says, strictly, and is the same bytes when written again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.contract.printed import PrintedBacks, PrintedProcessing, PrintedReport, PrintedTrace
from tests.services.console import Said, build, runner

AS_OF = ("--book", "varend", "--as-of", "2017-08-31", "-O", "json")


@pytest.fixture
def grundbok(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    build(tmp_path, "varend")
    return runner(tmp_path, capsysbinary, monkeypatch)


def read_and_written(text: str, kind: type[Any]) -> str:
    value = msgspec.json.decode(text, type=kind, strict=True)
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def test_reads_what_is_printed(grundbok: Callable[..., Said]) -> None:
    for name in ("interim", "journal", "general-ledger", "grants", "equity", "trial-balance", "supplier-ledger"):
        printed = grundbok("report", name, *AS_OF).out
        assert read_and_written(printed, PrintedReport) == printed

    trace = grundbok("trace", "not4.uppl_insats", *AS_OF)
    back = grundbok("trace", "--message", "varend-0130", *AS_OF)
    history = grundbok("history", "A1/2017", "--book", "varend", "-O", "json")
    assert (trace.code, back.code, history.code) == (0, 0, 0), trace.err + back.err + history.err
    assert read_and_written(trace.out, PrintedTrace) == trace.out
    assert read_and_written(back.out, PrintedBacks) == back.out
    assert read_and_written(history.out, PrintedProcessing) == history.out
