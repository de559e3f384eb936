"""The notifications subgraph's schema."""

from shared.graphql.schema import FederationSchema
from subgraphs.notifications.resolvers import Mutation, Query, Subscription
from subgraphs.notifications.types import Course, User


def build_schema() -> FederationSchema:
    return FederationSchema(query=Query, mutation=Mutation, subscription=Subscription, types=[User, Course])
