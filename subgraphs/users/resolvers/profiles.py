"""The root fields about profiles: unpack, call, wrap."""

from collections.abc import Mapping
from typing import Final

import strawberry

from shared import checks
from shared.database import unit_of_work
from shared.errors import BadUserInput, parse_id
from shared.graphql.user_errors import Refusals
from subgraphs.users.context import Info
from subgraphs.users.service import custom_fields, people
from subgraphs.users.store.custom_fields import CustomFieldStore
from subgraphs.users.types.people import User, UserPayload
from subgraphs.users.types.profiles import (
    CustomFieldDefinition,
    CustomFieldInput,
    DefineCustomFieldInput,
    DefineCustomFieldPayload,
    SetExternalIdInput,
    SetPreferencesInput,
    UpdateProfileInput,
)

_WEEKDAYS: Final = range(1, 8)


@strawberry.type
class ProfileQuery:
    @strawberry.field(description="The fields that the tenant has defined for its people, in the order of their keys.")
    async def custom_field_definitions(self, info: Info) -> list[CustomFieldDefinition] | None:
        info.context.caller.require_user()
        async with info.context.sessions.read(info.context.caller) as session:
            rows = await CustomFieldStore(session).all()
        return [CustomFieldDefinition.of(row) for row in rows]


@strawberry.type
class ProfileMutation:
    @strawberry.mutation(
        extensions=[Refusals(UserPayload)],
        description="Change one's own profile or, with users:manage, somebody else's.",
    )
    async def update_profile(self, info: Info, input: UpdateProfileInput) -> UserPayload | None:
        caller = info.context.caller
        user_id = caller.require_user() if input.user_id is None else parse_id(input.user_id, field="userId")
        changes = _changes(input)
        async with unit_of_work(info.context.sessions, caller) as session:
            row = await people.update_profile(
                session,
                input.attempt("updateProfile"),
                info.context.keys,
                user_id,
                changes,
                expected_version=input.expected_version,
            )
        return UserPayload(user=User.of(row))

    @strawberry.mutation(
        extensions=[Refusals(UserPayload)], description="Say how clients shall show things to the caller."
    )
    async def set_preferences(self, info: Info, input: SetPreferencesInput) -> UserPayload | None:
        if input.week_starts_on is not None and input.week_starts_on not in _WEEKDAYS:
            raise BadUserInput("`weekStartsOn` must be 1 to 7", field="weekStartsOn")
        names = ("theme", "reduced_motion", "captions", "week_starts_on")
        asked = {name: getattr(input, name) for name in names if getattr(input, name) is not None}
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await people.set_preferences(session, input.attempt("setPreferences"), asked)
        return UserPayload(user=User.of(row))

    @strawberry.mutation(
        extensions=[Refusals(UserPayload)], description="Note what another system calls a person. Needs users:manage."
    )
    async def set_external_id(self, info: Info, input: SetExternalIdInput) -> UserPayload | None:
        external_id = None if input.external_id is None else checks.text(input.external_id, field="externalId")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await people.set_external_id(
                session,
                input.attempt("setExternalId"),
                parse_id(input.user_id, field="userId"),
                source=checks.slug(input.source, field="source"),
                external_id=external_id,
            )
        return UserPayload(user=User.of(row))

    @strawberry.mutation(
        extensions=[Refusals(DefineCustomFieldPayload)],
        description="Define a field for the tenant's people, or change one. Needs users:manage.",
    )
    async def define_custom_field(self, info: Info, input: DefineCustomFieldInput) -> DefineCustomFieldPayload | None:
        choices = [checks.text(one, field=f"choices.{position}") for position, one in enumerate(input.choices)]
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await custom_fields.define(
                session,
                input.attempt("defineCustomField"),
                key=checks.slug(input.key, field="key"),
                label=checks.text(input.label, field="label"),
                kind=input.kind,
                choices=choices,
                editable_by_self=input.editable_by_self,
            )
        return DefineCustomFieldPayload(definition=CustomFieldDefinition.of(row))


def _changes(input: UpdateProfileInput) -> people.ProfileChanges:
    return people.ProfileChanges(
        display_name=None if input.display_name is None else checks.text(input.display_name, field="displayName"),
        handle=None if input.handle is None else people.handle(input.handle),
        locale=None if input.locale is None else people.locale(input.locale),
        time_zone=None if input.time_zone is None else people.time_zone(input.time_zone),
        custom_fields=_values(input.custom_fields),
    )


def _values(fields: list[CustomFieldInput]) -> Mapping[str, str | None]:
    values = {one.key: one.value for one in fields}
    if len(values) != len(fields):
        raise BadUserInput("`customFields` must name each field once", field="customFields")
    return values
