"""The command line as people start it: every bad input has its place, its code and its exit code; nothing half done."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import a_voucher, lines
from tests.processes import heeding_ctrl_c
from tests.services.messages import envelope, founding, line_of, vouchers, write_file

ROOT = Path(__file__).parents[2]
GOOD = b"".join(line_of(message) + b"\n" for message in founding())
VOUCHER = line_of(vouchers(1)[0])

ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

Grundbok = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def grundbok(tmp_path: Path) -> Grundbok:
    """Give a function that runs the program as a process of its own, with books in a temporary directory."""

    def run(*arguments: object, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services.cli.main", *map(str, arguments)],
            cwd=ROOT,
            env=ENVIRONMENT | {"GRUNDBOK_DATA": str(tmp_path / "books")} | environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_file(tmp_path / "good.jsonl", *founding(), *vouchers(3))


def test_a_receipt_for_each_message(grundbok: Grundbok, good: Path) -> None:
    done = grundbok("ingest", good, "--book", "prov")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[3:5] == ["rad 4  -  position 4", "rad 5  A1/2023  position 5"]
    assert done.stderr == "7 bokförda, 0 redan kända, 0 avvisade\n"


def test_again_and_in_english_and_as_json(grundbok: Grundbok, good: Path) -> None:
    grundbok("ingest", good, "--book", "prov")

    again = grundbok("ingest", good, "--book", "prov", "--lang", "en")
    machine = grundbok("ingest", good, "--book", "prov", "-O", "json", GRUNDBOK_LANG="en")

    assert again.returncode == 0
    assert again.stdout.splitlines()[4] == "line 5  A1/2023  position 5  (already in the book)"
    assert again.stderr == machine.stderr == "0 accepted, 7 already known, 0 refused\n"
    answers = [json.loads(line) for line in machine.stdout.splitlines()]
    assert [answer["position"] for answer in answers] == [1, 2, 3, 4, 5, 6, 7]
    assert answers[4] == {
        "answer": "receipt",
        "id": "v-1",
        "source": "/ekonomi",
        "type": "se.grundbok.voucher.post",
        "position": 5,
        "last_position": 5,
        "vouchers": ["A1/2023"],
        "warnings": [],
        "duplicate": True,
        "file": str(good),
        "line": 5,
    }


def amount(literal: str) -> bytes:
    return VOUCHER.replace(b'"amount_ore":10000', b'"amount_ore":' + literal.encode(), 1)


def other(**attributes: object) -> bytes:
    return line_of(vouchers(1)[0] | attributes)


BAD_LINES = (
    (b"\xef\xbb\xbf" + VOUCHER, "byte_order_mark", ""),
    (VOUCHER + b"\r", "carriage_return", ""),
    (b"", "line_empty", ""),
    (b"hej", "not_json", ""),
    (b"[1]", "not_an_object", ""),
    (VOUCHER.replace(b"Verifikation", b"Verif\xefkation"), "invalid_utf8", ""),
    (VOUCHER + b" " * 2**20, "line_too_long", ""),
    (amount("100.5"), "amount_not_whole", "data.lines[0].amount_ore"),
    (amount("100.0"), "amount_not_whole", "data.lines[0].amount_ore"),
    (amount("NaN"), "not_a_number", "data.lines[0].amount_ore"),
    (amount(str(2**63)), "out_of_range", "data.lines[0].amount_ore"),
    (amount("-" + str(2**70)), "out_of_range", "data.lines[0].amount_ore"),
    (amount('"hundra"'), "amount_not_whole", "data.lines[0].amount_ore"),
    (amount("null"), "wrong_type", "data.lines[0].amount_ore"),
    (VOUCHER.replace(b"2023-06-30", b"2017-02-30"), "invalid_date", "data.accounting_date"),
    (VOUCHER.replace(b'"text"', b'"texten"'), "field_unknown", "data.texten"),
    (other(extra="1"), "field_unknown", "extra"),
    (other(type="se.grundbok.voucher.forge"), "type_unknown", "type"),
    (other(specversion="2.0"), "specversion_wrong", "specversion"),
    (other(subject="222000-1347"), "subject_wrong", "subject"),
    (VOUCHER.replace(b'"text":', b'"text":"a","text":'), "key_repeated", "data.text"),
    (line_of(envelope(a_voucher(lines=lines((1930, 1), (6570, -2))), "v-1")), "voucher_not_balanced", ""),
    (
        line_of(envelope(a_voucher(lines=lines((1930, 10**15), (6570, 1 - 10**15))), "v-1")),
        "voucher_not_balanced",
        "",
    ),
)


def test_a_bad_line_is_refused_with_its_place_and_the_others_go_on(grundbok: Grundbok, tmp_path: Path) -> None:
    file = tmp_path / "f.jsonl"
    between = [line_of(message) for message in vouchers(len(BAD_LINES), first=2)]
    mixed = [line for (bad, _, _), fine in zip(BAD_LINES, between, strict=True) for line in (bad, fine)]
    file.write_bytes(GOOD + b"".join(line + b"\n" for line in mixed))

    done = grundbok("ingest", file, "--book", "prov")

    assert done.returncode == 5
    *refusals, summary = done.stderr.splitlines()
    for number, (refusal, (_, code, field)) in enumerate(zip(refusals, BAD_LINES, strict=True)):
        place = f"{file}:{5 + 2 * number}"
        assert refusal.startswith(f"{place}:{field}: {code}: " if field else f"{place}: {code}: ")
    assert summary == f"{4 + len(BAD_LINES)} bokförda, 0 redan kända, {len(BAD_LINES)} avvisade"
    last = 4 + len(BAD_LINES)
    assert done.stdout.splitlines()[-1] == f"rad {4 + 2 * len(BAD_LINES)}  A{len(BAD_LINES)}/2023  position {last}"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "file_empty"), (b"\0" + GOOD, "file_binary"), (GOOD.decode().encode("utf-16"), "file_binary")],
)
def test_a_file_that_is_none_makes_no_book(grundbok: Grundbok, tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "f").write_bytes(content)

    done = grundbok("ingest", tmp_path / "f", "--book", "prov")

    assert done.returncode == 5
    assert f"{tmp_path / 'f'}: {code}: " in done.stderr
    assert grundbok("books").stdout == ""


def test_a_file_that_breaks_off_keeps_what_came_before(grundbok: Grundbok, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(GOOD + VOUCHER[:77])

    done = grundbok("ingest", tmp_path / "f", "--book", "prov", "--lang", "en")

    assert done.returncode == 5
    assert f"{tmp_path / 'f'}:5: broken_off: " in done.stderr
    assert f"(at byte {len(GOOD) + 77})" in done.stderr
    assert done.stderr.endswith("4 accepted, 0 already known, 1 refused\n")


def test_the_same_identity_twice_in_a_file(grundbok: Grundbok, tmp_path: Path) -> None:
    changed = vouchers(1)[0] | {"actor": "annan"}
    file = write_file(tmp_path / "f", *founding(), *vouchers(1), *vouchers(1), changed)

    done = grundbok("ingest", file, "--book", "prov")

    assert done.returncode == 4
    assert f"{file}:7: message_conflict: " in done.stderr
    assert done.stderr.endswith("5 bokförda, 1 redan kända, 1 avvisade\n")


@pytest.mark.slow
def test_not_found_is_3_and_wrong_usage_2(grundbok: Grundbok, good: Path, tmp_path: Path) -> None:
    without_beginning = write_file(tmp_path / "later", *vouchers(1))

    assert grundbok("ingest", tmp_path / "none", "--book", "prov").returncode == 3
    assert grundbok("ingest", good, tmp_path / "none", "--book", "prov").returncode == 3
    assert grundbok("ingest", without_beginning, "--book", "prov").returncode == 3
    assert grundbok("ingest", good, "--book", "prov", "--no-create").returncode == 3
    assert grundbok("ingest", tmp_path, "--book", "prov").returncode == 1
    assert grundbok("ingest", good).returncode == 2
    assert grundbok("ingest", "--book", "prov").returncode == 2
    assert grundbok("ingest", good, "--book", "Å/..").returncode == 2
    assert grundbok("ingest", good, "--book", "prov", "--lang", "fi").returncode == 2
    assert grundbok("books", GRUNDBOK_LANG="fi").returncode == 2
    assert grundbok("nothing").returncode == 2
    assert grundbok("books").stdout == "", "nothing of this made a book"


def test_a_book_that_is_no_book_is_6(grundbok: Grundbok, good: Path, tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "prov.sqlite").write_bytes(
        b"this is not a database, but it is long enough to be looked at" * 20
    )

    done = grundbok("ingest", good, "--book", "prov")

    assert done.returncode == 6
    assert "damaged_book" in done.stderr
    assert "Traceback" not in done.stderr


def test_creating_when_asked_refuses_what_has_no_beginning(grundbok: Grundbok, tmp_path: Path) -> None:
    done = grundbok("ingest", write_file(tmp_path / "f", *vouchers(2)), "--book", "prov", "--create")

    assert done.returncode == 5
    assert done.stderr.count("association_missing") == 2
    assert grundbok("books").stdout == ""


def test_reads_standard_input(grundbok: Grundbok, good: Path) -> None:
    done = grundbok("ingest", "/dev/stdin", "--book", "prov", stdin=good.read_text("utf-8"))

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "rad 7  A3/2023  position 7"


def test_says_aside_that_there_are_no_books(grundbok: Grundbok, tmp_path: Path) -> None:
    missing, machine = grundbok("books"), grundbok("books", "-O", "json")
    (tmp_path / "books").mkdir()
    empty = grundbok("books", "--lang", "en")

    assert (missing.returncode, missing.stdout) == (0, "")
    assert missing.stderr == f"det finns inga böcker i {tmp_path / 'books'}\n"
    assert (machine.returncode, machine.stdout) == (0, "[]\n")
    assert (empty.returncode, empty.stderr) == (0, f"there are no books in {tmp_path / 'books'}\n")


def test_lists_the_books(grundbok: Grundbok, good: Path) -> None:
    for name in ("prov", "annan"):
        grundbok("ingest", good, "--book", name)

    assert grundbok("books").stdout.splitlines() == [
        "annan  222000-2733         7  Samordningsförbundet Prov",
        "prov   222000-2733         7  Samordningsförbundet Prov",
    ]
    assert [row["book"] for row in json.loads(grundbok("books", "-O", "json").stdout)] == ["annan", "prov"]


def test_shows_the_schemas(grundbok: Grundbok) -> None:
    listed = grundbok("schemas")
    one = grundbok("schemas", "voucher.post")

    assert "supplier_invoice.attest " in listed.stdout
    assert json.loads(one.stdout)["$id"] == "urn:grundbok:schema:voucher.post"
    assert grundbok("schemas", "se.grundbok.voucher.post").stdout == one.stdout
    assert grundbok("schemas", "voucher.pots").returncode == 3


def test_shows_a_bar_only_where_there_is_somebody_to_look(grundbok: Grundbok, good: Path) -> None:
    quiet = grundbok("ingest", good, "--book", "prov")
    forced = grundbok("ingest", good, "--book", "prov", "--progress")

    assert "\x1b[" not in quiet.stderr
    assert "100%" in forced.stderr
    assert "\x1b[" not in forced.stdout
    assert len(forced.stdout.splitlines()) == 7


def test_help_and_version_import_little(grundbok: Grundbok) -> None:
    assert "ingest" in grundbok("--help").stdout
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, services.cli.main; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"domain.catalogue", "eventsourcing", "psycopg", "services.bootstrap"} & set(loaded)


@pytest.mark.slow
def test_a_reader_that_leaves_is_no_crash(grundbok: Grundbok, tmp_path: Path) -> None:
    file = write_file(tmp_path / "f", *founding(), *vouchers(5000))
    command = f"{sys.executable} -m services.cli.main ingest {file} --book prov | head -1"

    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=ROOT,
        env=ENVIRONMENT | {"GRUNDBOK_DATA": str(tmp_path / "books")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "rad 1  -  position 1\n"
    assert "Traceback" not in done.stderr
    assert grundbok("ingest", file, "--book", "prov").stderr.endswith("0 avvisade\n")


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopping_leaves_whole_batches(grundbok: Grundbok, tmp_path: Path, how: signal.Signals) -> None:
    file = write_file(tmp_path / "f", *founding(), *vouchers(30_000))
    with subprocess.Popen(
        heeding_ctrl_c("ingest", str(file), "--book", "prov"),
        cwd=ROOT,
        env=ENVIRONMENT | {"GRUNDBOK_DATA": str(tmp_path / "books")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        acknowledged = running.stdout.readline()
        time.sleep(0.05)
        running.send_signal(how)
        rest, errors = running.communicate(timeout=30)

    assert running.returncode == (130 if how == signal.SIGINT else -how)
    assert "Traceback" not in errors
    (book,) = json.loads(grundbok("books", "-O", "json").stdout)
    receipts = [acknowledged, *[line for line in rest.splitlines() if line.endswith(tuple("0123456789"))]]
    assert book["position"] % 1000 == 0 or book["position"] == 30_004
    assert book["position"] >= len(receipts) - 1, "what was acknowledged is there"
    again = grundbok("ingest", file, "--book", "prov")
    # A slow run also says now and then how far it has come, so only the last line is the summary.
    summary = again.stderr.splitlines()[-1]
    assert summary == f"{30_004 - book['position']} bokförda, {book['position']} redan kända, 0 avvisade"
