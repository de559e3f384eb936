"""The resources that provisioning clients see, and what the service tells of itself. Source: RFC 7643 and RFC 7644.

What is offered is what the platform keeps: other attributes of the core schema are accepted and dropped, as clients
send whatever their directory has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Filter,
    Meta,
    Mutability,
    Pagination,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    Schema,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

from subgraphs.users.models import UserStatus
from subgraphs.users.store.scim import GroupRow, PersonRow

PROVISIONER: Final = "users:provision"
"""The permission that a client needs."""
MOST_LISTED: Final = 200
USUALLY_LISTED: Final = 100
MOST_MEMBERS: Final = 5_000
"""Of the groups in one answer together, or of one that is changed."""
POLICY: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""Directories in use depart so far from the specification."""

_MADE: Final[dict[tuple[Any, type[Resource[Any]]], Any]] = {}
"""Of which there are as many as kinds of messages and resources."""


class Name(ComplexAttribute):
    """The parts of a person's name."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """An e-mail address of a person's."""

    value: Annotated[str | None, Required.true] = None
    type: str | None = Field(None, examples=["work", "home", "other"])
    primary: bool | None = None


class Membership(ComplexAttribute):
    """A group that a person is in."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None


class User(Resource[Any]):
    """A person. The primary address is where the platform's mail goes."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    title: str | None = None
    user_type: str | None = None
    active: bool | None = None
    emails: Annotated[list[Email] | None, Required.true] = None
    groups: Annotated[list[Membership] | None, Mutability.read_only] = None


class Member(ComplexAttribute):
    """A person who is in a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true, Required.true] = None
    ref: Annotated[Reference[User] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )


class Group(Resource[Any]):
    """People across the tenant, put together for some purpose."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    members: list[Member] | None = None


PROVIDER: Final = ScimProvider(
    models=[User, Group],
    config=ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST_LISTED),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        pagination=Pagination(
            index=True,
            cursor=True,
            default_pagination_method=Pagination.DefaultPaginationMethod.index,
            default_page_size=USUALLY_LISTED,
            max_page_size=MOST_LISTED,
        ),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="OAuth Bearer Token",
                description=f"An API token, or an OAuth access token by client credentials, with {PROVISIONER}.",
                spec_uri=Reference("https://www.rfc-editor.org/info/rfc6750"),
                primary=True,
            )
        ],
    ),
    policy=POLICY,
)


def message_of(message: Any, model: type[Resource[Any]]) -> Any:
    """A message about one kind of resource. Pydantic takes long to make such a class, and forgets those not in use."""
    made = _MADE.get((message, model))
    if made is None:
        made = _MADE[message, model] = message.__class_getitem__(model)
    return made


@dataclass(frozen=True, slots=True)
class Base:
    """Where a tenant's resources are."""

    url: str

    def of_user(self, user_id: UUID | str) -> str:
        return f"{self.url}/Users/{user_id}"

    def of_group(self, group_id: UUID | str) -> str:
        return f"{self.url}/Groups/{group_id}"


def version_of(number: int) -> str:
    """The entity tag of a version; weak, as what is linked from a resource may change without it."""
    return f'W/"{number}"'


def shown_user(base: Base, row: PersonRow, groups: Sequence[Any] = ()) -> User:
    """A person as clients see them: what their directory said, and what the platform knows better."""
    user, kept = row
    said: dict[str, Any] = {"displayName": user.display_name, "active": True, "emails": []}
    if kept is not None:
        said = dict(kept.attributes)
    if "displayName" in said:
        said["displayName"] = user.display_name
    if "active" in said:
        said["active"] = user.status != UserStatus.DEACTIVATED
    return User.model_validate(
        said
        | {
            "id": str(user.id),
            "externalId": None if kept is None else kept.external_id,
            "userName": user.email if kept is None else kept.user_name,
            "emails": _emails(said.get("emails") or [], user.email),
            "groups": [
                {"value": str(group.id), "$ref": base.of_group(group.id), "display": group.name} for group in groups
            ],
            "meta": {
                "resourceType": "User",
                "created": user.created_at,
                "location": base.of_user(user.id),
                "version": version_of(user.version),
            },
        }
    )


def shown_group(base: Base, row: GroupRow, members: Sequence[UUID]) -> Group:
    """A group as clients see it."""
    group, kept = row
    return Group.model_validate(
        {
            "id": str(group.id),
            "externalId": None if kept is None else kept.external_id,
            "displayName": group.name,
            "members": [{"value": str(user_id), "$ref": base.of_user(user_id)} for user_id in members],
            "meta": {
                "resourceType": "Group",
                "created": group.created_at,
                "location": base.of_group(group.id),
                "version": version_of(group.version),
            },
        }
    )


def primary_of(emails: Sequence[Email]) -> Email | None:
    """The address that is a person's own here: the primary one, or else the first."""
    return next((one for one in emails if one.primary), emails[0] if emails else None)


def _emails(said: list[dict[str, Any]], own: str) -> list[dict[str, Any]]:
    """What was said, unless the person's own address has become another one since."""
    first = primary_of([Email.model_validate(one) for one in said])
    if first is None or first.value is None:
        return [{"value": own, "primary": True}]
    if first.value.strip().lower() == own:
        return said
    return [{**one, "value": own} if one.get("value") == first.value else one for one in said]


def resource_types(base: Base) -> list[ResourceType]:
    """Both of them."""
    return [
        each.model_copy(update={"meta": _meta("ResourceType", f"{base.url}/ResourceTypes/{each.id}")})
        for each in PROVIDER.resource_types
    ]


def schemas(base: Base) -> list[Schema]:
    """What each of the resources consists of."""
    return [
        each.model_copy(update={"meta": _meta("Schema", f"{base.url}/Schemas/{each.id}")}) for each in PROVIDER.schemas
    ]


def configuration(base: Base) -> ServiceProviderConfig:
    """What the service can do."""
    assert PROVIDER.config is not None  # noqa: S101 - it is given above
    location = f"{base.url}/ServiceProviderConfig"
    return PROVIDER.config.model_copy(update={"meta": _meta("ServiceProviderConfig", location)})


def _meta(kind: str, location: str) -> Meta:
    return Meta(resource_type=kind, location=location)
