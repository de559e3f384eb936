"""What a resolver of the notifications subgraph may reach."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from shared.caller import Caller
from shared.database import Sessions
from shared.events import Hub
from shared.graphql.context import BaseContext
from subgraphs.notifications.loaders import Loaders
from subgraphs.notifications.service import Mailbox, Recheck


@dataclass
class Context(BaseContext[Loaders]):
    sessions: Sessions
    hub: Hub
    recheck: Recheck

    @property
    def mailbox(self) -> Mailbox:
        """The caller's own."""
        return Mailbox(self.sessions, self.caller, self.hub, self.recheck)

    def make_loaders(self, caller: Caller) -> Loaders:
        return Loaders.create(self.sessions, caller)


Info: TypeAlias = strawberry.Info[Context, None]
