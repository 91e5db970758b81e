"""docs/auditing.md is true: every command in it is run on the example books and prints what the page says."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services.console import Said, build, runner

PAGE = Path(__file__).parents[2] / "docs" / "auditing.md"


@pytest.fixture
def grundbok(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    build(tmp_path, "varend")
    monkeypatch.chdir(tmp_path)
    return runner(tmp_path, capsysbinary, monkeypatch)


def examples() -> list[tuple[str, str]]:
    """Return each command of the page and what is said to come of it."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [
        (command, said)
        for block in blocks
        for command, said in re.findall(r"^\$ grundbok (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    ]


def pattern(said: str) -> str:
    """Return a pattern in which … stands for any text."""
    return ".*".join(re.escape(part) for part in said.rstrip("\n").split("…")) + r"\s*"


def test_every_example_prints_what_the_page_says(grundbok: Callable[..., Said]) -> None:
    assert len(examples()) > 10
    for command, said in examples():
        done = grundbok(*shlex.split(command))
        assert re.fullmatch(pattern(said), done.out + done.err, re.DOTALL), f"{command}\n{done.out}{done.err}"


def test_names_the_commands_of_an_auditor() -> None:
    commands = {command.split()[0] for command, _ in examples()}

    assert commands == {"report", "bridge", "trace", "history", "verify", "issue"}
