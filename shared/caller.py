"""Who is calling, and for which tenant: the one value every store and session asks for."""

from dataclasses import dataclass
from typing import Final, NewType
from uuid import UUID

from shared.errors import Forbidden, Unauthenticated

TenantId = NewType("TenantId", UUID)
UserId = NewType("UserId", UUID)

SERVICE_ROLE: Final = "SERVICE"


@dataclass(frozen=True, slots=True)
class Caller:
    """Built from a verified token (`shared.tokens.TokenVerifier`) or by `service_caller`, and nowhere else."""

    tenant_id: TenantId
    user_id: UserId | None
    role: str
    scopes: frozenset[str]
    session_id: UUID | None
    client_id: UUID | None = None
    """The OAuth app that calls: for a person, or for itself where there is none. None for our own clients."""
    impersonator_id: UserId | None = None
    """Who acts in the person's name; None if they act themselves. Source: RFC 8693, section 4.1 (``act``)."""
    auth_time: int | None = None
    """When the person last proved who they are, in seconds since the epoch; None if they call by other means."""
    acr: str | None = None
    """What that proof is worth: a level of `shared.authentication`."""
    jkt: str | None = None
    """The thumbprint of the key that their token was issued to (RFC 9449); None if it is good for whoever has it."""

    def may(self, permission: str) -> bool:
        """Whether the caller may do this in the whole tenant, by the platform's policies.

        What is held or forbidden at single places is not asked for: `shared.permissions.feed` reads it.
        """
        from shared.permissions.decisions import may_in_tenant

        return may_in_tenant(self, permission)

    def require(self, permission: str) -> None:
        """Raise `Forbidden` unless the caller may do this in the whole tenant."""
        if not self.may(permission):
            raise Forbidden(scope=permission)

    def is_themselves(self, user_id: UUID | None) -> bool:
        """Whether the caller is that person, to whom what is theirs belongs without any permission.

        An app that acts for a person is not: it has what it was granted, and nothing beside.
        """
        return self.client_id is None and self.user_id is not None and self.user_id == user_id

    def require_user(self) -> UserId:
        """The person calling; raise `Unauthenticated` if it is a service."""
        if self.user_id is None:
            raise Unauthenticated
        return self.user_id


def require_own(caller: Caller, permission: str) -> UserId:
    """The person calling, about what is their own; an app that acts for them needs a permission for that.

    Raises:
        Unauthenticated: it is a service.
        Forbidden: it is an app that was not granted it.
    """
    user_id = caller.require_user()
    if caller.client_id is not None:
        caller.require(permission)
    return user_id


def require_in_person(caller: Caller) -> UserId:
    """The person calling; no app that they let act for them, and nobody in their name.

    Raises:
        Unauthenticated: it is a service.
        Forbidden: it is somebody or something else for them.
    """
    user_id = caller.require_user()
    if caller.impersonator_id is not None or caller.client_id is not None:
        raise Forbidden("Sign in to do this yourself: nobody may do it for you")
    return user_id


def service_caller(tenant_id: TenantId, service: str) -> Caller:
    """A service acting for a tenant where there is no token: an event consumer, or a sign-in before one exists.

    It holds the scope ``service:<name>`` alone, so nothing meant for people is granted by accident.
    """
    return Caller(tenant_id, user_id=None, role=SERVICE_ROLE, scopes=frozenset({f"service:{service}"}), session_id=None)
