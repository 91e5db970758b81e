"""The settings of the program: read from the environment once, checked, and frozen."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import msgspec

from domain.kernel.refusal import Language, Refusal, say

DATA = "GRUNDBOK_DATA"
POSTGRES = "GRUNDBOK_POSTGRES"
LANGUAGE = "GRUNDBOK_LANG"

VARIABLES = {
    DATA: "directory of the books (default: var)",
    POSTGRES: "DSN of a PostgreSQL database that holds the books instead of the directory",
    LANGUAGE: "language of sentences: sv (default) or en",
}


class SettingWrong(Refusal):
    """A setting has a value the program can use; it is checked before anything is done."""

    code = "setting_wrong"
    sv = "{setting} kan inte vara {value!r}: {expected}."
    en = "{setting} cannot be {value!r}: {expected}."

    def __init__(self, *, setting: str, value: str, expected: str, expected_sv: str = "") -> None:
        """Say what would be right: in both languages, unless it is the same in both."""
        self._expected_sv = expected_sv or expected
        super().__init__(setting=setting, value=value, expected=expected)

    def sentence(self, language: Language = "sv") -> str:
        """Return the reason in words."""
        return (
            say(self.sv, self.facts | {"expected": self._expected_sv}) if language == "sv" else super().sentence("en")
        )


def postgres_wrong() -> SettingWrong:
    """Return what is said of a DSN that cannot be used; it is not shown, for it may hold a password."""
    return SettingWrong(
        setting=POSTGRES,
        value="…",
        expected="it is to be a DSN that begins with postgresql://, special characters in it percent-encoded",
        expected_sv="det ska vara en DSN som börjar med postgresql://, med specialtecken procentkodade",
    )


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the books are, and in which language people are answered."""

    data: Path = Path("var")
    postgres: str | None = None
    language: Language = "sv"

    @property
    def place(self) -> str:
        """Return the place of the books, as `open_shelf` takes it."""
        return self.postgres or str(self.data)


def read_settings(environment: Mapping[str, str], *, data: str | None = None, language: str | None = None) -> Settings:
    """Return the settings in the environment, below what was said for this run; raises `SettingWrong`.

    Books are in the database of `GRUNDBOK_POSTGRES` if it is set, unless a directory was named for this run.
    """
    directory = data if data is not None else environment.get(DATA) or "var"
    if Path(directory).exists() and not Path(directory).is_dir():
        expected, expected_sv = "it is to be a directory", "det ska vara en katalog"
        setting = "--data" if data else DATA
        raise SettingWrong(setting=setting, value=directory, expected=expected, expected_sv=expected_sv)
    dsn = None if data is not None else environment.get(POSTGRES) or None
    if dsn is not None and not dsn.startswith(("postgresql://", "postgres://")):
        raise postgres_wrong()
    spoken = language or environment.get(LANGUAGE) or "sv"
    for known in get_args(Language):
        if spoken == known:
            return Settings(data=Path(directory), postgres=dsn, language=known)
    raise SettingWrong(setting="--lang" if language else LANGUAGE, value=spoken, expected="sv, en")
