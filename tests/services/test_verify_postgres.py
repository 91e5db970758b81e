"""`grundbok verify` of a book in PostgreSQL: a real book is proved, and a schema that was tampered with is named."""

from pathlib import Path

import psycopg
import pytest

from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from tests.contracts.conftest import postgres_database, postgres_dsn  # noqa: F401 - fixtures
from tests.services.console import build, runner

pytestmark = pytest.mark.server


def test_proves_a_book_and_leaves_with_six_when_its_tables_were_changed(
    postgres_dsn: str,  # noqa: F811 - the fixture
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    build(tmp_path / "source", "varend")
    with (
        open_shelf(tmp_path / "source", catalogue_mapper()) as source,
        open_shelf(postgres_dsn, catalogue_mapper()) as shelf,
    ):
        book = source.open("varend")
        identities = book.all_identities()
        shelf.create("varend").append([event for _, event in book.events()], after=0, identities=identities)
    monkeypatch.setenv("GRUNDBOK_POSTGRES", postgres_dsn)
    grundbok = runner(tmp_path, capsysbinary, monkeypatch)
    whole = grundbok("verify", "--book", "varend", "--lang", "en")
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute("ALTER TABLE grundbok_varend.stored_events DISABLE TRIGGER append_only")

    changed = grundbok("verify", "--book", "varend", "--lang", "en")

    assert (whole.code, whole.out.endswith("the book is right\n")) == (0, True)
    assert changed.code == 6
    assert "trigger append_only of stored_events was changed: switched on or off\n" in changed.out
    assert changed.out.endswith("\n1 fault\n")
