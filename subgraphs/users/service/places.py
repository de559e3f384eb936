"""What may be done at an org unit: by what is held in the whole tenant, at the unit, or at a unit above it."""

from collections.abc import Iterable
from uuid import UUID

from shared.caller import TenantId
from shared.database import TenantSession
from shared.permissions.feed import rights_of
from shared.permissions.places import Place, PlaceKind, Resource
from subgraphs.users.store.org_units import OrgUnitStore


def at_unit(tenant_id: TenantId, unit_id: UUID, above: Iterable[UUID]) -> Resource:
    """A unit as a place, with those above it."""
    within = tuple(Place(PlaceKind.ORG, each) for each in above)
    return Resource(tenant_id, Place(PlaceKind.ORG, unit_id), within)


async def require_at(session: TenantSession, permission: str, *unit_ids: UUID | None) -> None:
    """Refuse whoever does not hold a permission at each of these units; None is the whole tenant.

    Raises:
        Forbidden: that is so; a unit that there is not is none where anything is held.
    """
    tenant_id, rights = session.caller.tenant_id, await rights_of(session)
    above = await OrgUnitStore(session).ancestors([each for each in unit_ids if each is not None])
    for unit_id in unit_ids:
        if unit_id is None:
            rights.require(permission, Resource.tenant(tenant_id))
        else:
            rights.require(permission, at_unit(tenant_id, unit_id, [each.id for each in above.get(unit_id, ())]))
