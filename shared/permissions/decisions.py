"""The one decision: whether a caller may do something, somewhere, now.

What a caller holds in the whole tenant are the scopes of their token; what they hold at other places, and what is
forbidden to them, are their grants. A token that was narrowed for a program gives what its scopes say and no more:
grants count for a person who calls themselves, and for whoever acts in their name; what they forbid counts always.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from shared.caller import Caller
from shared.errors import Forbidden
from shared.permissions.catalogue import PERMISSIONS
from shared.permissions.grants import Grant, counting
from shared.permissions.places import Place, PlaceKind, Resource
from shared.permissions.policies import Person, Policies, policies

_CALLERS_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class Rights:
    """What one caller may do, as of one moment.

    Attributes:
        caller: whose token was verified.
        grants: those of the person that counted at that moment.
        policies: that decide.
    """

    caller: Caller
    grants: tuple[Grant, ...]
    policies: Policies
    _known: dict[tuple[str, Resource], bool] = field(default_factory=dict[tuple[str, Resource], bool], repr=False)
    """What was decided already: a page of rows asks about one place again and again."""
    _by_place: dict[Place, list[Grant]] = field(default_factory=dict[Place, list[Grant]], repr=False)

    @classmethod
    def of(cls, caller: Caller, grants: Sequence[Grant], now: datetime) -> "Rights":
        """Those of a caller with `grants`, by the platform's policies."""
        return cls(caller, counting(grants, now), policies())

    def allow(self, permission: str, resource: Resource) -> bool:
        """Whether the caller may do this there; a service of the platform holds no permission."""
        key = permission, resource
        if key not in self._known:
            self._known[key] = self._decide(permission, resource)
        return self._known[key]

    def require(self, permission: str, resource: Resource) -> None:
        """Raise `Forbidden` unless the caller may do this there."""
        if not self.allow(permission, resource):
            raise Forbidden(scope=permission)

    def at(self, resource: Resource) -> list[str]:
        """Every permission that the caller has there, sorted."""
        return sorted(name for name in PERMISSIONS if self.allow(name, resource))

    def _decide(self, permission: str, resource: Resource) -> bool:
        subject = self.caller.user_id or self.caller.client_id
        if subject is None:
            return False
        held, forbidden = self._held(permission, resource), self._forbidden(permission, resource)
        impersonated = self.caller.impersonator_id is not None
        person = Person(self.caller.tenant_id, subject, held, forbidden, impersonated)
        return self.policies.allow(person, permission, resource)

    def _held(self, permission: str, resource: Resource) -> tuple[Place, ...]:
        in_tenant = permission in self.caller.scopes
        held = [Place(PlaceKind.TENANT, self.caller.tenant_id)] if in_tenant else []
        if _in_person(self.caller):
            held += [one.place for one in self._near(resource) if permission in one.permissions]
        return tuple(held)

    def _forbidden(self, permission: str, resource: Resource) -> tuple[Place, ...]:
        return tuple(one.place for one in self._near(resource) if permission in one.forbids)

    def _near(self, resource: Resource) -> list[Grant]:
        """The grants at a resource and at what it lies in, of however many."""
        if not self._by_place:
            for grant in self.grants:
                self._by_place.setdefault(grant.place, []).append(grant)
        return [grant for place in resource.around for grant in self._by_place.get(place, ())]


@lru_cache(maxsize=_CALLERS_KEPT)
def may_in_tenant(caller: Caller, permission: str) -> bool:
    """Whether a caller may do something in the whole tenant, by their token alone; a page of rows asks for each."""
    return Rights(caller, (), policies()).allow(permission, Resource.tenant(caller.tenant_id))


def _in_person(caller: Caller) -> bool:
    """Whether a person calls in a session that they have opened themselves, or somebody in their name; no program."""
    in_session = caller.auth_time is not None or caller.impersonator_id is not None
    return caller.client_id is None and in_session
