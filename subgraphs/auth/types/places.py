"""Places where permissions are held, as clients name them."""

from typing import Annotated, TypeAlias

import strawberry

from shared.caller import TenantId
from shared.errors import parse_id
from shared.permissions.places import Place, PlaceKind


@strawberry.input(description="A place where permissions are held.")
class PlaceInput:
    kind: PlaceKind = strawberry.field(description="What kind of place.")
    id: strawberry.ID = strawberry.field(description="Which one: an org unit, a course, a section, or the tenant.")


At: TypeAlias = Annotated[
    PlaceInput | None, strawberry.argument(description="At which place; at the whole tenant if it is not given.")
]


def place_of(given: PlaceInput | None, tenant_id: TenantId) -> Place:
    """The place that was asked for; the whole tenant if none was.

    Raises:
        BadUserInput: its id is malformed.
    """
    if given is None:
        return Place(PlaceKind.TENANT, tenant_id)
    return Place(given.kind, parse_id(given.id, field="at.id"))
