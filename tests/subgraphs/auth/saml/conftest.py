"""A provider of a school's, and a subgraph that may ask neighbours for metadata."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest

from shared.authentication import PASSWORD, Authentication
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from shared.tokens import TokenIssuer
from subgraphs.auth.service.saml_assertions import PERSISTENT, Expected
from subgraphs.auth.service.saml_messages import ServiceProvider, own_metadata
from tests.subgraphs.auth.conftest import SIGNING_KEY, Ask
from tests.subgraphs.auth.saml.identity_provider import ENTITY_ID, SchoolProvider, keys_of, provider_metadata
from tests.tenants import Tenant

PUBLIC_URL = "https://learn.example"
RETURN_URI = f"{PUBLIC_URL}/signed-in"
OWN = f"{PUBLIC_URL}/t/acme/saml/school"
REQUEST_ID = "_6b1f0c"
CONFIGURE = """mutation ($input: ConfigureSamlProviderInput!) {
  configureSamlProvider(input: $input) {
    identityProvider {
      id kind issuer clientId callbackUri version
      saml { metadataUri ssoUrl metadataUrl nameIdFormat allowsUnsolicited certificates { fingerprint expiresAt }
        attributes { subject email displayName role } roleValues { value role } }
    }
    userErrors { code path }
  }
}"""

Configure: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]


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
def reach() -> Mapping[str, Any]:
    """By TLS; neighbours on this machine may be asked for metadata."""
    return {"public_url": PUBLIC_URL, "private_identity_providers": True}


def fresh_token(tenant: Tenant, role: Role, *more: str) -> str:
    """Of somebody who has just proved who they are, and may do more than their role says."""
    caller = tenant.caller(*BUILT_IN[role], *more, role=role)
    proof = Authentication.of(datetime.now(UTC), [PASSWORD])
    issued = TokenIssuer(SIGNING_KEY).issue(
        tenant.id, caller.require_user(), uuid7(), role=role, scopes=caller.scopes, authentication=proof
    )
    return issued.access_token


@pytest.fixture
def owner(tenant: Tenant) -> str:
    """The owner's token."""
    return fresh_token(tenant, Role.OWNER)


@pytest.fixture
def configure(ask: Ask, owner: str) -> Configure:
    """Trusts the school's provider, in this way or that."""

    async def trust(**changes: Any) -> dict[str, Any]:
        asked = {
            "alias": "school",
            "name": "School",
            "metadataXml": provider_metadata("school"),
            "returnUris": [RETURN_URI],
            "emailDomains": ["school.example"],
        }
        answer = await ask(CONFIGURE, {"input": {**asked, **changes}}, token=owner)
        return answer if answer.get("errors") else answer["data"]["configureSamlProvider"]

    return trust


def but(expected: Expected, **changes: Any) -> Expected:
    """Another expectation."""
    own = {name: changes.pop(name) for name in ("entity_id", "acs_url", "keys") if name in changes}
    return replace(expected, own=replace(expected.own, **own), **changes)
