"""Text that becomes bytes while it is written: a long report is not in memory as both."""

import io
from collections.abc import Callable
from typing import TextIO


def in_utf_8(write: Callable[[TextIO], object]) -> bytes:
    """Return what is written, as UTF-8; line breaks are as they are written."""
    out = io.BytesIO()
    text = io.TextIOWrapper(io.BufferedWriter(out), encoding="utf-8", newline="")
    write(text)
    text.flush()
    return out.getvalue()
