"""The courses subgraph's schema."""

from functools import cache

from shared.graphql.schema import FederationSchema
from subgraphs.courses.resolvers import Mutation, Query
from subgraphs.courses.types import LearningItem, Tenant, User


@cache
def build_schema() -> FederationSchema:
    """The schema, which never changes: it takes long to make, and is made once a process."""
    return FederationSchema(query=Query, mutation=Mutation, types=[LearningItem, Tenant, User])
