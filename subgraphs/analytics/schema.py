"""The analytics subgraph's schema."""

from functools import cache

from shared.graphql.schema import FederationSchema
from subgraphs.analytics.resolvers import Mutation, Query
from subgraphs.analytics.types import Course, Enrollment


@cache
def build_schema() -> FederationSchema:
    """The schema, which never changes: it takes long to make, and is made once a process."""
    return FederationSchema(query=Query, mutation=Mutation, types=[Course, Enrollment])
