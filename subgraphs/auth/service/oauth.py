"""The tenants' authorization servers: what they have in common, and finding the one that a path names."""

import logging
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from pydantic import SecretStr

from shared.authentication import Authentication
from shared.caller import Caller, UserId, service_caller
from shared.crypto import derive_key
from shared.database import TenantSession
from shared.dpop import ALGORITHMS
from shared.errors import NotFound, Unauthenticated
from shared.events import record
from shared.tenancy.registry import TenantRecord, TenantStatus
from shared.tokens import TokenVerifier, tenant_issuer
from subgraphs.auth.events import SessionEnded
from subgraphs.auth.models import ActorKind, OAuthGrant
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.audit import Actor, Subject, note
from subgraphs.auth.service.oauth_scopes import IDENTITY, known
from subgraphs.auth.service.sessions import end_impersonations_with
from subgraphs.auth.service.webauthn_challenges import PasskeyDesk

logging.getLogger("authlib").setLevel(logging.INFO)  # it tells tokens and codes to its debug log

CLIENT_PROOFS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt")
"""How software proves which app it is."""
CLIENT_AUTHENTICATION: Final = (*CLIENT_PROOFS, "none")
CLIENT_ALGORITHMS: Final = ("ES256", "PS256", "RS256", "Ed25519")
"""That apps may sign with."""
DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the name of a grant
GRANT_TYPES: Final = ("authorization_code", "refresh_token", "client_credentials", DEVICE_CODE, TOKEN_EXCHANGE)
_AUTHENTICATED: Final = ("token", "revocation", "introspection")
METADATA: Final = ".well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class OAuthDesk:
    """What every tenant's authorization server needs."""

    desk: SignInDesk
    public_url: str
    verifier: TokenVerifier
    passkeys: PasskeyDesk
    form_key: bytes = field(repr=False)
    """Signs the forms that people are shown."""

    @classmethod
    def create(cls, passkeys: PasskeyDesk, public_url: str, key: SecretStr) -> "OAuthDesk":
        """Make it.

        Args:
            passkeys: sign people in, as its desk does otherwise.
            public_url: that the issuers begin with.
            key: what signs here is derived from it.
        """
        desk = passkeys.desk
        verifier = TokenVerifier(desk.issuer.ring, public_url=public_url, clock=lambda: desk.clock().timestamp())
        return cls(desk, public_url, verifier, passkeys, derive_key(key, "oauth-forms"))

    @property
    def graph_url(self) -> str:
        """The one resource that tokens are for. Source: RFC 8707, section 2."""
        return f"{self.public_url}/graphql"

    def graph_metadata(self) -> dict[str, Any]:
        """What clients are told of the graph; whose server lets them in, they have to know. Source: RFC 9728."""
        return {
            "resource": self.graph_url,
            "resource_name": "Studium",
            "scopes_supported": [name for name in known() if name not in IDENTITY],
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": list(ALGORITHMS),
            "dpop_bound_access_tokens_required": False,
        }

    async def server_of(self, slug: str) -> "TenantIssuer":
        """The authorization server of a tenant.

        Raises:
            NotFound: there is no such tenant, or it is not open.
        """
        tenant = await self.desk.tenants.by_slug(slug)
        if tenant is None or tenant.status is not TenantStatus.ACTIVE:
            raise NotFound
        return TenantIssuer(tenant, tenant_issuer(self.public_url, tenant.slug))


@dataclass(frozen=True, slots=True)
class TenantIssuer:
    """One tenant's authorization server."""

    tenant: TenantRecord
    url: str
    """Its issuer identifier."""

    @property
    def caller(self) -> Caller:
        """It acts for its tenant before anybody has a token."""
        return service_caller(self.tenant.id, "oauth")

    def endpoint(self, name: str) -> str:
        return f"{self.url}/oauth/{name}"

    def metadata(self) -> dict[str, Any]:
        """What clients are told. Sources: OpenID Connect Discovery 1.0, section 3; RFC 8414, 8628, 9101, 9126, 9449."""
        methods, algorithms = list(CLIENT_AUTHENTICATION), list(CLIENT_ALGORITHMS)
        return {
            "issuer": self.url,
            "authorization_endpoint": self.endpoint("authorize"),
            "token_endpoint": self.endpoint("token"),
            "userinfo_endpoint": self.endpoint("userinfo"),
            "jwks_uri": self.endpoint("jwks"),
            "introspection_endpoint": self.endpoint("introspect"),
            "revocation_endpoint": self.endpoint("revoke"),
            "device_authorization_endpoint": self.endpoint("device_authorization"),
            "end_session_endpoint": self.endpoint("authorize/logout"),
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
            "pushed_authorization_request_endpoint": self.endpoint("par"),
            "require_pushed_authorization_requests": False,
            "scopes_supported": known(),
            "dpop_signing_alg_values_supported": list(ALGORITHMS),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(GRANT_TYPES),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_methods_supported": methods,
            "introspection_endpoint_auth_methods_supported": list(CLIENT_PROOFS),
            **{f"{name}_endpoint_auth_signing_alg_values_supported": algorithms for name in _AUTHENTICATED},
            "registration_endpoint": self.endpoint("register"),
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "prompt_values_supported": ["none", "login", "consent"],
            "claims_supported": ["sub", "sid", "email", "email_verified", "auth_time", "amr", "nonce", "at_hash"],
            "claims_parameter_supported": False,
            "request_parameter_supported": True,
            "request_object_signing_alg_values_supported": algorithms,
            "request_uri_parameter_supported": False,
        }


@dataclass(frozen=True, slots=True)
class EndUser:
    """The person who is asked, or for whom an app acts."""

    user_id: UserId
    email: str
    email_verified: bool
    role: str
    authentication: Authentication
    session_id: UUID | None = None
    """In which they have signed in, in a browser."""


def tell_ended(session: TenantSession, family: OAuthGrant, *, because: str | None = None) -> None:
    """Tell routers that the tokens of a family are good no more: its id is the session in them.

    Args:
        session: it has ended in.
        family: that has ended.
        because: what happened to it that the audit should have, if nobody wanted it to end.
    """
    if because is not None:
        note(session, because, Subject("OAuthGrant", family.id), actor=Actor(ActorKind.OAUTH_APP, str(family.app_id)))
    session.last_steps.append(lambda: end_impersonations_with(session, family.id))
    subject: UUID = family.user_id or family.app_id
    record(session, SessionEnded(tenant_id=session.caller.tenant_id, user_id=subject, session_id=family.id))


async def caller_by_cookie(oauth: OAuthDesk, issuer: TenantIssuer, token: str | None) -> Caller | None:
    """The person whose browser presents their session here; None for nobody, and for another tenant's people.

    Whoever acts in a person's name is nobody here: no app gets anything by them.
    """
    if token is None:
        return None
    try:
        caller = await oauth.verifier.caller(token)
    except Unauthenticated:
        return None
    in_person = caller.user_id is not None and caller.client_id is None and caller.impersonator_id is None
    return caller if in_person and caller.tenant_id == issuer.tenant.id else None
