"""What a resolver of the auth subgraph may reach."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from shared.caller import Caller
from shared.graphql.context import BaseContext
from shared.tenancy.registry import TenantRecord
from subgraphs.auth.loaders import Loaders
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.federated import FederationDesk
from subgraphs.auth.service.saml_desk import SamlDesk
from subgraphs.auth.service.tenants import TenantDesk
from subgraphs.auth.service.webauthn_challenges import PasskeyDesk


@dataclass
class Context(BaseContext[Loaders]):
    desk: SignInDesk
    federation: FederationDesk
    tenant_desk: TenantDesk
    passkeys: PasskeyDesk
    saml: SamlDesk

    def make_loaders(self, caller: Caller) -> Loaders:
        return Loaders.create(self.desk.tenants, self.desk.sessions, caller)

    async def own_tenant(self) -> TenantRecord | None:
        """The caller's tenant."""
        return await self.loaders.tenant_by_id.load(self.caller.tenant_id)


Info: TypeAlias = strawberry.Info[Context, None]
