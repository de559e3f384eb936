"""The courses subgraph's schema."""

from shared.graphql.schema import FederationSchema
from subgraphs.courses.resolvers import Mutation, Query
from subgraphs.courses.types import LearningItem, Tenant, User


def build_schema() -> FederationSchema:
    return FederationSchema(query=Query, mutation=Mutation, types=[LearningItem, Tenant, User])
