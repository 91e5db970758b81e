"""How far a long run has come: a bar on a terminal, else a plain line now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.application.ingest import Progress

PAUSE_SECONDS = 5.0
"""Time between two plain lines."""

Show = Callable[[Progress], None]


@contextmanager
def progress(*, bar: bool) -> Iterator[Show]:
    """Give a function that shows how far the reading has come, on standard error."""
    if not bar:
        yield _lines()
        return
    # Imported when there is a terminal: rich takes a tenth of a second.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    # Data that goes to a file or a pipe is not for the console; on the terminal itself it goes above the bar.
    on_terminal = sys.stdout.isatty()
    console = Console(stderr=True, force_terminal=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Bar(*columns, console=console, transient=True, redirect_stdout=on_terminal) as shown:
        task = shown.add_task("", total=None)

        def show(reached: Progress) -> None:
            shown.update(
                task,
                description=f"{Path(reached.file).name}  {reached.messages}",
                total=reached.bytes_total or None,
                completed=reached.bytes_read,
            )

        yield show


def _lines() -> Show:
    shown = time.monotonic()

    def show(reached: Progress) -> None:
        nonlocal shown
        if time.monotonic() - shown >= PAUSE_SECONDS:
            shown = time.monotonic()
            share = f" {100 * reached.bytes_read // reached.bytes_total} %" if reached.bytes_total else ""
            sys.stderr.write(f"{reached.file}: {reached.messages}{share}\n")
            sys.stderr.flush()

    return show
