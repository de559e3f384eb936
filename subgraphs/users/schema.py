"""The users subgraph's schema."""

from functools import cache

from shared.graphql.schema import FederationSchema
from subgraphs.users.resolvers import Mutation, Query, Subscription
from subgraphs.users.types.people import Tenant


@cache
def build_schema() -> FederationSchema:
    """The schema, which never changes: it takes long to make, and is made once a process."""
    return FederationSchema(query=Query, mutation=Mutation, subscription=Subscription, types=[Tenant])
