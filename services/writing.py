"""The process that writes the books of a service: `python -m services.writing`, started by the service alone.

Its settings come as the first thing on standard input, so that no secret stands in a list of processes.
"""

import sys
from collections.abc import Sequence

import msgspec

from domain.kernel.refusal import Refusal
from services.application.pipes import PipeEnded, own_pipes, received
from services.bootstrap import running
from services.event_store.failures import StoreFailure
from services.messaging.writer_process import WriterProcess, answer_one, answer_requests
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
        try:
            said = msgspec.json.decode(received(requests), type=dict[str, str])
        except PipeEnded:
            return
        try:
            with running(read_settings(said)) as program:

                def write(book: str, batch: Sequence[Heard]) -> Written:
                    return write_messages(lambda: program.writer(book, create=True), batch)

                answer_requests(requests, replies, write)
        except (Refusal, StoreFailure) as failure:
            # The place of the books cannot be opened: the next process may be luckier.
            answer_one(requests, replies, failure)


if __name__ == "__main__":
    main()
