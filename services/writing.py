"""The process that writes the books of a service: `python -m services.writing`, started by the service alone.

Its settings come as the first thing on standard input, so that no secret stands in a list of processes.
"""

import sys
from collections.abc import Sequence

import msgspec

from services.application.pipes import own_pipes, received
from services.bootstrap import running
from services.messaging.writer_process import WriterProcess, answer_requests
from services.messaging.writing import Heard, Written, write_messages
from services.settings import DATA, LANGUAGE, POSTGRES, Settings, read_settings

COMMAND = (sys.executable, "-P", "-m", "services.writing")
"""`-P`: a directory `services` where somebody happens to stand is not ours."""


def writer_process(settings: Settings) -> WriterProcess:
    """Return the process that writes the books of these settings."""
    said = {DATA: str(settings.data), POSTGRES: settings.postgres or "", LANGUAGE: settings.language}
    return WriterProcess(COMMAND, msgspec.json.encode(said))


def main() -> None:
    """Write what comes until there is no more."""
    with own_pipes() as (requests, replies):
        said = msgspec.json.decode(received(requests), type=dict[str, str])
        with running(read_settings(said)) as program:

            def write(book: str, batch: Sequence[Heard]) -> Written:
                return write_messages(lambda: program.writer(book, create=True), batch)

            answer_requests(requests, replies, write)


if __name__ == "__main__":
    main()
