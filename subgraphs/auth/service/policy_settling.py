"""A tenant settles how its people sign in; nobody shuts themselves out by that."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.caller import Caller
from shared.database import TenantSession
from shared.errors import BadUserInput, Refusal
from shared.password_policy import MIN_LENGTH
from shared.permissions.places import Resource
from shared.roles import Role
from shared.tenancy.policies import SecondFactor, SignInPolicy
from shared.tenancy.registry import TenantRecord
from subgraphs.auth.service.permissions import built_in_role, given_by, own_rights, refuse_gain
from subgraphs.auth.service.policies import goes_on, refuse_shut
from subgraphs.auth.service.sessions import own_session
from subgraphs.auth.service.tenants import MANAGE, Settling, TenantDesk, settle
from subgraphs.auth.store.roles import RoleStore
from subgraphs.auth.store.sessions import SessionStore

_SHORTEST_IDLE: Final = 5
_SHORTEST: Final = 15
_LONGEST_PASSWORD: Final = 64
"""That a tenant can ask for: people have to be able to type it."""
_MOST_ROLES: Final = 50


class LocksYouOut(Refusal):
    code = "LOCKS_YOU_OUT"
    default_message = "You would not be let in yourself as you have signed in now: sign in as you want to ask for first"


def checked_policy(given: SignInPolicy) -> SignInPolicy:
    """A policy in the form that it is kept: nothing twice, and nothing that means nothing.

    Raises:
        BadUserInput: a value is not what it can be.
    """
    usual, roles = SignInPolicy(), tuple(dict.fromkeys(given.second_factor_roles))
    if not given.ways:
        raise BadUserInput("`ways` needs one at least: nobody could sign in", field="ways")
    if (given.second_factor is SecondFactor.ROLES) != bool(roles) or len(roles) > _MOST_ROLES:
        message = f"`secondFactorRoleIds` are 1 to {_MOST_ROLES} with ROLES, and none otherwise"
        raise BadUserInput(message, field="secondFactorRoleIds")
    for field, value, least, most in (
        ("sessionIdleMinutes", given.idle_minutes, _SHORTEST_IDLE, usual.idle_minutes),
        ("sessionLongestMinutes", given.longest_minutes, _SHORTEST, usual.longest_minutes),
        ("passwordMinLength", given.password_length, MIN_LENGTH, _LONGEST_PASSWORD),
    ):
        if not least <= value <= most:
            raise BadUserInput(f"`{field}` is a number from {least} to {most}", field=field)
    ways = tuple(way for way in usual.ways if way in given.ways)
    return msgspec.structs.replace(given, ways=ways, second_factor_roles=roles)


async def settle_sign_in(
    desk: TenantDesk, caller: Caller, settling: Settling, policy: SignInPolicy, now: datetime
) -> TenantRecord:
    """Ask this of whoever signs in from now on, and of whoever refreshes a session.

    Args:
        desk: of the tenant's settings.
        caller: who has the tenant ask for it: an owner, or whoever may do as much.
        settling: as for every setting.
        policy: that `checked_policy` has let pass.
        now: the time.

    Raises:
        Forbidden, PermissionNotHeld: the caller may not.
        BadUserInput: there is no such role.
        LocksYouOut: the caller's own session would not go on.
        LocksEverybodyOut: only providers that are not there, or not enabled, would let anybody in.
        VersionConflict: see `settle`.
    """
    caller.require(MANAGE)
    async with desk.sessions.read(caller) as session:
        owner = await given_by(session, Role.OWNER)
        refuse_gain(await own_rights(session), Resource.tenant(caller.tenant_id), owner)
        await _refuse_unknown(session, policy.second_factor_roles)
        await _refuse_lock_out(session, policy, now)
        await refuse_shut(session, policy)

    def alter(found: TenantRecord) -> dict[str, object]:
        return {"policies": msgspec.to_builtins(msgspec.structs.replace(found.policies, sign_in=policy))}

    return await settle(desk, caller, settling, alter)


async def _refuse_unknown(session: TenantSession, role_ids: Sequence[UUID]) -> None:
    tenant_id = session.caller.tenant_id
    own = [role_id for role_id in role_ids if built_in_role(tenant_id, role_id) is None]
    if own and len(await RoleStore(session).known(own)) < len(own):
        raise BadUserInput("There is no such role", field="secondFactorRoleIds")


async def _refuse_lock_out(session: TenantSession, policy: SignInPolicy, now: datetime) -> None:
    _, session_id = own_session(session.caller)
    found = await SessionStore(session).with_account(session_id)
    if found is None or not await goes_on(session, policy, found[0], found[1].role, now):
        raise LocksYouOut
