"""Answers: every warning has its sentence, every refusal its exit code, and every answer can be read back."""

import ast
import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

import services
from domain.catalogue import COMMANDS
from domain.kernel.refusal import Refusal, Warned
from services.cli.exits import BY_CODE, CONFLICT, FULL, NOT_FOUND, OK, REFUSED, exit_code, exit_code_for
from services.contract.answers import Receipt, Refused, given
from services.contract.warnings import SENTENCES, warning_sentence
from services.event_store.failures import StoreFailure

ROOT = Path(__file__).parents[2]


def warned_in_domain() -> dict[str, set[str]]:
    """Return the code of every `Warned(...)` in the domain, and the facts that are spelt out there."""
    found: dict[str, set[str]] = {}
    for file in (ROOT / "domain").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Warned"), keywords=keywords):
                    said = {keyword.arg: keyword.value for keyword in keywords}
                    code = said["code"]
                    assert isinstance(code, ast.Constant)
                    facts = said.get("facts")
                    keys = facts.keys if isinstance(facts, ast.Dict) else []
                    found[str(code.value)] = {key.value for key in keys if isinstance(key, ast.Constant)}  # type: ignore[misc]
                case _:
                    pass
    return found


def test_every_warning_of_the_domain_has_its_sentences() -> None:
    found = warned_in_domain()

    assert found
    assert set(found) == set(SENTENCES)
    for code, facts in found.items():
        for sentence in SENTENCES[code]:
            assert all(f"{{{fact}}}" in sentence for fact in facts)


def test_a_warning_is_said_in_words_with_kronor() -> None:
    warning = Warned(code="budget_deficit", facts={"year": 2024, "result_ore": -1_234_56})

    assert "-1 234,56 kr" in given(warning).sv
    assert "2024" in given(warning).en
    assert warning_sentence(Warned(code="forgotten")) == "forgotten"


def test_answers_can_be_read_back() -> None:
    receipt = Receipt(
        id="1", source="s", type="t", position=3, last_position=4, vouchers=("A1/2023",), warnings=(), duplicate=False
    )
    refused = Refused(code="c", sv="sv", en="en", facts={"amount_ore": 1, "names": ("a", "b")}, line=4)

    encoded = msgspec.json.encode([receipt, refused])

    assert msgspec.json.decode(encoded, type=list[Receipt | Refused]) == [receipt, refused]
    assert json.loads(encoded)[0]["answer"] == "receipt"


def _below(kind: type[Any]) -> set[type[Any]]:
    return {kind, *(deeper for child in kind.__subclasses__() for deeper in _below(child))}


def test_every_failure_of_the_store_has_its_exit_code() -> None:
    for found in pkgutil.walk_packages(services.__path__, "services."):
        importlib.import_module(found.name)
    failures = {kind.code for kind in _below(StoreFailure) if kind is not StoreFailure}
    refusals = {kind.code for kind in _below(Refusal) if hasattr(kind, "code")}

    assert failures <= set(BY_CODE)
    assert set(BY_CODE) <= failures | refusals


def test_exit_codes() -> None:
    assert exit_code("voucher_not_balanced") == REFUSED
    assert exit_code("book_not_found") == NOT_FOUND
    assert exit_code("storage_full") == FULL
    assert exit_code_for(set()) == OK
    assert exit_code_for({"message_conflict"}) == CONFLICT
    assert exit_code_for({"message_conflict", "voucher_empty"}) == REFUSED
    assert exit_code_for({"voucher_empty", "not_json"}) == REFUSED


def nested(kind: object, *, top: bool = True) -> Iterator[object]:
    """Iterate over the defaults of values inside a command."""
    match kind:
        case inspect.StructType(fields=fields):
            for field in fields:
                if not top and not field.required:
                    yield field.default
                yield from nested(field.type, top=False)
        case inspect.VarTupleType(item_type=item):
            yield from nested(item, top=False)
        case inspect.UnionType(types=types):
            for one in types:
                yield from nested(one, top=False)
        case _:
            pass


def test_no_value_inside_a_command_has_a_default_that_would_be_stored_when_stated() -> None:
    # Stated defaults are dropped from the canonical content at the top of a command only.
    found = [default for command in COMMANDS.values() for default in nested(inspect.type_info(command))]

    assert found
    assert set(found) <= {"", None, 0, ()}
