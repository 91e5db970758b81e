"""The server's configuration of accounts and users, as text: public keys and permissions, no secrets."""

import json
from collections.abc import Iterator, Mapping, Sequence

from services.messaging.permissions import (
    PUBLIC_ROLES,
    SERVICE_ACCOUNT,
    SERVICES,
    Grant,
    Shared,
    account_of,
    public_grant,
    service_grant,
    shared_with,
    user_name,
)


def authorization(public_keys: Mapping[str, str], books: Sequence[str]) -> str:
    """Return `authorization.conf` for these books; `public_keys` has the key of every user by its name.

    There is no user without a key and no default user, so that who shows no key, or another one, is sent away.
    """
    return "\n".join(
        [
            "# Made by `grundbok bus keys`; changes are lost. Public keys and permissions, no secrets.",
            "accounts {",
            *_service_account(public_keys, books),
            *(line for book in books for line in _association(public_keys, book)),
            "}",
            "",
        ]
    )


def cluster(nodes: Sequence[str], password: str) -> str:
    """Return `cluster.conf`: where the other servers are, and the password they let each other in with."""
    routes = [f"nats-route://grundbok:{password}@{node}" for node in nodes]
    return "\n".join(
        [
            "# Made by `grundbok bus keys`. Secret: who has it can join the cluster.",
            f"authorization {{ user: grundbok, password: {_text(password)} }}",
            f"routes: {_list(routes)}",
            "",
        ]
    )


def _service_account(public_keys: Mapping[str, str], books: Sequence[str]) -> Iterator[str]:
    yield f"  {SERVICE_ACCOUNT} {{"
    yield "    jetstream: enabled"
    yield "    users: ["
    for role in SERVICES:
        yield from _user(public_keys[role], role, service_grant(role, books))
    yield "    ]"
    yield "    exports: ["
    for book in books:
        for shared in shared_with(book):
            yield f"      {{ {_export(shared)}, accounts: [{_text(account_of(book))}] }}"
    yield "    ]"
    yield "  }"


def _association(public_keys: Mapping[str, str], book: str) -> Iterator[str]:
    yield f"  {_text(account_of(book))} {{"
    yield "    users: ["
    for role in PUBLIC_ROLES:
        user = user_name(role, book)
        yield from _user(public_keys[user], user, public_grant(role, book))
    yield "    ]"
    yield "    imports: ["
    for shared in shared_with(book):
        kind = "stream" if shared.kind == "live" else "service"
        yield f"      {{ {kind}: {{ account: {SERVICE_ACCOUNT}, subject: {_text(shared.subject)} }} }}"
    yield "    ]"
    yield "  }"


def _user(public_key: str, name: str, grant: Grant) -> Iterator[str]:
    yield f"      {{ nkey: {public_key}, permissions: {{ # {name}"
    yield f"        publish: {{ allow: {_list(grant.publish)} }}"
    yield f"        subscribe: {{ allow: {_list(grant.subscribe)} }}"
    if grant.may_answer:
        yield "        allow_responses: { max: 1, expires: '2m' }"
    yield "      } }"


def _export(shared: Shared) -> str:
    match shared.kind:
        case "live":
            return f"stream: {_text(shared.subject)}"
        case "many":
            return f"service: {_text(shared.subject)}, response_type: stream"
        case "request":
            return f"service: {_text(shared.subject)}"


def _list(subjects: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, subjects))}]"


def _text(value: str) -> str:
    return json.dumps(value)
