"""A subgraph that trusts a neighbour, and an OpenID provider that others wrote."""

import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import closing
from socket import socket
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from shared.graphql.app import SubgraphApp
from shared.passwords import Passwords
from shared.tokens import TokenVerifier
from subgraphs.auth.app import create
from subgraphs.auth.settings import AuthSettings
from tests.patience import PATIENCE_SECONDS
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, SIGNING_KEY
from tests.tenants import Control

PUBLIC_URL = "http://127.0.0.1:4000"


@pytest.fixture(scope="session")
def provider() -> Generator[str]:
    """The issuer of a running provider that believes whoever says who they are."""
    with closing(socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    issuer = f"http://localhost:{port}"
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603  # our own
        try:
            _wait(f"{issuer}/.well-known/openid-configuration", process)
            yield issuer
        finally:
            process.terminate()


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            urlopen(url, timeout=PATIENCE_SECONDS).close()  # noqa: S310  # our own, as above
        except (URLError, OSError):
            time.sleep(0.05)
        else:
            return
    pytest.fail("the provider did not start")


@pytest.fixture
async def auth(
    control: Control, own_verifier: TokenVerifier, quick_passwords: Passwords
) -> AsyncGenerator[SubgraphApp]:
    """The subgraph, which may ask providers on this machine."""
    settings = AuthSettings(
        database_url=control.login_url("auth"),
        signing_key=SIGNING_KEY,
        credentials_key=CREDENTIALS_KEY,
        public_url=PUBLIC_URL,
        private_identity_providers=True,
    )
    subgraph = create(settings, verifier=own_verifier, passwords=quick_passwords)
    await subgraph.start()
    yield subgraph
    await subgraph.aclose()
