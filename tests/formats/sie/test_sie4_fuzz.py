"""Whatever the bytes are: no crash, no hang, and never a part of an import."""

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalogue import voucher_of
from services.formats.sie4_reader import read_sie
from tests.formats.sie.files import A_YEAR, OURS, Desk, sie, voucher

pytestmark = pytest.mark.slow

SECONDS_MAX = 10.0
LABELS = sorted({line.split()[0] for line in A_YEAR if line.startswith("#")})
WORDS = st.sampled_from([
    *LABELS, "#OIB", "#OUB", "#PSALDO", "#PBUDGET", "#RTRANS", "#BTRANS", "#DIM", "#OBJEKT", "#KSUMMA", "#UNDERDIM",
    "{", "}", '"', '\\"', "\\", "0", "-1", "1", "4", "1930", "5010", "8999", "A", "6", "20", "20230101", "20231231",
    "202301", "00000000", "-100.00", "100", "1e9", "99999999999999999999", "å", "\t", "\n", "\r\n", " ", "\x00", "{}",
])  # fmt: skip
GOOD = sie(
    *A_YEAR,
    '#DIM 6 "Projekt"',
    '#OBJEKT 6 "x" "Projektet"',
    "#OIB 0 1930 {6 x} 12.50",
    "#PSALDO 0 202301 1930 {} -100",
    *voucher('#TRANS 1930 {6 "x"} -1', "#RTRANS 5010 {} 1", "#TRANS 5010 {} 1", head='#VER "" "" 20230501 "y"'),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Draw a good file to which something has happened: bytes changed, lines lost, repeated or swapped."""
    data = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(data) - 1))
        match draw(st.integers(0, 4)):
            case 0:
                data[place] = draw(st.integers(0, 255))
            case 1:
                del data[place : place + draw(st.integers(1, 40))]
                data += b"#"
            case 2:
                data[place:place] = draw(st.binary(max_size=20))
            case 3:
                data[place:place] = draw(WORDS).encode("cp437", "replace")
            case _:
                lines = bytes(data).split(b"\r\n")
                first, second = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
                lines[first], lines[second] = lines[second], lines[first]
                data = bytearray(b"\r\n".join(lines)) or bytearray(b"#")
    return bytes(data)


def take(data: bytes) -> None:
    """Import bytes into a new book and into one in use; check that all or nothing came of it."""
    new, used = Desk(), Desk()
    used.take(sie(*A_YEAR))
    for desk, options in ((new, {"organisation_number": OURS}), (used, {})):
        before = desk.store.head()
        made = desk.take(data, **options)
        if made.errors:
            assert desk.store.head() == before
            assert made.written == made.vouchers == 0
        else:
            assert desk.store.head() == before + made.written
        for event in desk.events():
            drafted = voucher_of(event)
            assert drafted is None or sum(drafted.amounts_ore) == 0
        for finding in made.findings:
            assert "{" not in finding.code
            assert finding.sv
            assert finding.en


@settings(max_examples=150)
@given(st.binary(max_size=400))
def test_takes_any_bytes(data: bytes) -> None:
    take(data)


@settings(max_examples=150)
@given(st.lists(WORDS, max_size=60), st.sampled_from(["cp437", "utf-8", "latin-1"]))
def test_takes_any_words_of_the_format(words: list[str], charset: str) -> None:
    take(" ".join(words).encode(charset))


@settings(max_examples=300)
@given(mutated())
def test_takes_any_damaged_file(data: bytes) -> None:
    take(data)


@pytest.mark.parametrize(
    "data",
    [
        b'"' * 200_000,
        b"{" * 200_000,
        b"\\" * 200_000,
        b'#A "' + b"\\" * 200_000,
        b'#A "' + b'"x' * 100_000,
        b"#A " + b'" ' * 100_000,
        b"#TRANS " * 50_000,
        b"\n" * 200_000,
        b"#VER A 1 20230101\n{\n" * 20_000,
        b"#KONTO 1930 x\n" * 20_000,
        b"#IB 0 1930 " + b"9" * 200_000,
        b"\xff\xfe" + b"#\x00" * 100_000,
        b"#KSUMMA\n" * 20_000,
    ],
    ids=lambda data: f"{data[:8]!r}",
)
def test_hangs_on_nothing(data: bytes) -> None:
    started = time.monotonic()

    read = read_sie(data)

    assert read.findings
    assert time.monotonic() - started < SECONDS_MAX


def test_a_year_of_many_accounts_and_vouchers_is_read_in_seconds() -> None:
    accounts = [f'#KONTO {number} "Konto {number}"' for number in range(1000, 4000)]
    rows = [
        row
        for n in range(1, 3001)
        for row in voucher("#TRANS 1930 {} -1", "#TRANS 3010 {} 1", head=f"#VER B {n} 20230301 x")
    ]
    desk, started = Desk(today=date(2024, 1, 1)), time.monotonic()

    made = desk.take(sie(*A_YEAR, *accounts, *rows))

    assert made.vouchers == 3003
    assert time.monotonic() - started < 3 * SECONDS_MAX
