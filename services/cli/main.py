"""The command `grundbok`. A command is a function in a module beside this one, and a line in `COMMANDS`.

Commands are imported when they are run, so that `grundbok --help` is quick. A command takes its shared options from
`options`, writes data to standard output and returns its exit code. It may raise refusals and failures of the store:
they are worded here and get their exit code from `exits`.
"""

import os
import sys
from typing import NamedTuple

from cyclopts import App

from domain.kernel.refusal import Refusal
from services.cli.exits import FAILED, exit_code
from services.cli.speech import language_of, say_aside
from services.event_store.failures import StoreFailure


class Mounted(NamedTuple):
    """A command: where its function (or its `App`, for commands of a group) is, and what it is for, in a line."""

    place: str
    purpose: str


COMMANDS: dict[str, Mounted] = {
    "ingest": Mounted("services.cli.ingest:ingest", "Record messages from files; a receipt or a refusal for each."),
    "report": Mounted("services.cli.report:report", "Print a report of a book."),
    "issue": Mounted("services.cli.issue:issue", "Hand a report over, and keep in the book what was handed over."),
    "compare": Mounted("services.cli.report:compare", "Compare a published document with a book, figure by figure."),
    "bridge": Mounted("services.cli.audit:bridge", "Explain what changed between two knowledge dates."),
    "trace": Mounted("services.cli.audit:trace", "Show where a figure comes from, or what a message touched."),
    "history": Mounted("services.cli.history:history", "Show every step a voucher took, and who took it."),
    "verify": Mounted("services.cli.verify:verify", "Prove a book from its stored bytes."),
    "serve": Mounted("services.cli.serve:serve", "Run the service on the bus, with a server of its own if need be."),
    "bus": Mounted("services.cli.bus:bus", "Send, read, redrive and check messages on the bus; make its keys."),
    "demo": Mounted("services.cli.demo:demo", "Build the five example books and compare them with what was published."),
    "books": Mounted("services.cli.books:books", "List the books."),
    "sie": Mounted("services.cli.sie:sie", "Export a fiscal year as a SIE 4 file, or import one."),
    "schemas": Mounted("services.cli.schemas:schemas", "List the messages there are, or print the schema of one."),
}
"""Every command by name. The function's own docstring is its help page."""

EPILOGUE = (
    "Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 conflict, 5 refused by a rule, 6 verification failed,"
    " 7 storage full, 130 interrupted (Ctrl-C)."
)


def version() -> str:
    """Return the version that is installed."""
    # Imported when asked for: it reads e-mail headers, which costs every other command a fifth of its start.
    from importlib.metadata import version as installed  # noqa: PLC0415

    return installed("grundbok")


def program(asked: str = "") -> App:
    """Return the program; the command that is asked for has its own help page, the others a line in the list."""
    app = App(
        name="grundbok",
        help="Event-sourced accounting for coordination associations (samordningsförbund).",
        help_epilogue=EPILOGUE,
        help_format="plaintext",
        version=version,
    )
    for name, command in COMMANDS.items():
        app.command(command.place, name=name, help=None if name == asked else command.purpose)
    return app


def main() -> None:
    """Run the command on the command line and exit with its code.

    Known failures are told in a sentence; an unexpected one shows its traceback, and exits 1.
    """
    try:
        program(*sys.argv[1:2])()
    except (Refusal, StoreFailure) as failure:
        say_aside(f"grundbok: {failure.code}: {failure.sentence(language_of(sys.argv))}")
        sys.exit(exit_code(failure.code))
    except BrokenPipeError:
        # The reader has gone, as in `grundbok ... | head`; what else is to be flushed has no reader either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
