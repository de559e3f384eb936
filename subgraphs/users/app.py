"""Composition root of the users subgraph."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from shared.crypto import Sealer
from shared.data_keys import DataKeys, LocalMasterKey, MasterKey
from shared.database import Sessions
from shared.events import Hub
from shared.graphql.app import SubgraphApp
from shared.graphql.context import TokenVerifier
from shared.graphql.service import GraphQLService
from shared.password_policy import PasswordPolicy
from shared.passwords import Passwords
from shared.tenancy.registry import Registry
from subgraphs.users.context import Context
from subgraphs.users.endpoints.provisioning import provisioning_routes
from subgraphs.users.schema import build_schema
from subgraphs.users.service.mailing import invitation_codes
from subgraphs.users.service.sign_up import SignUpDesk
from subgraphs.users.settings import UsersSettings


def create(
    settings: UsersSettings,
    *,
    verifier: TokenVerifier,
    hub: Hub,
    passwords: Passwords | None = None,
    master_key: MasterKey | None = None,
) -> SubgraphApp:
    """The users subgraph; nothing is opened before it is started.

    Args:
        settings: its database and keys.
        verifier: verifies callers' tokens.
        hub: wakes it; started and stopped by whoever made it.
        passwords: hashes passwords; by default as strongly as production needs.
        master_key: wraps tenants' data keys; by default it is derived from the settings.
    """
    desk = _sign_up_desk(settings, hub, passwords)
    sessions, keys = desk.sessions, DataKeys(master_key or LocalMasterKey([settings.credentials_key]), subgraph="users")

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        yield
        desk.passwords.close()
        await desk.tenants.aclose()
        await sessions.aclose()

    async def context(headers: Mapping[str, str]) -> Context:
        token = await verifier.presented(headers)

        async def recheck() -> None:
            if token is not None:
                await verifier.caller(token)

        caller = None if token is None else await verifier.caller(token)
        return Context(caller, sessions, desk, recheck, keys)

    service = GraphQLService(build_schema(), context=context)
    subgraph = SubgraphApp("users", service, lifespan=lifespan, ready=sessions.ping)
    subgraph.app.router.routes.extend(provisioning_routes(sessions, desk.tenants, settings.public_url, verifier))
    return subgraph


def _sign_up_desk(settings: UsersSettings, hub: Hub, passwords: Passwords | None) -> SignUpDesk:
    sessions = Sessions.create(
        settings.database_url, subgraph="users", pool_size=settings.pool_size, servers=settings.database_servers
    )
    return SignUpDesk(
        sessions=sessions,
        tenants=Registry.create(settings.database_url),
        passwords=passwords or Passwords(policy=PasswordPolicy.create(settings.breached_passwords)),
        sealer=Sealer.create(settings.credentials_key, "password-hash"),
        invitations=invitation_codes(settings.credentials_key),
        hub=hub,
    )
