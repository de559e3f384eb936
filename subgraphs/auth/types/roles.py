"""The GraphQL types of roles and their assignments."""

from datetime import datetime
from typing import Final

import strawberry

from shared import checks
from shared.caller import TenantId
from shared.errors import BadUserInput, parse_id
from shared.graphql.inputs import MutationInput, UpdateInput
from shared.graphql.user_errors import Payload
from shared.permissions.places import PlaceKind
from subgraphs.auth.context import Info
from subgraphs.auth.service.role_assignments import NewAssignment, role_of
from subgraphs.auth.service.roles import KnownRole, RoleContent
from subgraphs.auth.store.roles import Assigned
from subgraphs.auth.types.people import User
from subgraphs.auth.types.places import PlaceInput, place_of

_MOST_PERMISSIONS: Final = 100


@strawberry.type(description="A set of permissions with a name: of the tenant's making, or one that every tenant has.")
class TenantRole:
    id: strawberry.ID = strawberry.field(description="It never changes.")
    name: str = strawberry.field(description="No two of a tenant have the same.")
    description: str = strawberry.field(description="What it is for; empty if nobody has said.")
    permissions: list[str] = strawberry.field(description="What it gives, sorted.")
    forbids: list[str] = strawberry.field(description="What it takes away, whatever other roles give; sorted.")
    built_in: bool = strawberry.field(
        description="Every tenant has it; it may adjust what instructors and learners are given, and nothing of owners."
    )
    version: int = strawberry.field(description="Grows with each change.")

    @classmethod
    def of(cls, role: KnownRole) -> "TenantRole":
        return cls(
            id=strawberry.ID(str(role.id)),
            name=role.name,
            description=role.description,
            permissions=sorted(role.permissions),
            forbids=sorted(role.forbids),
            built_in=role.built_in,
            version=role.version,
        )


@strawberry.type(description="A person has a role at a place, and in every place below.")
class RoleAssignment:
    id: strawberry.ID = strawberry.field(description="For `revokeRole`.")
    holder_id: strawberry.ID = strawberry.field(description="Who has it: a person's id, or a service account's.")
    user: User | None = strawberry.field(description="The person who has the role; null for a service account.")
    role: TenantRole = strawberry.field(description="Which role.")
    place_kind: PlaceKind = strawberry.field(description="What kind of place it is.")
    place_id: strawberry.ID = strawberry.field(description="Which place of that kind.")
    valid_to: datetime | None = strawberry.field(description="From then on it counts no more; null counts for good.")
    created_at: datetime = strawberry.field(description="When it was made first.")
    revoked_at: datetime | None = strawberry.field(
        description="Since when it counts no more; null if it is not revoked."
    )

    @classmethod
    def of(cls, tenant_id: TenantId, assigned: Assigned) -> "RoleAssignment":
        row = assigned.row
        return cls(
            id=strawberry.ID(str(row.id)),
            holder_id=strawberry.ID(str(row.user_id)),
            user=User.of(row.user_id),
            role=TenantRole.of(role_of(tenant_id, assigned)),
            place_kind=PlaceKind(row.place_kind),
            place_id=strawberry.ID(str(row.place_id)),
            valid_to=row.valid_to,
            created_at=row.created_at,
            revoked_at=row.revoked_at,
        )


@strawberry.input(description="A role to make.")
class CreateRoleInput(MutationInput):
    name: str = strawberry.field(description="1 to 200 characters, which no other role has.")
    description: str | None = strawberry.field(default=None, description="What it is for: up to 1000 characters.")
    permissions: list[str] = strawberry.field(description="What it gives.")
    forbids: list[str] | None = strawberry.field(
        default=None, description="What it takes away, whatever other roles give."
    )

    def asked(self) -> RoleContent:
        """What is asked for.

        Raises:
            BadUserInput: it is malformed, or there is no such permission.
        """
        return _content(self.name, self.description, self.permissions, self.forbids)


@strawberry.input(description="A role to change; what is not given stays as it is.")
class UpdateRoleInput(UpdateInput):
    id: strawberry.ID = strawberry.field(description="Which role.")
    name: str | None = strawberry.field(default=None, description="1 to 200 characters, which no other role has.")
    description: str | None = strawberry.field(default=None, description="What it is for: up to 1000 characters.")
    permissions: list[str] | None = strawberry.field(default=None, description="All that it gives from now on.")
    forbids: list[str] | None = strawberry.field(default=None, description="All that it takes away from now on.")

    def asked(self) -> RoleContent:
        """What is asked for.

        Raises:
            BadUserInput: it is malformed, or there is no such permission.
        """
        return _content(self.name, self.description, self.permissions, self.forbids)


@strawberry.input(description="Which role to delete.")
class DeleteRoleInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The role's.")


@strawberry.input(description="Who is to have which role, where, and until when.")
class AssignRoleInput(MutationInput):
    user_id: strawberry.ID = strawberry.field(description="Who: somebody who can sign in, or a service account.")
    role_id: strawberry.ID = strawberry.field(description="Which role: one of `roles`.")
    at: PlaceInput | None = strawberry.field(default=None, description="Where; in the whole tenant if it is not given.")
    valid_to: datetime | None = strawberry.field(default=None, description="Until when; for good if it is not given.")

    def asked(self, info: Info) -> NewAssignment:
        """What is asked for.

        Raises:
            BadUserInput: it is malformed, or its end is past.
        """
        return NewAssignment(
            user_id=parse_id(self.user_id, field="userId"),
            role_id=parse_id(self.role_id, field="roleId"),
            place=place_of(self.at, info.context.caller.tenant_id),
            valid_to=self.valid_to,
        )


@strawberry.input(description="Which assignment to end.")
class RevokeRoleInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The assignment's.")


@strawberry.type(description="What came of `createRole`.")
class CreateRolePayload(Payload):
    role: TenantRole | None = strawberry.field(default=None, description="The new role; null if it was refused.")


@strawberry.type(description="What came of `updateRole`.")
class UpdateRolePayload(Payload):
    role: TenantRole | None = strawberry.field(default=None, description="As it is now; null if it was refused.")


@strawberry.type(description="What came of `deleteRole`.")
class DeleteRolePayload(Payload):
    role_id: strawberry.ID | None = strawberry.field(
        default=None, description="The role that is gone; null if it was refused."
    )


@strawberry.type(description="What came of `assignRole`.")
class AssignRolePayload(Payload):
    assignment: RoleAssignment | None = strawberry.field(
        default=None, description="The assignment, new or with another end; null if it was refused."
    )


@strawberry.type(description="What came of `revokeRole`.")
class RevokeRolePayload(Payload):
    assignment: RoleAssignment | None = strawberry.field(
        default=None, description="The assignment that has ended; null if it was refused."
    )


def _content(
    name: str | None, description: str | None, permissions: list[str] | None, forbids: list[str] | None
) -> RoleContent:
    return RoleContent(
        name=None if name is None else checks.text(name, field="name"),
        description=checks.text(description, field="description", longest=1000, lines=True)
        if description
        else description,
        permissions=_names(permissions, "permissions"),
        forbids=_names(forbids, "forbids"),
    )


def _names(given: list[str] | None, field: str) -> frozenset[str] | None:
    if given is not None and len(given) > _MOST_PERMISSIONS:
        raise BadUserInput(f"`{field}` must have at most {_MOST_PERMISSIONS} names", field=field)
    return None if given is None else frozenset(given)
