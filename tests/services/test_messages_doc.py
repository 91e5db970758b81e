"""docs/messages.md is true: its lists are made from the program, and its examples are read and answered."""

import inspect
import json
import re
from pathlib import Path

import msgspec

from services.contract import unreadable
from services.contract.answers import Receipt, Refused
from services.contract.envelope import Envelope, read_message
from services.contract.schemas import MESSAGES, purpose_of, schema
from services.contract.unreadable import Unreadable

PAGE = Path(__file__).parents[2] / "docs" / "messages.md"


def unreadable_table() -> str:
    """Return a row for each reason a line or a file can be refused for."""
    classes = [value for value in vars(unreadable).values() if isinstance(value, type)]
    reasons = [kind for kind in classes if issubclass(kind, Unreadable) and kind is not Unreadable]
    rows = [f"| `{kind.code}` | {(inspect.getdoc(kind) or '').rstrip('.')} |" for kind in reasons]
    return "\n".join(["| code | rule |", "|---|---|", *rows])


def messages_table() -> str:
    """Return a row for each message: its name, what it asks, and its fields."""
    rows = ["| `se.grundbok.` … | asks to | fields (those in brackets may be left out) |", "|---|---|---|"]
    for name in MESSAGES:
        definitions = schema(name)["$defs"]
        message = next(kind for title, kind in definitions.items() if title.endswith("Message"))
        data = definitions[message["properties"]["data"]["$ref"].rpartition("/")[2]]
        required = set(data.get("required", ()))
        fields = [f"`{field}`" if field in required else f"[`{field}`]" for field in data["properties"]]
        rows.append(f"| `{name}` | {purpose_of(name).rstrip('.')} | {' '.join(fields)} |")
    return "\n".join(rows)


def with_lists(page: str) -> str:
    for name, table in (("unreadable", unreadable_table()), ("messages", messages_table())):
        block = f"<!-- {name} -->\n{table}\n<!-- /{name} -->"
        page = re.sub(f"<!-- {name} -->.*?<!-- /{name} -->", lambda _, block=block: block, page, flags=re.DOTALL)  # type: ignore[misc]
    return page


def test_its_lists_are_those_of_the_program(update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    page = PAGE.read_text("utf-8")
    if update_golden:
        PAGE.write_text(with_lists(page), "utf-8")
        page = PAGE.read_text("utf-8")

    assert page == with_lists(page), "make golden writes the lists anew"


def test_its_examples_are_read_as_they_stand() -> None:
    message, *answers = re.findall(r"```json\n(.*?)\n```", PAGE.read_text("utf-8"), re.DOTALL)

    assert read_message(message.encode()).id == "v-17"
    assert [type(msgspec.json.decode(answer, type=Receipt | Refused)) for answer in answers] == [Receipt, Refused]
    assert json.loads(answers[1])["facts"]


def test_every_attribute_of_ours_is_explained() -> None:
    page = PAGE.read_text("utf-8")
    optional = [field.name for field in msgspec.structs.fields(Envelope)][:11]

    assert all(f"`{name}`" in page for name in optional)
