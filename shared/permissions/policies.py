"""The Cedar policies: read and checked once, and asked for each decision.

Source: https://docs.cedarpolicy.com/policies/syntax-policy.html
"""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias
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
_PERSONS_KEPT: Final = 4096

_Json: TypeAlias = dict[str, Any]


class PoliciesInvalid(Exception):
    """The policies cannot be used; the message has every error, a line each."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever asks for one permission, a person or a program; see the schema for what the places are.

    It is the key under which its entity is kept, so it holds nothing that changes from question to question without
    need.
    """

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
            PoliciesInvalid: one of them is malformed or does not fit the schema, or a permission is no action of it.
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
        self._persons: OrderedDict[Person, cedarpy.Entities] = OrderedDict()

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
        request: _Json = {
            "principal": {"type": "Person", "id": str(person.subject)},
            "action": {"type": "Action", "id": permission},
            "resource": _uid(resource.place),
        }
        entities = self._entities(person, resource)
        result = cedarpy.is_authorized(request, self._policies, entities)  # pyright: ignore[reportUnknownMemberType] - the same
        return result.allowed and not result.diagnostics.errors

    def _entities(self, person: Person, resource: Resource) -> cedarpy.Entities:
        known = self._persons.get(person)
        if known is None:
            known = cedarpy.Entities.from_json_str(_person(person))  # pyright: ignore[reportUnknownMemberType] - the same
            self._persons[person] = known
            if len(self._persons) > _PERSONS_KEPT:
                self._persons.popitem(last=False)
        else:
            self._persons.move_to_end(person)
        return known.with_added_json_str(_resource(resource))  # pyright: ignore[reportUnknownMemberType] - the same


@cache
def policies() -> Policies:
    """The platform's own, read when they are asked for first.

    Raises:
        PoliciesInvalid: they cannot be used.
    """
    return Policies.read()


def _person(person: Person) -> str:
    attributes = {
        "tenant": {"__entity": {"type": "Tenant", "id": str(person.tenant_id)}},
        "impersonated": person.impersonated,
        "held": _places(person.held),
        "forbidden": _places(person.forbidden),
    }
    uid = {"type": "Person", "id": str(person.subject)}
    return orjson.dumps([{"uid": uid, "attrs": attributes, "parents": []}]).decode()


def _resource(resource: Resource) -> str:
    parents = [_uid(place) for place in resource.around if place != resource.place]
    return orjson.dumps([{"uid": _uid(resource.place), "attrs": {}, "parents": parents}]).decode()


def _places(places: tuple[Place, ...]) -> _Json:
    sets: dict[str, list[_Json]] = {name: [] for name in _SETS.values()}
    for place in places:
        sets[_SETS[place.kind]].append({"__entity": _uid(place)})
    return sets


def _uid(place: Place) -> dict[str, str]:
    return {"type": _TYPES[place.kind], "id": str(place.id)}
