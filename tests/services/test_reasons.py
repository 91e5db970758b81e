"""Reasons: our own in both languages, the system's and libraries' quoted as theirs."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import services.event_store
from domain.kernel.refusal import Language, Refusal, quoted
from services.cli.report import FileNotWritten, OutputFull, PublishedWrong
from services.contract.unreadable import FileLocked, Unreadable
from services.event_store.failures import (
    REASONS,
    DamagedBook,
    DamagedEvent,
    StoreFailure,
    Unavailable,
    UnsafeStorage,
    reason_in,
)

STORE = Path(services.event_store.__file__).parent
KINDS = (DamagedBook, DamagedEvent, Unavailable, UnsafeStorage)


def raised() -> Iterator[tuple[str, str]]:
    """Return each reason that the store words itself, filled in, and where it is raised."""
    for file in sorted(STORE.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "reason":
                place = f"{file.name}:{node.value.lineno}"
                if isinstance(node.value, ast.Constant):
                    yield place, str(node.value.value)
                elif isinstance(node.value, ast.JoinedStr):
                    parts = node.value.values
                    yield place, "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)


@pytest.mark.parametrize(("place", "reason"), list(raised()))
def test_every_reason_the_store_words_itself_is_known_in_swedish(place: str, reason: str) -> None:
    assert place
    assert reason_in("en", reason) == reason
    assert not reason_in("sv", reason).startswith("systemets besked")
    assert reason_in("sv", reason) != reason or "=" in reason


def test_no_reason_is_kept_that_nobody_raises() -> None:
    said = {reason_in("sv", reason) for _, reason in raised()}

    assert len(REASONS) == len(said)


@pytest.mark.parametrize("english", REASONS)
def test_a_reason_has_the_same_facts_in_both_languages(english: str) -> None:
    named = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, REASONS[english])]

    assert named[0] == named[1]


@pytest.mark.parametrize(
    ("reason", "swedish"),
    [
        ("the event is missing", "händelsen saknas"),
        ("the topic says bank.paid", "dess slag anges som bank.paid"),
        ("another writer held it for more than 0.5 s", "en annan skrivare höll den i mer än 0.5 s"),
        ("the journal mode is delete, not wal", "journalläget är delete, inte wal"),
        ("file is not a database", "systemets besked: file is not a database"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_of_the_store_says_it_in_the_language_of_its_sentence(
    kind: type[StoreFailure], reason: str, swedish: str
) -> None:
    failure = kind(book="varend", position=3, reason=reason)

    assert failure.sentence("sv").endswith(f"; {swedish}.")
    assert reason in failure.sentence("en")
    assert failure.facts["reason"] == reason


@pytest.mark.parametrize("kind", [FileNotWritten, OutputFull, PublishedWrong, FileLocked, Unreadable])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_refusal_quotes_what_the_system_said(kind: type[Refusal], language: Language) -> None:
    refusal = kind(path="fil", reason="Permission denied")

    assert quoted("Permission denied", language) in refusal.sentence(language)
