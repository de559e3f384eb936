"""A provider of a school's, and a subgraph that may ask neighbours for metadata."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.graphql.app import SubgraphApp
from shared.passwords import Passwords
from shared.tokens import TokenVerifier
from subgraphs.auth.app import create
from subgraphs.auth.service.saml_assertions import PERSISTENT, Expected
from subgraphs.auth.service.saml_messages import ServiceProvider, own_metadata
from subgraphs.auth.settings import AuthSettings
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, SIGNING_KEY
from tests.subgraphs.auth.saml.identity_provider import ENTITY_ID, SchoolProvider, keys_of
from tests.tenants import Control

PUBLIC_URL = "https://learn.example"
OWN = f"{PUBLIC_URL}/t/acme/saml/school"
REQUEST_ID = "_6b1f0c"


@pytest.fixture(scope="module")
def own() -> ServiceProvider:
    """The tenant, as the school knows it."""
    return ServiceProvider(f"{OWN}/metadata", f"{OWN}/acs", keys_of("tenant"))


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory, own: ServiceProvider) -> SchoolProvider:
    """Knows the tenant by the metadata that the tenant would show."""
    return SchoolProvider(tmp_path_factory.mktemp("school"), own_metadata(own, PERSISTENT))


@pytest.fixture
def expected(own: ServiceProvider) -> Expected:
    """What an answer of the school's has to be now."""
    return Expected(ENTITY_ID, [keys_of("school").certificate], own, REQUEST_ID, datetime.now(UTC))


@pytest.fixture
async def auth(
    control: Control, own_verifier: TokenVerifier, quick_passwords: Passwords
) -> AsyncGenerator[SubgraphApp]:
    """The subgraph, reached by TLS, which may ask for metadata on this machine."""
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


def but(expected: Expected, **changes: Any) -> Expected:
    """Another expectation."""
    own = {name: changes.pop(name) for name in ("entity_id", "acs_url", "keys") if name in changes}
    return replace(expected, own=replace(expected.own, **own), **changes)
