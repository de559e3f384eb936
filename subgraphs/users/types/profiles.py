"""The GraphQL types of profiles: what a person, or a tenant about them, has written down."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry

from shared.graphql.inputs import MutationInput, UpdateInput
from shared.graphql.user_errors import Payload
from subgraphs.users.models import CustomFieldDefinition as DefinitionRow
from subgraphs.users.models import CustomFieldKind
from subgraphs.users.models import ExternalId as ExternalIdRow
from subgraphs.users.service import custom_fields

strawberry.enum(
    CustomFieldKind,
    description="What values of a field are: any text, a decimal number, true or false, a date (2026-01-31), or one "
    "of the field's choices.",
)


@strawberry.enum(description="Which colours a client shows.")
class Theme(StrEnum):
    SYSTEM = "SYSTEM"
    LIGHT = "LIGHT"
    DARK = "DARK"


@strawberry.type(description="How a person wants clients to show things.")
class DisplayPreferences:
    theme: Theme = strawberry.field(default=Theme.SYSTEM, description="Light or dark; the device's own at first.")
    reduced_motion: bool = strawberry.field(default=False, description="Nothing shall move by itself.")
    captions: bool = strawberry.field(default=False, description="Videos start with captions.")
    week_starts_on: int = strawberry.field(default=1, description="ISO weekday: 1 is Monday, 7 is Sunday.")

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "DisplayPreferences":
        """Those that were set, and the rest as they are at first."""
        shown = cls(**kept)
        shown.theme = Theme(shown.theme)
        return shown


@strawberry.type(description="What another system calls a person.")
class ExternalId:
    source: str = strawberry.field(description="The system, as the tenant names it: sis.")
    external_id: str = strawberry.field(description="What it calls the person.")

    @classmethod
    def of(cls, row: ExternalIdRow) -> "ExternalId":
        return cls(source=row.source, external_id=row.external_id)


@strawberry.type(description="A field that the tenant has defined for its people.")
class CustomFieldDefinition:
    id: strawberry.ID = strawberry.field(description="Identifies the definition.")
    key: str = strawberry.field(description="Its name for programs; it stays.")
    label: str = strawberry.field(description="Its name for people.")
    kind: CustomFieldKind = strawberry.field(description="What its values are; it stays.")
    choices: list[str] = strawberry.field(description="What a value may be if the kind is CHOICE, else empty.")
    editable_by_self: bool = strawberry.field(description="People may change their own value.")
    created_at: datetime = strawberry.field(description="When it was defined.")
    version: int = strawberry.field(description="Grows with each change.")

    @classmethod
    def of(cls, row: DefinitionRow) -> "CustomFieldDefinition":
        return cls(
            id=strawberry.ID(str(row.id)),
            key=row.key,
            label=row.label,
            kind=CustomFieldKind(row.kind),
            choices=row.choices,
            editable_by_self=row.editable_by_self,
            created_at=row.created_at,
            version=row.version,
        )


@strawberry.type(description="A person's value in a field of the tenant's.")
class CustomField:
    definition: CustomFieldDefinition = strawberry.field(description="The field.")
    value: str = strawberry.field(description="As text, in the form its kind has: 12.5, true, 2026-01-31.")

    @classmethod
    def of(cls, row: DefinitionRow, value: custom_fields.CustomValue) -> "CustomField":
        return cls(definition=CustomFieldDefinition.of(row), value=custom_fields.shown(value))


@strawberry.input(description="A field to define, or to change by its key.")
class DefineCustomFieldInput(MutationInput):
    key: str = strawberry.field(description="Small letters, digits and single hyphens; it stays.")
    label: str = strawberry.field(description="1 to 200 characters.")
    kind: CustomFieldKind = strawberry.field(description="It stays.")
    choices: list[str] = strawberry.field(
        default_factory=list,
        description="1 to 200 different texts if the kind is CHOICE, else none. A value that is no longer among them "
        "stays until it is changed.",
    )
    editable_by_self: bool = strawberry.field(default=False, description="People may change their own value.")


@strawberry.type(description="What came of `defineCustomField`.")
class DefineCustomFieldPayload(Payload):
    definition: CustomFieldDefinition | None = strawberry.field(
        default=None, description="The field; null if it was refused."
    )


@strawberry.input(description="A value to put into a field of the tenant's.")
class CustomFieldInput:
    key: str = strawberry.field(description="The field's.")
    value: str | None = strawberry.field(default=None, description="In the form its kind has; null takes it away.")


@strawberry.input(description="What to change of a profile; what is null stays as it is.")
class UpdateProfileInput(UpdateInput):
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose it is: the caller's own if null, somebody else's needs users:manage."
    )
    display_name: str | None = strawberry.field(default=None, description="1 to 200 characters.")
    handle: str | None = strawberry.field(
        default=None, description="2 to 32 letters, digits, dots, hyphens or underscores; unique in the tenant."
    )
    locale: str | None = strawberry.field(default=None, description="BCP 47 language tag: pt-BR.")
    time_zone: str | None = strawberry.field(default=None, description="Of the IANA database: Europe/Lisbon.")
    custom_fields: list[CustomFieldInput] = strawberry.field(
        default_factory=list, description="Values of the tenant's fields; those that are not named stay."
    )


@strawberry.input(description="What to change of the caller's preferences; what is null stays as it is.")
class SetPreferencesInput(MutationInput):
    theme: Theme | None = strawberry.field(default=None, description="Light or dark.")
    reduced_motion: bool | None = strawberry.field(default=None, description="Nothing shall move by itself.")
    captions: bool | None = strawberry.field(default=None, description="Videos start with captions.")
    week_starts_on: int | None = strawberry.field(default=None, description="ISO weekday: 1 (Monday) to 7 (Sunday).")


@strawberry.input(description="What another system calls a person.")
class SetExternalIdInput(MutationInput):
    user_id: strawberry.ID = strawberry.field(description="The person's.")
    source: str = strawberry.field(description="The system: small letters, digits and single hyphens.")
    external_id: str | None = strawberry.field(
        default=None, description="1 to 200 characters; null: the system does not know the person any more."
    )
