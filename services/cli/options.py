"""The options that commands share, each worded once; `read_settings` makes settings of `Data` and `Lang`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from domain.kernel.refusal import Language

Book = Annotated[str, Parameter(name="--book", help="Name of the book.")]

AsOf = Annotated[
    str, Parameter(name="--as-of", help="Accounting date: 2017-08-31, or the end of 2017-08, 2017-T2 or 2017.")
]

KnownAtOption = Annotated[
    str | None,
    Parameter(
        name="--known-at",
        help="What was known: a position (120, #2017), a registration date (2017-10-20), an instant. Default: all.",
    ),
]

Output = Annotated[Literal["text", "json", "csv"], Parameter(name=["--output", "-O"], help="Format.")]

OutputOrOwn = Annotated[
    Literal["text", "json", "csv"] | None, Parameter(name=["--output", "-O"], help="Format. Default: text.")
]

TextOrJson = Annotated[Literal["text", "json"], Parameter(name=["--output", "-O"], help="For people, or for machines.")]

OutFile = Annotated[Path | None, Parameter(name=["--file", "-o"], help="Write to a file instead of standard output.")]

LayoutFile = Annotated[Path | None, Parameter(name="--layout", help="Layout file to use instead of the book's own.")]

Data = Annotated[
    str | None,
    Parameter(
        name="--data", help="Directory of the books, instead of GRUNDBOK_POSTGRES. Default: GRUNDBOK_DATA, or var."
    ),
]

Lang = Annotated[
    Language | None, Parameter(name="--lang", help="Language of sentences. Default: GRUNDBOK_LANG, or sv.")
]
