"""What a resolver of the content subgraph may reach."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from shared.caller import Caller
from shared.documents import Documents
from shared.graphql.context import BaseContext
from subgraphs.content.loaders import Loaders
from subgraphs.content.service.indexing import Indexer
from subgraphs.content.service.storage import QuotasOf


@dataclass
class Context(BaseContext[Loaders]):
    documents: Documents
    indexer: Indexer
    quotas_of: QuotasOf

    def make_loaders(self, caller: Caller) -> Loaders:
        return Loaders(self.documents, caller)


Info: TypeAlias = strawberry.Info[Context, None]
