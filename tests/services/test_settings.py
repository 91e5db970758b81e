"""Settings are read once and checked, and the program is put together from them."""

from pathlib import Path

import pytest

from services.bootstrap import running
from services.clock import FixedClock
from services.event_store.failures import BookNameInvalid, BookNotFound
from services.settings import Settings, SettingWrong, read_settings
from tests.services.messages import NOON, founding, read


def test_the_defaults() -> None:
    assert read_settings({}) == Settings(data=Path("var"), postgres=None, language="sv")
    assert read_settings({"GRUNDBOK_DATA": "", "GRUNDBOK_POSTGRES": "", "GRUNDBOK_LANG": ""}) == read_settings({})


def test_the_environment_and_what_is_said_for_this_run() -> None:
    environment = {"GRUNDBOK_DATA": "/a", "GRUNDBOK_LANG": "en", "GRUNDBOK_POSTGRES": "postgresql://h/d"}

    assert read_settings(environment).place == "postgresql://h/d"
    assert read_settings(environment).language == "en"
    assert read_settings(environment, data="/b").place == "/b"
    assert read_settings(environment, language="sv").language == "sv"


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"GRUNDBOK_LANG": "fi"}, "GRUNDBOK_LANG"),
        ({"GRUNDBOK_POSTGRES": "mysql://x"}, "GRUNDBOK_POSTGRES"),
        ({"GRUNDBOK_DATA": __file__}, "GRUNDBOK_DATA"),
    ],
)
def test_refuses_what_it_cannot_use(environment: dict[str, str], named: str) -> None:
    with pytest.raises(SettingWrong) as caught:
        read_settings(environment)

    assert caught.value.facts["setting"] == named
    assert "mysql" not in caught.value.sentence("sv"), "a DSN may hold a password"


def test_says_in_both_languages_what_would_be_right() -> None:
    with pytest.raises(SettingWrong) as caught:
        read_settings({}, data=__file__)

    assert caught.value.sentence("sv") == f"--data kan inte vara {__file__!r}: det ska vara en katalog."
    assert caught.value.sentence("en") == f"--data cannot be {__file__!r}: it is to be a directory."
    assert str(caught.value) == caught.value.sentence("en")


def test_says_in_both_languages_how_a_dsn_begins() -> None:
    with pytest.raises(SettingWrong) as caught:
        read_settings({"GRUNDBOK_POSTGRES": "nonsense"})

    assert "det ska vara en DSN som börjar med postgresql://" in caught.value.sentence("sv")
    assert "it is to be a DSN that begins with postgresql://" in caught.value.sentence("en")


def test_a_book_has_one_writer_in_a_program(tmp_path: Path) -> None:
    with running(Settings(data=tmp_path), FixedClock(NOON)) as program:
        with pytest.raises(BookNotFound):
            program.writer("prov")
        with pytest.raises(BookNameInvalid):
            program.writer("Prov", create=True)
        writer = program.writer("prov", create=True)
        writer.write(read(*founding()))

        assert program.writer("prov") is writer
        assert program.book("prov").head() == 4
