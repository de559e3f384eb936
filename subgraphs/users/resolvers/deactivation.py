"""The root fields about deactivating people: unpack, call, wrap."""

import strawberry

from shared.database import unit_of_work
from shared.errors import parse_id
from shared.graphql.user_errors import Refusals
from subgraphs.users.context import Info
from subgraphs.users.service import deactivation as service
from subgraphs.users.types.deactivation import UserActivationInput, UserActivationPayload
from subgraphs.users.types.people import User


@strawberry.type
class DeactivationMutation:
    @strawberry.mutation(
        extensions=[Refusals(UserActivationPayload)],
        description="Let a person in no more: their sessions, what apps were granted and their API tokens end at once, "
        "all that is theirs stays. Needs users:manage.",
    )
    async def deactivate_user(self, info: Info, input: UserActivationInput) -> UserActivationPayload | None:
        user_id, attempt = parse_id(input.user_id, field="userId"), input.attempt("deactivateUser")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await service.deactivate_user(session, attempt, user_id, expected_version=input.expected_version)
        return UserActivationPayload(user=User.of(row))

    @strawberry.mutation(
        extensions=[Refusals(UserActivationPayload)],
        description="Let a person in again who was deactivated. Needs users:manage.",
    )
    async def reactivate_user(self, info: Info, input: UserActivationInput) -> UserActivationPayload | None:
        user_id, attempt = parse_id(input.user_id, field="userId"), input.attempt("reactivateUser")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await service.reactivate_user(
                session, attempt, user_id, info.context.desk.tenants, expected_version=input.expected_version
            )
        return UserActivationPayload(user=User.of(row))
