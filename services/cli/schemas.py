"""`grundbok schemas`: the JSON Schemas of messages and answers."""

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from services.cli.options import Data, Lang
from services.contract.schemas import SCHEMAS, MessageTypeUnknown, purpose_of, schema_bytes, write_schemas
from services.settings import read_settings

FOLDER = Path(__file__).parent.parent / "contract" / "schemas"


def schemas(
    name: Annotated[str | None, Parameter(help="A message, such as voucher.post; or receipt, refused.")] = None,
    /,
    *,
    write: Annotated[bool, Parameter(negative=(), help="Write all schemas into the source tree.")] = False,
    data: Data = None,
    lang: Lang = None,
) -> int:
    """List the messages there are, or print the JSON Schema of one."""
    read_settings(os.environ, data=data, language=lang)
    if write:
        write_schemas(FOLDER)
    elif name is None:
        width = max(map(len, SCHEMAS))
        for known in SCHEMAS:
            sys.stdout.write(f"{known:<{width}}  {purpose_of(known)}\n")
    elif name.removeprefix("se.grundbok.") in SCHEMAS:
        sys.stdout.write(schema_bytes(name.removeprefix("se.grundbok.")).decode())
    else:
        raise MessageTypeUnknown(name=name)
    return 0
