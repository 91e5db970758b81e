"""Keys of the bus: made once, kept secret, changed one at a time; without the right one nobody comes in."""

import asyncio
import ssl
import stat
from pathlib import Path
from typing import Any

import nats.errors
import nkeys  # type: ignore[import-untyped]
import pytest
import trustme
from nats.aio.client import Client

from domain.kernel.refusal import Language
from services.cli.bus_keys import bus_keys
from services.cli.report import FileNotWritten
from services.contract.subjects import IN_STREAM
from services.event_store.failures import BookNameInvalid
from services.messaging import nats_connection
from services.messaging.inbound import IN_PLAN
from services.messaging.keys import AUTHORIZATION, SERVER_FILES, KeyUnusable, make_keys
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access
from services.messaging.permissions import SERVICES
from services.messaging.port import BusForbidden, BusUnavailable, Outgoing
from tests.messaging.users import A, B, connected, guarded_server, run
from tests.servers.nats import DEPLOYED, TestServer


def files(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def test_makes_a_key_for_every_service_and_two_for_every_association(tmp_path: Path) -> None:
    made = make_keys(tmp_path / "keys", [A, B])

    users = {*SERVICES, f"sender-{A}", f"reader-{A}", f"sender-{B}", f"reader-{B}"}
    assert set(made.made) == set(made.public_keys) == users
    assert len(set(made.public_keys.values())) == len(users)
    for user, public in made.public_keys.items():
        pair = nkeys.from_seed(bytearray((tmp_path / "keys" / f"{user}.seed").read_bytes().strip()))
        assert pair.public_key.decode() == public


def test_keeps_secrets_to_their_owner_and_out_of_what_the_server_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "keys"

    assert bus_keys(keys, association=[A], lang="en") == 0

    spoken = capsys.readouterr()
    secret = [text.strip() for name, text in files(keys).items() if name.endswith((".seed", ".password"))]
    assert spoken.out.split() == [*SERVICES, f"sender-{A}", f"reader-{A}"]
    assert len(secret) == len(SERVICES) + 3
    for text in secret:
        assert text not in spoken.out + spoken.err
        assert text not in (keys / "nats" / "authorization.conf").read_text()
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    for path in (*keys.glob("*.seed"), keys / "cluster.password", keys / "nats" / "cluster.conf"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_adds_an_association_and_keeps_all_that_is_there(tmp_path: Path) -> None:
    first = make_keys(tmp_path, [A])
    before = files(tmp_path)

    second = make_keys(tmp_path, [B])

    after = files(tmp_path)
    assert second.made == (f"sender-{B}", f"reader-{B}")
    assert second.books == tuple(sorted((A, B)))
    assert {user: second.public_keys[user] for user in first.public_keys} == first.public_keys
    assert {name for name in before if after[name] != before[name]} == {"nats/authorization.conf"}
    again = make_keys(tmp_path, [])
    assert (first.changed, second.changed, again.changed, again.made) == (True, True, False, ())
    assert files(tmp_path) == after


def test_says_to_restart_only_when_the_servers_have_something_new_to_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(language: Language) -> str:
        assert bus_keys(tmp_path, association=[A], lang=language) == 0
        return capsys.readouterr().err

    assert "Restart the servers" in said("en")
    assert said("en").startswith("Nothing has changed in ")
    assert said("sv").startswith("Inget har ändrats i ")
    for name in (f"sender-{A}.seed", f"reader-{A}.seed"):
        (tmp_path / name).unlink()
    assert said("en").startswith("Nothing has changed"), "they were handed out"
    (tmp_path / SERVER_FILES / AUTHORIZATION).write_text("accounts {}\n")
    assert said("sv").startswith("0 nya nycklar")


def test_changes_a_key_whose_files_are_removed_and_shuts_out_who_has_none_left(tmp_path: Path) -> None:
    before = make_keys(tmp_path, [A, B]).public_keys

    for name in (
        f"sender-{A}.seed",
        f"sender-{A}.pub",
        *(f"{role}-{B}{end}" for role in ("sender", "reader") for end in (".seed", ".pub")),
    ):
        (tmp_path / name).unlink()
    changed = make_keys(tmp_path, [])

    assert changed.made == (f"sender-{A}",)
    assert changed.books == (A,)
    told = (tmp_path / "nats" / "authorization.conf").read_text()
    assert changed.public_keys[f"sender-{A}"] in told
    for gone in (f"sender-{A}", f"sender-{B}", f"reader-{B}"):
        assert before[gone] not in told


def test_takes_the_public_key_of_who_keeps_the_seed(tmp_path: Path) -> None:
    theirs = make_keys(tmp_path / "theirs", [A]).public_keys[f"sender-{A}"]
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / f"sender-{A}.pub").write_text(f"{theirs}\n")

    made = make_keys(ours, [A])

    assert made.public_keys[f"sender-{A}"] == theirs
    assert not (ours / f"sender-{A}.seed").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sender-varend.pub", "no key"),
        ("sender-varend.pub", "UAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("relay.seed", "no seed"),
        ("relay.seed", ""),
        ("relay.seed", nkeys.encode_seed(bytes(32), nkeys.PREFIX_BYTE_ACCOUNT).decode()),
        ("relay.pub", "the key of another"),
    ],
)
def test_refuses_a_key_file_that_holds_no_key_of_that_user(name: str, content: str, tmp_path: Path) -> None:
    make_keys(tmp_path, [A])
    other = (tmp_path / "ingest.pub").read_text()
    (tmp_path / name).write_text(other if content == "the key of another" else content)
    before = files(tmp_path)

    with pytest.raises(KeyUnusable) as refused:
        make_keys(tmp_path, [B])

    assert str(refused.value.facts["path"]).endswith(name)
    assert files(tmp_path) == before


