"""The settings of the bus: each variable is read, checked and documented, and no secret is ever shown."""

import re
from pathlib import Path

import pytest
import trustme

from services.messaging.keys import make_keys
from services.messaging.nats_connection import Access
from services.messaging.settings import VARIABLES, BusSettings, read_bus_settings
from services.settings import SettingWrong

PAGE = (Path(__file__).parents[2] / "docs" / "bus.md").read_text("utf-8")
HERE = {"GRUNDBOK_NATS": "nats://127.0.0.1:4222"}


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("keys")
    make_keys(place, [])
    return (place / "relay.seed").read_text("ascii").strip()


def test_the_defaults() -> None:
    expected = BusSettings(access=None, replicas=1, keep=0, status_host="127.0.0.1", status_port=8090)
    assert read_bus_settings({}) == expected
    assert read_bus_settings(dict.fromkeys(VARIABLES, "")) == expected


def test_every_variable_is_read(tmp_path: Path, seed: str) -> None:
    authority = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(authority))
    file = tmp_path / "relay.seed"
    file.write_text(f"{seed}\n")
    environment = {
        "GRUNDBOK_NATS": "tls://a:4222, nats://b:4222",
        "GRUNDBOK_NATS_SEED_FILE": str(file),
        "GRUNDBOK_NATS_CA": str(authority),
        "GRUNDBOK_NATS_REPLICAS": "3",
        "GRUNDBOK_EVENTS_KEEP": "500",
        "GRUNDBOK_STATUS": "0.0.0.0:0",
        "GRUNDBOK_ASSOCIATIONS": "varend, harnosand-timra,varend,",
    }
    read = read_bus_settings(environment)

    urls = ("tls://a:4222", "nats://b:4222")
    assert read == BusSettings(
        access=Access(urls=urls, seed=seed, authority=authority, inbox="_INBOX_relay"),
        replicas=3,
        keep=500,
        status_host="0.0.0.0",  # noqa: S104 - somebody says so
        status_port=0,
        associations=("harnosand-timra", "varend"),
    )
    other = read_bus_settings(environment | {"GRUNDBOK_NATS_USER": "reader-varend"})
    assert other.access == Access(urls=urls, seed=seed, authority=authority, inbox="_INBOX_reader-varend")
    bare = read_bus_settings({**HERE, "GRUNDBOK_NATS_SEED": seed, "GRUNDBOK_NATS_USER": "ingest"})
    assert bare.access == Access(urls=(HERE["GRUNDBOK_NATS"],), seed=seed, inbox="_INBOX_ingest")
    assert {*environment, "GRUNDBOK_NATS_USER", "GRUNDBOK_NATS_SEED"} == set(VARIABLES), "all of them"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRUNDBOK_NATS", "127.0.0.1:4222"),
        ("GRUNDBOK_NATS", "nats://a:4222,http://b"),
        ("GRUNDBOK_NATS", " , "),
        ("GRUNDBOK_NATS_SEED_FILE", "/nowhere/relay.seed"),
        ("GRUNDBOK_NATS_SEED_FILE", __file__),
        ("GRUNDBOK_NATS_CA", "/nowhere/ca.pem"),
        ("GRUNDBOK_NATS_CA", __file__),
        ("GRUNDBOK_NATS_REPLICAS", "2"),
        ("GRUNDBOK_NATS_REPLICAS", "three"),
        ("GRUNDBOK_EVENTS_KEEP", "-1"),
        ("GRUNDBOK_EVENTS_KEEP", "1.5"),
        ("GRUNDBOK_STATUS", "8090"),
        ("GRUNDBOK_STATUS", "127.0.0.1:http"),
        ("GRUNDBOK_STATUS", "127.0.0.1:65536"),
        ("GRUNDBOK_ASSOCIATIONS", "varend,Timra"),
        ("GRUNDBOK_ASSOCIATIONS", "varend;timra"),
        ("GRUNDBOK_ASSOCIATIONS", "*"),
        ("GRUNDBOK_ASSOCIATIONS", " , "),
    ],
)
def test_refuses_what_it_cannot_use(name: str, value: str) -> None:
    with pytest.raises(SettingWrong) as caught:
        read_bus_settings({**HERE, name: value})

    assert caught.value.facts["setting"] == name
    swedish, english = caught.value.sentence("sv"), caught.value.sentence("en")
    beginning = f"{name} kan inte vara {caught.value.facts['value']!r}: "
    assert swedish.startswith(beginning)
    words = set(re.findall(r"[a-zåäö]+", swedish.removeprefix(beginning)))
    assert not words & {"the", "of", "with", "is", "names", "it", "each"}, swedish
    assert english.endswith(f": {caught.value.facts['expected']}.")


def test_the_books_of_a_service_are_those_that_are_named() -> None:
    for_all = read_bus_settings({})
    for_some = read_bus_settings({"GRUNDBOK_ASSOCIATIONS": "varend,timra"})
    for_this_run = read_bus_settings({"GRUNDBOK_ASSOCIATIONS": "varend,timra"}, associations="other")

    books = ("varend", "timra", "other", "No Book")
    assert [list(map(one.works_for, books)) for one in (for_all, for_some, for_this_run)] == [
        [True, True, True, True],
        [True, True, False, False],
        [False, False, True, False],
    ]
    for nothing in ("", ",", " "):
        with pytest.raises(SettingWrong) as caught:
            read_bus_settings({}, associations=nothing)  # a variable of a shell that is not set is not every book
        assert caught.value.facts["setting"] == "--associations"


def test_secrets_are_never_shown(tmp_path: Path, seed: str) -> None:
    file = tmp_path / "relay.seed"
    file.write_text(seed)
    read = read_bus_settings({**HERE, "GRUNDBOK_NATS_SEED_FILE": str(file)})
    assert seed not in repr(read) + str(read) + repr(read.access) + f"{read.access}"

    named = read_bus_settings({"GRUNDBOK_NATS": "nats://anna:hemlig@a:4222,tls://b:4222"}).access
    assert named is not None
    assert repr(named) == "Access(nats://…@a:4222,tls://b:4222)"

    public = "UD" + seed[2:]
    for environment in (
        {"GRUNDBOK_NATS_SEED": seed},  # of whom?
        {"GRUNDBOK_NATS_SEED": public, "GRUNDBOK_NATS_USER": "relay"},
        {"GRUNDBOK_NATS": f"http://relay:{seed}@127.0.0.1:4222"},
    ):
        with pytest.raises(SettingWrong) as caught:
            read_bus_settings({**HERE, **environment})
        told = caught.value.sentence("sv") + caught.value.sentence("en") + repr(caught.value) + str(caught.value.facts)
        assert seed[2:] not in told
    file.write_text(public)
    with pytest.raises(SettingWrong) as caught:
        read_bus_settings({**HERE, "GRUNDBOK_NATS_SEED_FILE": str(file)})
    assert public not in caught.value.sentence("en")


def test_the_handbook_has_them_all() -> None:
    table = PAGE.partition("<!-- settings -->")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE)

    assert rows == list(VARIABLES.items())
