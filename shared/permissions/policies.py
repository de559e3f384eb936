"""The Cedar policies: read and checked once, and asked for each decision of another shape.

The policies speak of kinds of places and of how these lie to each other, and name no single one (that is checked). So a
decision depends on the shape of its question alone, of which there are few; what was decided once about a shape is
remembered.

Source: https://docs.cedarpolicy.com/policies/syntax-policy.html
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

import cedarpy
import orjson

from shared.caller import TenantId
from shared.permissions.catalogue import PERMISSIONS
from shared.permissions.places import Place, PlaceKind, Resource

FOLDER: Final = Path(__file__).with_name("policies")
_SCHEMA: Final = "schema.cedarschema"
_TYPES: Final = {
    PlaceKind.TENANT: "Tenant",
    PlaceKind.ORG: "OrgUnit",
    PlaceKind.COURSE: "Course",
    PlaceKind.SECTION: "Section",
}
_SETS: Final = {
    PlaceKind.TENANT: "tenants",
    PlaceKind.ORG: "orgUnits",
    PlaceKind.COURSE: "courses",
    PlaceKind.SECTION: "sections",
}
_SHAPES_KEPT: Final = 4096
_ACTION: Final = "Action"

_Json: TypeAlias = dict[str, Any]
_Numbered: TypeAlias = tuple[tuple[PlaceKind, int], ...]
_Shape: TypeAlias = tuple[str, _Numbered, _Numbered, _Numbered, _Numbered, bool]
"""What is asked for; then what the resource lies in, the tenant of who asks, and where it is held and forbidden."""


class PoliciesInvalid(Exception):
    """The policies cannot be used; the message has every error, a line each."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever asks for one permission, a person or a program; see the schema for what the places are."""

    tenant_id: TenantId
    subject: UUID
    held: tuple[Place, ...]
    forbidden: tuple[Place, ...]
    impersonated: bool = False


class Policies:
    """A set of policies that fits the schema."""

    def __init__(self, schema: str, policies: str) -> None:
        """Read policies and check them.

        Args:
            schema: in Cedar's own syntax.
            policies: likewise.

        Raises:
            PoliciesInvalid: one of them is malformed or does not fit the schema, or names a single place or person; or
                a permission is no action of the schema.
        """
        try:
            known = cedarpy.Schema.from_str(schema)
            self._policies = cedarpy.PolicySet.from_str(policies)
        except ValueError as error:
            raise PoliciesInvalid(str(error)) from error
        probes = "\n".join(f'permit (principal, action == Action::"{name}", resource);' for name in PERMISSIONS)
        result = cedarpy.validate_policies(f"{policies}\n{probes}", known)  # pyright: ignore[reportUnknownMemberType] - untyped dicts
        if not result.validation_passed:
            raise PoliciesInvalid("\n".join(map(str, result.errors)))
        if named := sorted(_named(orjson.loads(cedarpy.policies_to_json_str(policies)))):
            raise PoliciesInvalid(f"policies are about all alike, and name {', '.join(named)}")
        self._decided: OrderedDict[_Shape, bool] = OrderedDict()

    @classmethod
    def read(cls, folder: Path = FOLDER) -> "Policies":
        """Those of a folder: ``schema.cedarschema`` and every ``*.cedar``.

        Raises:
            PoliciesInvalid: see above.
        """
        texts = [path.read_text() for path in sorted(folder.glob("*.cedar"))]
        return cls((folder / _SCHEMA).read_text(), "\n".join(texts))

    def allow(self, person: Person, permission: str, resource: Resource) -> bool:
        """Decide. What cannot be evaluated is denied."""
        shape = _shape(person, permission, resource)
        decided = self._decided.get(shape)
        if decided is None:
            decided = self._decided[shape] = self._decide(person, permission, resource)
            if len(self._decided) > _SHAPES_KEPT:
                self._decided.popitem(last=False)
        else:
            self._decided.move_to_end(shape)
        return decided

    def _decide(self, person: Person, permission: str, resource: Resource) -> bool:
        request: _Json = {
            "principal": {"type": "Person", "id": str(person.subject)},
            "action": {"type": _ACTION, "id": permission},
            "resource": _uid(resource.place),
        }
        entities = cedarpy.Entities.from_json_str(_entities(person, resource))  # pyright: ignore[reportUnknownMemberType] - the same
        result = cedarpy.is_authorized(request, self._policies, entities)  # pyright: ignore[reportUnknownMemberType] - the same
        return result.allowed and not result.diagnostics.errors


@cache
def policies() -> Policies:
    """The platform's own, read when they are asked for first.

    Raises:
        PoliciesInvalid: they cannot be used.
    """
    return Policies.read()


def _shape(person: Person, permission: str, resource: Resource) -> _Shape:
    """A question with places numbered as they come: two questions of one shape differ in identifiers alone."""
    numbers: dict[Place, int] = {}

    def numbered(places: Iterable[Place]) -> _Numbered:
        return tuple([(place.kind, numbers.setdefault(place, len(numbers))) for place in places])

    around, tenant = numbered(resource.around), Place(PlaceKind.TENANT, person.tenant_id)
    return (
        permission,
        around,
        numbered((tenant,)),
        numbered(person.held),
        numbered(person.forbidden),
        person.impersonated,
    )


def _named(policy: object) -> Iterator[str]:
    """The entities, beside actions, that policies name in their JSON form."""
    match policy:
        case {"type": str(type_), "id": str(id_)} if type_ != _ACTION:
            yield f'{type_}::"{id_}"'
        case dict():
            for value in cast("_Json", policy).values():
                yield from _named(value)
        case list():
            for value in cast("list[object]", policy):
                yield from _named(value)
        case _:
            pass


def _entities(person: Person, resource: Resource) -> str:
    attributes = {
        "tenant": {"__entity": {"type": "Tenant", "id": str(person.tenant_id)}},
        "impersonated": person.impersonated,
        "held": _places(person.held),
        "forbidden": _places(person.forbidden),
    }
    parents = [_uid(place) for place in resource.around if place != resource.place]
    uid = {"type": "Person", "id": str(person.subject)}
    return orjson.dumps(
        [
            {"uid": uid, "attrs": attributes, "parents": []},
            {"uid": _uid(resource.place), "attrs": {}, "parents": parents},
        ]
    ).decode()


def _places(places: tuple[Place, ...]) -> _Json:
    sets: dict[str, list[_Json]] = {name: [] for name in _SETS.values()}
    for place in places:
        sets[_SETS[place.kind]].append({"__entity": _uid(place)})
    return sets


def _uid(place: Place) -> dict[str, str]:
    return {"type": _TYPES[place.kind], "id": str(place.id)}
