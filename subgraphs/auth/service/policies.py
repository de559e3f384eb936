"""What a tenant asks of how its people sign in, held against who comes and against sessions that go on."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.authentication import SEVERAL_FACTORS
from shared.database import TenantSession
from shared.errors import Refusal
from shared.permissions.catalogue import built_in_id
from shared.roles import Role
from shared.tenancy.policies import SecondFactor, SignInPolicy, WayIn
from subgraphs.auth.models import SignInSession
from subgraphs.auth.models.identity_providers import IdentityProvider, IdentityProviderKind
from subgraphs.auth.store.identity_providers import IdentityProviderStore
from subgraphs.auth.store.roles import RoleAssignmentStore

_PROVIDERS: Final = frozenset({WayIn.FEDERATED, WayIn.SAML})


class WayInClosed(Refusal):
    """Of the whole tenant, so it says nothing of who has an account."""

    code = "WAY_IN_CLOSED"
    default_message = "The tenant lets nobody in this way"


class LocksEverybodyOut(Refusal):
    code = "LOCKS_EVERYBODY_OUT"
    default_message = "Nobody could sign in any more: open another way in first, or enable another provider"


def refuse_closed(policy: SignInPolicy, way: WayIn | str | None) -> None:
    """Refuse whoever comes by a way that is closed, or by one that nobody has noted where not all are open.

    Raises:
        WayInClosed: so it is.
    """
    if not is_open(policy, way):
        raise WayInClosed


def is_open(policy: SignInPolicy, way: WayIn | str | None) -> bool:
    return set(policy.ways) >= set(WayIn) if way is None else way in policy.ways


def way_through(provider: IdentityProvider) -> WayIn:
    """The way in of whoever comes through a provider."""
    return WayIn.SAML if provider.kind == IdentityProviderKind.SAML else WayIn.FEDERATED


async def refuse_shut(session: TenantSession, policy: SignInPolicy) -> None:
    """Refuse to leave a tenant with open ways alone that lead through providers, and none of these left to go through.

    Raises:
        LocksEverybodyOut: so it would be.
    """
    if not _PROVIDERS.issuperset(policy.ways):
        return
    enabled = {way_through(each) for each in await IdentityProviderStore(session).all() if each.enabled}
    if enabled.isdisjoint(policy.ways):
        raise LocksEverybodyOut


async def is_enough(
    session: TenantSession, policy: SignInPolicy, user_id: UUID, role: str, methods: Collection[str]
) -> bool:
    """Whether somebody of that role in the tenant has shown as many factors as they have to."""
    if SEVERAL_FACTORS in methods or policy.second_factor is SecondFactor.NOBODY:
        return True
    return policy.second_factor is SecondFactor.ROLES and not await _holds(session, policy, user_id, role)


async def goes_on(
    session: TenantSession, policy: SignInPolicy, opened: SignInSession, role: str, now: datetime
) -> bool:
    """Whether a session can be refreshed, as its person would be let in by it and it has not become too old."""
    ends = min(opened.last_used_at + policy.idle, opened.created_at + policy.longest)
    if ends <= now or not is_open(policy, opened.way):
        return False
    return await is_enough(session, policy, opened.user_id, role, opened.amr)


async def _holds(session: TenantSession, policy: SignInPolicy, user_id: UUID, role: str) -> bool:
    """Whether a person has one of the roles that the policy names, anywhere."""
    if built_in_id(session.caller.tenant_id, Role(role)) in policy.second_factor_roles:
        return True
    return await RoleAssignmentStore(session).has_any(user_id, policy.second_factor_roles)