def test_refuses_a_name_that_no_book_can_have_and_a_place_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(BookNameInvalid):
        bus_keys(tmp_path / "keys", association=[A, "a.>"])
    assert not (tmp_path / "keys").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(FileNotWritten):
        bus_keys(tmp_path / "file")


@pytest.mark.server
def test_lets_nobody_in_without_a_key_it_knows(tmp_path: Path) -> None:
    make_keys(tmp_path / "stranger", [A])

    async def work() -> None:
        async with connected(url, keys, f"sender-{A}") as user:
            assert user.client.is_connected
        ways: tuple[dict[str, Any], ...] = (
            {},
            {"user": "ingest", "password": ""},
            {"token": "ingest"},
            {"nkeys_seed": str(tmp_path / "stranger" / "ingest.seed")},
        )
        for options in ways:
            client = Client()
            try:
                with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
                    await client.connect(url, allow_reconnect=False, error_cb=quiet, **options)
            finally:
                await client.close()

    with guarded_server(tmp_path) as (url, keys):
        run(work)


@pytest.mark.server
def test_a_reload_changes_keys_and_a_restart_adds_associations(tmp_path: Path) -> None:
    keys, files_of_a = tmp_path / "keys", (f"sender-{A}.seed", f"sender-{A}.pub")
    make_keys(keys, [A])

    async def change() -> None:
        closed = asyncio.Event()

        async def hear() -> None:
            closed.set()

        async with connected(server.url, keys, f"sender-{A}") as old, connected(server.url, keys, "ingest") as ingest:
            await NatsBus(ingest.client).make(IN_PLAN)
            old.client._closed_cb = hear
            for name in files_of_a:
                (keys / name).unlink()
            make_keys(keys, [])
            server.reload()
            await asyncio.wait_for(closed.wait(), 10)
            await publish(A)
            assert not ingest.client.is_closed

    async def publish(book: str) -> None:
        async with connected(server.url, keys, f"sender-{book}") as user:
            await NatsBus(user.client).append(IN_STREAM, [Outgoing(f"grundbok.in.{book}", b"a message")])

    async def publish_both() -> None:
        for book in (A, B):
            await publish(book)

    with TestServer(tmp_path / "nats", includes=[keys / SERVER_FILES / AUTHORIZATION]) as server:
        run(change)
        make_keys(keys, [B])
        server.restart()
        run(publish_both)


async def quiet(_: Exception) -> None:
    """Hear an error that is expected."""


@pytest.fixture
def authority() -> trustme.CA:
    """Make up an authority that signs certificates."""
    return trustme.CA()


def certificates(place: Path, authority: trustme.CA) -> Path:
    """Write the files that deploy/nats/with-tls/tls.conf names."""
    place.mkdir()
    certificate = authority.issue_cert("127.0.0.1", "localhost", "nats-1")
    certificate.private_key_pem.write_to_path(place / "server.key")
    for number, part in enumerate(certificate.cert_chain_pems):
        part.write_to_path(place / "server.pem", append=number > 0)
    authority.cert_pem.write_to_path(place / "ca.pem")
    return place


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.server
def test_our_connections_are_encrypted_where_tls_is_asked_for(tmp_path: Path, authority: trustme.CA) -> None:
    """Also when the server, or somebody between, says that it has no TLS: the library would go on in plain text."""
    trusted, foreign = tmp_path / "ca.pem", tmp_path / "foreign.pem"
    authority.cert_pem.write_to_path(str(trusted))
    trustme.CA().cert_pem.write_to_path(str(foreign))
    place = tmp_path / "nats"
    place.mkdir()
    certificates(place / "certificates", authority)

    async def work() -> None:
        encrypted = server.url.replace("nats://", "tls://")
        async with nats_connection.connected(Access(urls=(encrypted,), authority=trusted), "test") as client:
            assert client.is_connected
        with pytest.raises((BusUnavailable, BusForbidden), match="certificate"):
            async with nats_connection.connected(Access(urls=(encrypted,), authority=foreign), "test"):
                pass
        for access in (
            Access(urls=(plain.url.replace("nats", "tls", 1),)),
            Access(urls=(plain.url,), authority=trusted),
        ):
            with pytest.raises(BusForbidden, match="offers no TLS"):
                async with nats_connection.connected(access, "test"):
                    pass

    with (
        TestServer(place, includes=[DEPLOYED / "with-tls" / "tls.conf"]) as server,
        TestServer(tmp_path / "p") as plain,
    ):
        asyncio.run(work())


def test_speaks_tls_with_who_trusts_its_authority_and_with_nobody_else(tmp_path: Path, authority: trustme.CA) -> None:
    place = tmp_path / "nats"
    place.mkdir()
    certificates(place / "certificates", authority)
    keys = tmp_path / "keys"
    make_keys(keys, [A])
    includes = [keys / "nats" / "authorization.conf", DEPLOYED / "with-tls" / "tls.conf"]

    async def work() -> None:
        url = server.url.replace("nats://", "tls://")
        async with connected(url, keys, f"sender-{A}", tls=trusting(authority)) as user:
            assert not await user.is_forbidden(f"grundbok.in.{A}")
        with pytest.raises(ssl.SSLCertVerificationError):
            async with connected(url, keys, f"sender-{A}", tls=trusting(trustme.CA())):
                pass
        with pytest.raises(ssl.SSLCertVerificationError):
            async with connected(server.url, keys, f"sender-{A}"):  # who asks for no TLS does not get around it
                pass

    with TestServer(place, includes=includes) as server:
        run(work)
