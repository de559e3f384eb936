"""The root fields of roles and their assignments: unpack, call, wrap."""

from typing import Annotated

import strawberry

from shared.database import unit_of_work
from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.service import role_assignments, roles
from subgraphs.auth.service.role_assignments import IN_ORDER
from subgraphs.auth.service.roles import BY_NAME
from subgraphs.auth.store.roles import Chosen
from subgraphs.auth.types.places import PlaceInput, place_of
from subgraphs.auth.types.roles import (
    AssignRoleInput,
    AssignRolePayload,
    CreateRoleInput,
    CreateRolePayload,
    DeleteRoleInput,
    DeleteRolePayload,
    RevokeRoleInput,
    RevokeRolePayload,
    RoleAssignment,
    TenantRole,
    UpdateRoleInput,
    UpdateRolePayload,
)

OfUser = Annotated[strawberry.ID | None, strawberry.argument(description="Only this person's.")]
OfRole = Annotated[strawberry.ID | None, strawberry.argument(description="Only those of this role.")]
AtPlace = Annotated[PlaceInput | None, strawberry.argument(description="Only those at this very place.")]


@strawberry.type
class RoleQuery:
    @strawberry.field(
        description="The tenant's roles: those that every tenant has first, the others by name. For whoever manages "
        "roles somewhere."
    )
    async def roles(self, info: Info, first: First = 20, after: After = None) -> Connection[TenantRole] | None:
        page = BY_NAME.page(first, after)
        async with info.context.desk.sessions.read(info.context.caller) as session:
            found = await roles.list_roles(session, page)
        return connect(found, page, node=TenantRole.of, cursor=lambda role: BY_NAME.cursor(role.key))

    @strawberry.field(
        description="Who has which role where, in the order in which they were assigned, those that have ended "
        "included and those that were revoked not. One's own, or for whoever manages roles there."
    )
    async def role_assignments(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        user_id: OfUser = None,
        role_id: OfRole = None,
        at: AtPlace = None,
    ) -> Connection[RoleAssignment] | None:
        caller, page = info.context.caller, IN_ORDER.page(first, after)
        chosen = Chosen(
            user_id=None if user_id is None else parse_id(user_id, field="userId"),
            place=None if at is None else place_of(at, caller.tenant_id),
            role_id=None if role_id is None else parse_id(role_id, field="roleId"),
        )
        async with info.context.desk.sessions.read(caller) as session:
            found = await role_assignments.list_assignments(session, chosen, page)
        return connect(
            found,
            page,
            node=lambda assigned: RoleAssignment.of(caller.tenant_id, assigned),
            cursor=lambda assigned: IN_ORDER.cursor((assigned.row.id,)),
        )


@strawberry.type
class RoleMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(CreateRolePayload)],
        description="Make a role. Nobody puts in what they do not hold in the whole tenant.",
    )
    async def create_role(self, info: Info, input: CreateRoleInput) -> CreateRolePayload | None:
        new = input.asked()
        async with unit_of_work(info.context.desk.sessions, info.context.caller) as session:
            role = await roles.create_role(session, new, input.attempt("createRole"))
        return CreateRolePayload(role=TenantRole.of(role))

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(UpdateRolePayload)],
        description="Change a role for everybody who has it: one of the tenant's making, or what instructors or "
        "learners may do. What it gives in the whole tenant, access tokens say until they end.",
    )
    async def update_role(self, info: Info, input: UpdateRoleInput) -> UpdateRolePayload | None:
        role_id, new = parse_id(input.id), input.asked()
        async with unit_of_work(info.context.desk.sessions, info.context.caller) as session:
            role = await roles.update_role(
                session, role_id, new, input.attempt("updateRole"), expected_version=input.expected_version
            )
        return UpdateRolePayload(role=TenantRole.of(role))

    @strawberry.mutation(
        extensions=[Refusals(DeleteRolePayload)],
        description="Delete a role that nobody has any more, and that is not one every tenant has.",
    )
    async def delete_role(self, info: Info, input: DeleteRoleInput) -> DeleteRolePayload | None:
        role_id = parse_id(input.id)
        async with unit_of_work(info.context.desk.sessions, info.context.caller) as session:
            deleted = await roles.delete_role(session, role_id, input.attempt("deleteRole"))
        return DeleteRolePayload(role_id=strawberry.ID(str(deleted)))

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(AssignRolePayload)],
        description="Give somebody a role at a place, or a service account one in the whole tenant. Nobody "
        "gives what they do not hold there. Who has it there "
        "already has it until the new end.",
    )
    async def assign_role(self, info: Info, input: AssignRoleInput) -> AssignRolePayload | None:
        caller, new = info.context.caller, input.asked(info)
        async with unit_of_work(info.context.desk.sessions, caller) as session:
            assigned = await role_assignments.assign_role(session, new, input.attempt("assignRole"))
        return AssignRolePayload(assignment=RoleAssignment.of(caller.tenant_id, assigned))

    @strawberry.mutation(
        extensions=[Refusals(RevokeRolePayload)],
        description="Take a role away from somebody. Nobody takes away what they do not hold there. Whoever had it in "
        "the whole tenant signs in again.",
    )
    async def revoke_role(self, info: Info, input: RevokeRoleInput) -> RevokeRolePayload | None:
        caller, assignment_id = info.context.caller, parse_id(input.id)
        async with unit_of_work(info.context.desk.sessions, caller) as session:
            assigned = await role_assignments.revoke_role(session, assignment_id, input.attempt("revokeRole"))
        return RevokeRolePayload(assignment=RoleAssignment.of(caller.tenant_id, assigned))
