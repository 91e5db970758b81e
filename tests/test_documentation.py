"""Documentation is complete and true: generated lists are as generated, links lead somewhere, commands exist.

`--update-golden` writes the generated lists anew.
"""

import importlib
import inspect
import pkgutil
import re
import signal
import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import domain
import projections
import services
from domain.books import series
from domain.catalogue import COMMANDS, AnyEvent
from domain.kernel.event import Command
from domain.kernel.refusal import Refusal, kronor
from services.cli.exits import BY_CODE, OK, REFUSED
from services.cli.main import COMMANDS as CLI_COMMANDS
from services.cli.main import EPILOGUE
from services.event_store.failures import StoreFailure

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
WRITTEN = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
ABSTRACT = {"Unreadable"}
CTRL_C = 128 + signal.SIGINT
"""What a shell tells of a program that was interrupted; the command line leaves with it itself."""


def modules() -> Iterator[str]:
    for package in (domain, projections, services):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield found.name


def refusals() -> list[type[Refusal | StoreFailure]]:
    for name in modules():
        importlib.import_module(name)
    found: set[type[Refusal | StoreFailure]] = set()
    waiting: list[type[Refusal | StoreFailure]] = [Refusal, StoreFailure]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if hasattr(kind, "code") and kind.__module__.split(".")[0] in ("domain", "projections", "services"):
                found.add(kind)
    return sorted(found, key=lambda kind: kind.code)


def first_line(kind: type) -> str:
    return inspect.cleandoc(kind.__doc__ or "").splitlines()[0]


def rules_page() -> str:
    rows = [f"| `{kind.code}` | {first_line(kind)} | {kind.sv} | {kind.en} |".replace("\n", " ") for kind in refusals()]
    return "\n".join(
        [
            "# Rules",
            "",
            "Every refusal and failure by its code: the rule, and the sentence in Swedish and English. Names in",
            "braces are facts; those ending in `_ore` are shown in kronor. This page is generated.",
            "",
            "| code | rule | svenska | English |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def fields_of(kind: type[msgspec.Struct], without: frozenset[str]) -> str:
    rows = []
    for field in msgspec.structs.fields(kind):
        if field.name not in without:
            optional = "" if field.required else "?"
            rows.append(f"`{field.encode_name}{optional}`")
    return " ".join(rows) or "–"


def events_page() -> str:
    out = [
        "# Events",
        "",
        "What can be asked of a book, and what can stand in it. A message has the type `se.grundbok.` and the",
        "name of a command; an event is stored with its tag. `?` marks fields that may be left out; every event",
        "also has `recorded`. This page is generated.",
        "",
        "## Commands",
        "",
        "| name | what it asks | fields |",
        "|---|---|---|",
    ]
    out += [f"| `{name}` | {first_line(kind)} | {fields_of(kind, frozenset())} |" for name, kind in COMMANDS.items()]
    out += ["", "## Events", "", "| tag | what has happened | voucher | added by the decision |", "|---|---|---|---|"]
    for kind in typing.get_args(AnyEvent):
        names = {field.name for field in msgspec.structs.fields(kind)}
        asked = {field.name for base in kind.__bases__ if issubclass(base, Command) for field in fields_or_none(base)}
        voucher = "yes" if "voucher" in names else ""
        added = fields_of(kind, frozenset(asked | {"recorded", "voucher"}))
        out.append(f"| `{kind.__struct_config__.tag}` | {first_line(kind)} | {voucher} | {added} |")
    return "\n".join([*out, ""])


def fields_or_none(kind: type) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind) if kind is not Command else ()


@pytest.mark.parametrize(("name", "page"), [("rules.md", rules_page), ("events.md", events_page)])
def test_lists_what_there_is(name: str, page: typing.Callable[[], str], request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        (DOCS / name).write_text(page(), encoding="utf-8")

    assert (DOCS / name).read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(file: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", file.read_text(encoding="utf-8"))

    missing = [target for target in targets if "://" not in target and not (file.parent / target).exists()]

    assert missing == []


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: str(file.relative_to(ROOT)))
def test_names_only_commands_that_exist(file: Path) -> None:
    named = re.findall(r"(?:^|`|/)grundbok ([a-z]+)", file.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert set(named) <= set(CLI_COMMANDS)


def test_mentions_every_command_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [name for name in CLI_COMMANDS if f"grundbok {name}" not in text] == []


def test_help_and_readme_name_every_exit_code() -> None:
    told = re.findall(r"(\d+) [^,.]+", EPILOGUE)
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())

    assert {int(code) for code in told} == {*BY_CODE.values(), OK, REFUSED, CTRL_C}
    assert EPILOGUE in readme


def test_amounts_in_sentences_are_written_one_way() -> None:
    sentences = [sentence for kind in refusals() for sentence in (kind.sv, kind.en)]

    assert [sentence for sentence in sentences if re.search(r"\d\.\d+ kr", sentence)] == []
    assert [sentence for sentence in sentences if f"{kronor(125_50)} kr" in sentence], "there are some"


def test_lists_every_series_in_the_system_documentation() -> None:
    text = (DOCS / "system-documentation.md").read_text(encoding="utf-8")

    assert [name for name in (*series.RESERVED, series.MANUAL) if f"| {name} " not in text] == []
