"""The auth subgraph's schema."""

from shared.graphql.schema import FederationSchema
from subgraphs.auth.resolvers import Mutation, Query


def build_schema() -> FederationSchema:
    return FederationSchema(query=Query, mutation=Mutation)
