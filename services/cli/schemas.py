"""`grundbok schemas`: the JSON Schemas of all that goes in and out, and the AsyncAPI document of the bus."""

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from services.cli.options import Data, Lang
from services.contract.asyncapi import asyncapi_bytes
from services.contract.envelope import TYPE_PREFIX
from services.contract.schemas import GROUPS, SCHEMAS, purpose_of, schema_bytes, write_schemas
from services.settings import read_settings

FOLDER = Path(__file__).parent.parent / "contract" / "schemas"
ASYNCAPI_FILE = FOLDER.parent / "asyncapi.json"

ASYNCAPI = "asyncapi"


def schemas(
    name: Annotated[
        str | None,
        Parameter(help="A message (voucher.post), an event (event.voucher.posted), a question, an answer; asyncapi."),
    ] = None,
    /,
    *,
    write: Annotated[bool, Parameter(negative=(), help="Write all schemas into the source tree.")] = False,
    data: Data = None,
    lang: Lang = None,
) -> int:
    """List what goes in and out, or print the JSON Schema of one; `asyncapi` prints the document of the bus."""
    read_settings(os.environ, data=data, language=lang)
    if write:
        write_schemas(FOLDER)
        ASYNCAPI_FILE.write_bytes(asyncapi_bytes())
    elif name is None:
        sys.stdout.write(listed())
    elif name == ASYNCAPI:
        sys.stdout.write(asyncapi_bytes().decode())
    else:
        sys.stdout.write(schema_bytes(name.removeprefix(TYPE_PREFIX)).decode())
    return 0


def listed() -> str:
    """Return the name and the purpose of every schema, a line each, below the name of its group."""
    width = max(map(len, SCHEMAS))
    groups = (
        "".join([f"# {group}\n", *(f"{name:<{width}}  {purpose_of(name)}\n" for name in names)])
        for group, names in GROUPS.items()
    )
    return "\n".join(groups)
