"""Where a permission is held, and where it is asked for."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import strawberry

from shared.caller import TenantId


@strawberry.enum(description="What kind of place a role is assigned at; it counts in all places below, too.")
class PlaceKind(StrEnum):
    TENANT = "TENANT"
    ORG = "ORG"
    COURSE = "COURSE"
    SECTION = "SECTION"


@dataclass(frozen=True, slots=True)
class Place:
    """A tenant, or an org unit, course or section in one."""

    kind: PlaceKind
    id: UUID


@dataclass(frozen=True, slots=True)
class Resource:
    """What is asked about: a place of a tenant.

    Attributes:
        tenant_id: whose it is.
        place: the place itself.
        within: every place that it lies in, near or far, beside the tenant.
    """

    tenant_id: TenantId
    place: Place
    within: tuple[Place, ...] = ()

    @classmethod
    def tenant(cls, tenant_id: TenantId) -> "Resource":
        """The whole tenant."""
        return cls(tenant_id, Place(PlaceKind.TENANT, tenant_id))

    @classmethod
    def course(cls, tenant_id: TenantId, course_id: UUID, *, within: tuple[Place, ...] = ()) -> "Resource":
        """A course, which may lie in org units."""
        return cls(tenant_id, Place(PlaceKind.COURSE, course_id), within)

    @property
    def around(self) -> tuple[Place, ...]:
        """The places where a permission must be held, any of them: itself, and all that it lies in."""
        return (self.place, *self.within, Place(PlaceKind.TENANT, self.tenant_id))
