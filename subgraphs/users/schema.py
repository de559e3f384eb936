"""The users subgraph's schema."""

from shared.graphql.schema import FederationSchema
from subgraphs.users.resolvers import Mutation, Query, Subscription
from subgraphs.users.types.people import Tenant


def build_schema() -> FederationSchema:
    return FederationSchema(query=Query, mutation=Mutation, subscription=Subscription, types=[Tenant])
