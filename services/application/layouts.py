"""Finds and reads the layout of a book: a file that is named, one beside the books, or one that is shipped."""

from functools import lru_cache
from importlib import resources
from pathlib import Path

from projections.layout import Layout, LayoutWrong
from projections.layout_fault import Fault
from projections.layout_reader import read_layout
from services.contract.unreadable import FileMissing

STANDARD = "standard"


def layout_for(name: str, chart: str, *, file: Path | None = None, data: Path | None = None) -> Layout:
    """Return a layout; raises LayoutWrong for a file that is not one or cannot be read, FileMissing for no file.

    Looked for in this order: `file`; `<data>/layouts/<name>.toml`; the shipped layout of that name; the shipped
    standard layout of the book's chart of accounts.
    """
    return _read(*layout_source(name, chart, file=file, data=data))


def layout_source(name: str, chart: str, *, file: Path | None = None, data: Path | None = None) -> tuple[str, str]:
    """Return the text of a book's layout and the place it is written, looked for as `layout_for` does."""
    beside = None if data is None else data / "layouts" / f"{name}.toml"
    found = file if file is not None else beside if beside is not None and beside.is_file() else None
    if found is not None:
        return _text_of(found), str(found)
    shipped = name if name in shipped_layouts() and name != STANDARD else f"{STANDARD}-{chart}"
    return _shipped(shipped), f"projections/layouts/{shipped}.toml"


def _text_of(path: Path) -> str:
    """Return the text of a layout file; raises FileMissing, or LayoutWrong for one that is not UTF-8 or locked."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LayoutWrong((Fault(str(path), "file_not_utf8", {"byte": error.start}),)) from error
    except FileNotFoundError as error:
        raise FileMissing(path=str(path)) from error
    except OSError as error:
        said = error.strerror or str(error)
        raise LayoutWrong((Fault(str(path), "file_not_readable", {"said": said}),)) from error


def shipped_layouts() -> tuple[str, ...]:
    """Return the names of the layouts that come with the program."""
    folder = resources.files("projections") / "layouts"
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


@lru_cache(maxsize=32)
def _read(text: str, place: str) -> Layout:
    return read_layout(text, place)


@lru_cache(maxsize=32)
def _shipped(name: str) -> str:
    resource = resources.files("projections") / "layouts" / f"{name}.toml"
    return resource.read_text(encoding="utf-8")
