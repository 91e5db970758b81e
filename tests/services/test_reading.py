"""Commands that only read: a directory of books that is not there is not made, and nothing is left in one that is."""

from pathlib import Path

import pytest

from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from tests.services.console import EXAMPLES, build, copied, runner
from tests.services.messages import write_file

READING = (
    ("report", "interim", "--as-of", "2017-T2"),
    ("verify",),
    ("trace", "--message", "varend-0130", "--as-of", "2017"),
    ("history", "A1/2017"),
    ("bridge", "--as-of", "2017-T2", "--known-at", "1..2"),
    ("sie", "export", "--year", "2017"),
)


@pytest.mark.parametrize("words", READING, ids=[words[0] for words in READING])
def test_reading_makes_no_directory(
    words: tuple[str, ...], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    grundbok = runner(tmp_path / "nowhere", capsysbinary, monkeypatch)

    said = grundbok(*words, "--book", "varend")
    assert (said.code, said.out) == (3, "")
    assert "book_not_found" in said.err
    assert grundbok("books").out == ""
    assert list(tmp_path.iterdir()) == []


def test_reading_leaves_nothing_beside_a_book(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(build(tmp_path / "made", "varend"), tmp_path / "books")
    grundbok = runner(tmp_path / "books", capsysbinary, monkeypatch)

    assert grundbok("report", "interim", "--book", "varend", "--as-of", "2017-T2").code == 0
    assert grundbok("history", "A1/2017", "--book", "varend").code == 0
    assert not (tmp_path / "books" / ".locks").exists()


def test_the_first_book_makes_the_directory(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    grundbok = runner(tmp_path / "a" / "b", capsysbinary, monkeypatch)
    refused = write_file(tmp_path / "f.jsonl", {})
    assert grundbok("ingest", refused, "--book", "varend", "--create").code == 5
    assert not (tmp_path / "a").exists(), "nothing was written"

    first = min((EXAMPLES / "varend").glob("*.jsonl"))
    assert grundbok("ingest", first, "--book", "varend").code == 0
    with open_shelf(tmp_path / "a" / "b", catalogue_mapper()) as shelf:
        assert shelf.names() == ["varend"]
