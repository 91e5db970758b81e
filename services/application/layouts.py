"""Finds and reads the layout of a book: a file that is named, one beside the books, or one that is shipped."""

from functools import lru_cache
from importlib import resources
from pathlib import Path

from projections.layout import Layout
from projections.layout_reader import read_layout

STANDARD = "standard"


def layout_for(name: str, chart: str, *, file: Path | None = None, data: Path | None = None) -> Layout:
    """Return a layout; raises LayoutWrong for a file that is not one, OSError for a file that cannot be read.

    Looked for in this order: `file`; `<data>/layouts/<name>.toml`; the shipped layout of that name; the shipped
    standard layout of the book's chart of accounts.
    """
    if file is not None:
        return read_layout(file.read_text(encoding="utf-8"), str(file))
    beside = None if data is None else data / "layouts" / f"{name}.toml"
    if beside is not None and beside.is_file():
        return read_layout(beside.read_text(encoding="utf-8"), str(beside))
    shipped = name if name in shipped_layouts() and name != STANDARD else f"{STANDARD}-{chart}"
    return _shipped(shipped)


def shipped_layouts() -> tuple[str, ...]:
    """Return the names of the layouts that come with the program."""
    folder = resources.files("projections") / "layouts"
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


@lru_cache(maxsize=32)
def _shipped(name: str) -> Layout:
    resource = resources.files("projections") / "layouts" / f"{name}.toml"
    return read_layout(resource.read_text(encoding="utf-8"), f"projections/layouts/{name}.toml")
