"""Composition root of the auth subgraph."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from shared.crypto import IdSigner, Sealer
from shared.data_keys import DataKeys, LocalMasterKey, MasterKey
from shared.database import Sessions
from shared.graphql.app import SubgraphApp
from shared.graphql.context import TokenVerifier, contexts
from shared.graphql.service import GraphQLService
from shared.outbound import Outbound
from shared.password_policy import PasswordPolicy
from shared.passwords import Passwords
from shared.permissions.policies import policies
from shared.tenancy.domains import DomainRegistry, LookUpTxt, look_up_txt
from shared.tenancy.registry import Registry
from shared.tokens import TokenIssuer
from subgraphs.auth.context import Context
from subgraphs.auth.endpoints.federated import federated_routes
from subgraphs.auth.endpoints.oauth import oauth_routes
from subgraphs.auth.endpoints.saml import saml_routes
from subgraphs.auth.endpoints.tenant_exports import export_routes
from subgraphs.auth.schema import build_schema
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.audit import performed
from subgraphs.auth.service.codes import SignInCodes
from subgraphs.auth.service.federated import FederationDesk
from subgraphs.auth.service.federated_begun import BegunSeal
from subgraphs.auth.service.oauth import OAuthDesk
from subgraphs.auth.service.oidc_client import OidcClient
from subgraphs.auth.service.saml_desk import SamlDesk
from subgraphs.auth.service.tenant_exports import ExportLinks, ExportShelf
from subgraphs.auth.service.tenants import TenantDesk
from subgraphs.auth.service.webauthn_challenges import PasskeyDesk, relying_party
from subgraphs.auth.settings import AuthSettings


def create(
    settings: AuthSettings,
    *,
    verifier: TokenVerifier,
    passwords: Passwords | None = None,
    look_up: LookUpTxt = look_up_txt,
    master_key: MasterKey | None = None,
) -> SubgraphApp:
    """The auth subgraph; nothing is opened before it is started.

    Args:
        settings: its database and keys.
        verifier: verifies callers' tokens, as in every subgraph.
        passwords: hashes passwords; by default as strongly as production needs.
        look_up: finds the TXT records that prove domains.
        master_key: wraps the tenants' data keys; by default, one derived from the platform's secret.

    Raises:
        PoliciesInvalid: the policies that decide who may do what cannot be used.
    """
    policies()
    desk = _sign_in_desk(settings, passwords, master_key)
    outbound = Outbound(private=settings.private_identity_providers)
    begun = BegunSeal(Sealer.create(settings.credentials_key, "federated-sign-in"))
    federation = FederationDesk(desk, OidcClient(outbound), settings.public_url, begun)
    saml = SamlDesk(desk, outbound, settings.public_url, begun)
    exports = _exports(settings, desk)
    resuming = IdSigner.create(settings.credentials_key, "tenant-resume")
    tenant_desk = TenantDesk(desk.sessions, desk.tenants, DomainRegistry(desk.tenants, look_up), resuming, exports)
    passkeys = PasskeyDesk(desk, relying_party(settings.public_url, settings.webauthn_origins))
    oauth = OAuthDesk.create(passkeys, settings.public_url, settings.credentials_key)

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        yield
        desk.passwords.close()
        saml.workers.close()
        await outbound.aclose()
        await desk.tenants.aclose()
        await desk.sessions.aclose()

    context = contexts(verifier, lambda caller: Context(caller, desk, federation, tenant_desk, passkeys, saml))
    service = GraphQLService(build_schema(), context=context)
    subgraph = SubgraphApp("auth", service, lifespan=lifespan, ready=desk.sessions.ping)
    subgraph.app.router.routes.extend(
        [
            _published_keys(desk.issuer),
            *export_routes(exports),
            *federated_routes(federation),
            *saml_routes(saml),
            *oauth_routes(oauth),
        ]
    )
    return subgraph


def _sign_in_desk(settings: AuthSettings, passwords: Passwords | None, master_key: MasterKey | None) -> SignInDesk:
    sessions = Sessions.create(
        settings.database_url,
        subgraph="auth",
        pool_size=settings.pool_size,
        observer=performed,
        servers=settings.database_servers,
    )
    secrets = [settings.credentials_key, *settings.earlier_credentials_keys]
    return SignInDesk(
        sessions=sessions,
        tenants=Registry.create(settings.database_url),
        passwords=passwords or Passwords(policy=PasswordPolicy.create(settings.breached_passwords)),
        sealer=Sealer.create(settings.credentials_key, "password-hash"),
        keys=DataKeys(master_key or LocalMasterKey(secrets), subgraph="auth", secrets=secrets),
        issuer=TokenIssuer(settings.signing_key),
        codes=SignInCodes.create(settings.credentials_key, settings.earlier_credentials_keys),
    )


def _exports(settings: AuthSettings, desk: SignInDesk) -> ExportLinks:
    sealer = Sealer.create(settings.credentials_key, "tenant-export")
    return ExportLinks(desk.tenants, ExportShelf(desk.sessions, desk.keys), sealer, settings.public_url)


def _published_keys(issuer: TokenIssuer) -> Route:
    async def keys(_: Request) -> JSONResponse:
        return JSONResponse(issuer.jwks(), headers={"Cache-Control": "public, max-age=300"})

    return Route("/.well-known/jwks.json", keys, methods=["GET"])
