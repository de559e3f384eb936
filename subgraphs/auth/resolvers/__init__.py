"""The root fields of the auth subgraph: each topic's in a module of its own."""

import strawberry

from subgraphs.auth.resolvers.accounts import AccountMutation, AccountQuery


@strawberry.type
class Query(AccountQuery):
    pass


@strawberry.type
class Mutation(AccountMutation):
    pass
