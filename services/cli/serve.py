"""`grundbok serve`: the service on the bus, with a server of its own where none is named."""

import asyncio
import os
from typing import Annotated, Literal

from cyclopts import Parameter

from services.bootstrap import running
from services.cli.logs import log_to_stderr
from services.cli.options import Data, Lang
from services.cli.speech import say_aside
from services.messaging.settings import read_bus_settings
from services.serving import KINDS, Running
from services.serving import serve as serve_parts
from services.settings import read_settings

SAID = {
    "sv": "grundbok kör {parts}: bussen {bus}, hälsa och mätvärden {status}. Avsluta med Ctrl-C.",
    "en": "grundbok runs {parts}: bus {bus}, health and metrics {status}. End it with Ctrl-C.",
}

Kind = Literal["ingest", "relay", "reports", "query"]


def serve(
    *,
    only: Annotated[
        list[Kind] | None, Parameter(name="--only", negative=(), help="Run this part only; may be repeated.")
    ] = None,
    nats_port: Annotated[
        int, Parameter(name="--nats-port", help="Port of our own NATS server, on loopback. 0: any that is free.")
    ] = 4222,
    associations: Annotated[
        str | None,
        Parameter(
            name="--associations",
            help="Work for these books only: names with commas between. Default: GRUNDBOK_ASSOCIATIONS, or all.",
        ),
    ] = None,
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Take in messages from the bus, and give out receipts, events, reports and answers, until told to end.

    The bus is named by GRUNDBOK_NATS; without it, a NATS server of our own runs beside, with its streams in the
    directory of the books. Other settings of the bus are environment variables, see docs/bus.md. A bus that is named
    and does not answer is waited for, while the status page says so.

    Books may be shared out between services on one bus, each with its own `--associations`; then none takes up the
    messages or the questions of another. A book that is named and not there yet may come.
    """
    settings = read_settings(os.environ, data=data, language=lang)
    bus_settings = read_bus_settings(os.environ, associations=associations)
    kinds = tuple(kind for kind in KINDS if not only or kind in only)
    log_to_stderr()

    def ready(service: Running) -> None:
        said = SAID[settings.language]
        say_aside(said.format(parts=", ".join(kinds), bus=service.bus, status=service.status))

    with running(settings) as program:
        asyncio.run(serve_parts(program, bus_settings, kinds, ready, server_port=nats_port))
    return 0
