"""`python -m tests.bench.identity`: sign-ins, refreshes, client credentials and introspections per second and core.

The whole platform answers, with its PostgreSQL, the event bus and the worker: CPU is that of all of its processes
together, so that what a second of one core can do is a second divided by it. A password costs what its hash costs, and
servers differ there by their settings more than by anything else; so both are told, and what is left is our own.
Verifying a token is measured in this process: one that was seen before, and one that was not.
"""

import argparse
import asyncio
import base64
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from argon2 import PasswordHasher
from rich.console import Console
from rich.table import Table

from tests.bench import load, platforms, processes
from tests.router.serve.access.issuing import Issuer

SLUG: Final = "bench-school"
EMAIL: Final = "owner@bench-school.example"
PASSWORD: Final = "correct horse battery staple"
CONNECTIONS: Final = 8
TOKENS: Final = 2_000
KEYCLOAK: Final = PasswordHasher(time_cost=5, memory_cost=7_168, parallelism=1)
"""What Keycloak hashes with by default: https://www.keycloak.org/docs/latest/server_admin/ (Argon2 hashing)."""

SIGN_UP: Final = """mutation ($input: SignUpTenantInput!) {
  signUpTenant(input: $input) { session { accessToken } userErrors { code } }
}"""
SIGN_IN: Final = """mutation ($input: SignInInput!) {
  signIn(input: $input) { session { accessToken refreshToken deviceToken } userErrors { code } }
}"""
REFRESH: Final = """mutation ($input: RefreshSessionInput!) {
  refreshSession(input: $input) { session { refreshToken } userErrors { code } }
}"""
REGISTER: Final = """mutation ($input: RegisterOAuthAppInput!) {
  registerOAuthApp(input: $input) { app { id } clientSecret userErrors { code } }
}"""

Next = Callable[[bytes], bytes]
"""From the body of an answer to the request that comes after it."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What clients say: each its own first request, and what comes after an answer."""

    name: str
    first: Sequence[bytes]
    then: Next | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """The API of a running platform."""

    port: int

    def request(self, document: str, token: str | None = None, **given: Any) -> bytes:
        """Bytes of a request with one input."""
        body = json.dumps({"query": document, "variables": {"input": given}}).encode()
        return load.post(self.port, body, token=token)

    def do(self, document: str, token: str | None = None, **given: Any) -> dict[str, Any]:
        """The payload of one mutation.

        Raises:
            RuntimeError: it was refused.
        """
        (answer,) = asyncio.run(load.converse(self.port, [self.request(document, token, **given)], None, 0.0)).bodies
        return payload(answer)


def payload(body: bytes) -> dict[str, Any]:
    """Of the mutation that was answered so.

    Raises:
        RuntimeError: it was refused.
    """
    answer: dict[str, Any] = json.loads(body)
    data: dict[str, dict[str, Any] | None] = answer.get("data") or {}
    found = next(iter(data.values()), None)
    if found is None or found["userErrors"]:
        raise RuntimeError(answer)
    return found


def talks(port: int) -> Generator[Talk]:
    """What is measured, each prepared as it comes."""
    graph = Graph(port)
    owner = {"tenant": SLUG, "email": EMAIL, "password": PASSWORD}
    tenant = {"name": SLUG, "slug": SLUG, "ownerName": "Olga", "ownerEmail": EMAIL, "password": PASSWORD}
    token = graph.do(SIGN_UP, **tenant)["session"]["accessToken"]
    sessions = [graph.do(SIGN_IN, **owner)["session"] for _ in range(CONNECTIONS)]
    known = owner | {"deviceToken": sessions[0]["deviceToken"]}
    yield Talk("password sign-ins", [graph.request(SIGN_IN, **known)] * CONNECTIONS)

    def refreshing(body: bytes) -> bytes:
        return graph.request(REFRESH, refreshToken=payload(body)["session"]["refreshToken"])

    firsts = [graph.request(REFRESH, refreshToken=each["refreshToken"]) for each in sessions]
    yield Talk("refreshes of sessions", firsts, refreshing)

    app = graph.do(
        REGISTER, token, name="Bench", scopes=["users:read"], grantTypes=["client_credentials"], mayIntrospect=True
    )
    credentials = base64.b64encode(f"{app['app']['id']}:{app['clientSecret']}".encode()).decode()

    def form(endpoint: str, **fields: str) -> bytes:
        return load.form(port, f"/t/{SLUG}/oauth/{endpoint}", urlencode(fields).encode(), f"Basic {credentials}")

    granting = form("token", grant_type="client_credentials", scope="users:read")
    yield Talk("client credentials", [granting] * CONNECTIONS)
    (answer,) = asyncio.run(load.converse(port, [granting], None, 0.0)).bodies
    asking = form("introspect", token=json.loads(answer)["access_token"])
    yield Talk("introspections", [asking] * CONNECTIONS)


def measure(seconds: float) -> Table:
    """What a second of one core does of each."""
    table = Table("of these", "a second and core", "CPU ms each", "p50 ms", "p99 ms", "statuses", title="identity")
    data = Path(tempfile.mkdtemp(prefix="studium-bench-identity-"))
    try:
        with platforms.running(data, "one", "--no-demo") as up:
            for talk in talks(up.port):
                table.add_row(*_row(up, talk, seconds))
    finally:
        shutil.rmtree(data, ignore_errors=True)
    return table


def _row(up: platforms.Platform, talk: Talk, seconds: float) -> tuple[str, ...]:
    pids = processes.tree(up.process.pid)
    before = processes.cpu(pids)
    seen = asyncio.run(load.converse(up.port, talk.first, talk.then, seconds))
    spent = (processes.cpu(pids) - before) / seen.load.answers * 1_000
    wrong = next((body for body in seen.bodies if b'"errors"' in body or b'"error"' in body), None)
    name = talk.name if wrong is None else f"{talk.name}: {wrong[:200]!r}"
    times = (f"{seen.load.percentile(share):.2f}" for share in (0.5, 0.99))
    return name, f"{1_000 / spent:,.1f}", f"{spent:.2f}", *times, str(seen.load.statuses)


def hashes() -> Table:
    """What a password costs, by us and with others' settings."""
    table = Table("hash", "CPU ms", title="one hash")
    for name, hasher in (("ours", PasswordHasher()), ("Keycloak's default", KEYCLOAK)):
        hashed = hasher.hash(PASSWORD)
        begun, times = time.process_time(), 5
        for _ in range(times):
            hasher.verify(hashed, PASSWORD)
        cost = f"{name}: argon2id, t={hasher.time_cost}, m={hasher.memory_cost // 1_024} MiB, p={hasher.parallelism}"
        table.add_row(cost, f"{(time.process_time() - begun) / times * 1_000:.1f}")
    return table


async def verification() -> Table:
    """Microseconds of CPU that it takes the router to know whose a token is."""
    table = Table("token", "CPU us", title="verification at the router, ES256")
    issuer = Issuer()
    tokens = [issuer.token(sub=str(number)) for number in range(TOKENS)]
    verifier = issuer.verifier()
    await verifier.identity(issuer.token())  # the keys are read
    for name in ("never seen", "seen before"):
        begun = time.process_time()
        for token in tokens:
            await verifier.identity(token)
        table.add_row(name, f"{(time.process_time() - begun) / TOKENS * 1e6:.1f}")
    return table


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of load for each")
    options = parser.parse_args()
    console = Console(width=120)
    console.print(hashes())
    console.print(asyncio.run(verification()))
    console.print(measure(options.seconds))


if __name__ == "__main__":
    main()
