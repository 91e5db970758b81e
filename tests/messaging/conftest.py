"""A server for each test that hurts it, and one address for those that do not."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.nats import TestServer


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[TestServer]:
    """Run a server for this test alone, that may be stopped, killed, paused and wiped."""
    server = TestServer(tmp_path / "nats")
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give a server to tests that only talk to it: that of GRUNDBOK_TEST_NATS, or one of our own."""
    given = os.environ.get("GRUNDBOK_TEST_NATS")
    if given:
        yield given
        return
    with TestServer(tmp_path_factory.mktemp("nats")) as server:
        yield server.url
