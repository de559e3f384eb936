"""The root fields of the users subgraph: each topic's in a module of its own."""

import strawberry

from subgraphs.users.resolvers.invitations import InvitationMutation
from subgraphs.users.resolvers.people import PeopleQuery
from subgraphs.users.resolvers.profiles import ProfileMutation, ProfileQuery
from subgraphs.users.resolvers.sign_up import SignUpMutation


@strawberry.type
class Query(PeopleQuery, ProfileQuery):
    pass


@strawberry.type
class Mutation(InvitationMutation, SignUpMutation, ProfileMutation):
    pass
