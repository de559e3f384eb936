"""The notifications subgraph's schema."""

from functools import cache

from shared.graphql.schema import FederationSchema
from subgraphs.notifications.resolvers import Mutation, Query, Subscription
from subgraphs.notifications.types import Course, User


@cache
def build_schema() -> FederationSchema:
    """The schema, which never changes: it takes long to make, and is made once a process."""
    return FederationSchema(query=Query, mutation=Mutation, subscription=Subscription, types=[User, Course])
