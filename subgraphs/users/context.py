"""What a resolver of the users subgraph may reach."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from shared.caller import Caller
from shared.data_keys import DataKeys, DataShredded
from shared.database import Sessions
from shared.graphql.context import BaseContext
from shared.permissions.decisions import Rights
from subgraphs.users.loaders import Loaders
from subgraphs.users.service.following import Follower, Recheck
from subgraphs.users.service.sealed_fields import SealedFields
from subgraphs.users.service.sign_up import SignUpDesk


@dataclass
class Context(BaseContext[Loaders]):
    sessions: Sessions
    desk: SignUpDesk
    recheck: Recheck
    keys: DataKeys

    @property
    def follower(self) -> Follower:
        """The caller, as somebody who follows something."""
        return Follower(self.sessions, self.caller, self.desk.hub, self.recheck)

    def make_loaders(self, caller: Caller) -> Loaders:
        return Loaders.create(self.sessions, caller, self.keys)

    async def rights(self) -> Rights:
        """What the caller may do; read once a request."""
        return await self.loaders.rights.load(self.caller.tenant_id)

    async def sealed_fields(self) -> SealedFields:
        """What opens the values of the tenant's own fields; its keys are read once a request."""
        ring = await self.loaders.key_ring.load(self.caller.tenant_id)
        if ring is None:
            raise DataShredded
        return SealedFields(ring)


Info: TypeAlias = strawberry.Info[Context, None]
