"""What a resolver of the analytics subgraph may reach."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from shared.caller import Caller
from shared.database import Sessions
from shared.graphql.context import BaseContext
from subgraphs.analytics.loaders import Loaders


@dataclass
class Context(BaseContext[Loaders]):
    sessions: Sessions

    def make_loaders(self, caller: Caller) -> Loaders:
        return Loaders.create(self.sessions, caller)


Info: TypeAlias = strawberry.Info[Context, None]
