"""The root fields of the users subgraph: each topic's in a module of its own."""

import strawberry

from subgraphs.users.resolvers.consents import ConsentMutation, ConsentQuery
from subgraphs.users.resolvers.data_requests import (
    DataRequestMutation,
    DataRequestQuery,
    DataRequestSubscription,
)
from subgraphs.users.resolvers.deactivation import DeactivationMutation
from subgraphs.users.resolvers.groups import GroupMutation, GroupQuery
from subgraphs.users.resolvers.invitations import InvitationMutation, InvitationQuery
from subgraphs.users.resolvers.org_units import OrgUnitMutation, OrgUnitQuery
from subgraphs.users.resolvers.people import PeopleQuery
from subgraphs.users.resolvers.profiles import ProfileMutation, ProfileQuery
from subgraphs.users.resolvers.relationships import RelationshipMutation
from subgraphs.users.resolvers.rosters import RosterMutation, RosterQuery, RosterSubscription
from subgraphs.users.resolvers.sign_up import SignUpMutation


@strawberry.type
class Query(
    PeopleQuery, ProfileQuery, OrgUnitQuery, GroupQuery, DataRequestQuery, InvitationQuery, RosterQuery, ConsentQuery
):
    pass


@strawberry.type
class Mutation(
    InvitationMutation,
    SignUpMutation,
    ProfileMutation,
    OrgUnitMutation,
    GroupMutation,
    RelationshipMutation,
    DataRequestMutation,
    DeactivationMutation,
    RosterMutation,
    ConsentMutation,
):
    pass


@strawberry.type
class Subscription(DataRequestSubscription, RosterSubscription):
    pass
