"""What a resolver of the analytics subgraph may reach."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from shared.caller import Caller
from shared.database import Sessions
from shared.graphql.context import BaseContext
from shared.permissions.decisions import Rights
from subgraphs.analytics.loaders import Loaders


@dataclass
class Context(BaseContext[Loaders]):
    sessions: Sessions

    def make_loaders(self, caller: Caller) -> Loaders:
        return Loaders.create(self.sessions, caller)

    async def rights(self) -> Rights:
        """What the caller may do; read once a request."""
        return await self.loaders.rights.load(self.caller.tenant_id)


Info: TypeAlias = strawberry.Info[Context, None]
