"""The auth subgraph's schema."""

from functools import cache

from shared.graphql.schema import FederationSchema
from subgraphs.auth.resolvers import Mutation, Query


@cache
def build_schema() -> FederationSchema:
    """The schema, which never changes: it takes long to make, and is made once a process."""
    return FederationSchema(query=Query, mutation=Mutation)
