"""The content subgraph's schema."""

from shared.graphql.schema import FederationSchema
from subgraphs.content.resolvers import Mutation, Query
from subgraphs.content.types import Lesson, Tenant


def build_schema() -> FederationSchema:
    return FederationSchema(query=Query, mutation=Mutation, types=[Lesson, Tenant])
