"""The analytics subgraph's schema."""

from shared.graphql.schema import FederationSchema
from subgraphs.analytics.resolvers import Mutation, Query
from subgraphs.analytics.types import Course, Enrollment


def build_schema() -> FederationSchema:
    return FederationSchema(query=Query, mutation=Mutation, types=[Course, Enrollment])
