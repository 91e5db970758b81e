"""What a book costs is bounded: bytes on disk and in memory, which do not depend on how fast a machine is."""

from pathlib import Path

import pytest

from benchmarks.bench_cost import megabytes_for_a_million, on_disk
from benchmarks.bench_ingest import ingest_file
from benchmarks.synthetic import messages

VOUCHERS = 3_000


def test_a_voucher_takes_no_more_than_twice_its_event_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_bytes(b"".join(messages(VOUCHERS)))
    ingest_file(file, tmp_path / "books")

    taken = on_disk(tmp_path / "books", VOUCHERS)

    assert taken.model > 0
    assert taken.book + taken.model < 2 * taken.events


@pytest.mark.slow
def test_a_posting_takes_no_more_than_64_bytes_of_memory() -> None:
    assert 10 < megabytes_for_a_million(200_000, 600_000) < 64
