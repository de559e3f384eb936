"""The content subgraph's schema."""

from functools import cache

from shared.graphql.schema import FederationSchema
from subgraphs.content.resolvers import Mutation, Query
from subgraphs.content.types import Lesson, Tenant


@cache
def build_schema() -> FederationSchema:
    """The schema, which never changes: it takes long to make, and is made once a process."""
    return FederationSchema(query=Query, mutation=Mutation, types=[Lesson, Tenant])
