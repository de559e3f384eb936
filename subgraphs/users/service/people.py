"""What can be done with a person's profile, and when it is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import available_timezones

from shared.caller import Caller
from shared.data_keys import DataKeys
from shared.database import TenantSession
from shared.errors import BadUserInput, Forbidden, NotFound, VersionConflict
from shared.events import record
from shared.idempotency import Attempt, once
from subgraphs.users.errors import ExternalIdTaken, HandleTaken
from subgraphs.users.events import UserUpdated
from subgraphs.users.models import User, UserStatus
from subgraphs.users.service import custom_fields
from subgraphs.users.service.sealed_fields import SealedFields
from subgraphs.users.store.custom_fields import CustomFieldStore
from subgraphs.users.store.people import ExternalIdStore, UserStore

READER: Final = "users:read"
MANAGER: Final = "users:manage"
_LOCALE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
"""Language, script and region, in the case that is recommended. Source: RFC 5646, section 2.1.1."""
_HANDLE: Final = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,30}[a-z0-9])")


@dataclass(frozen=True, slots=True)
class ProfileChanges:
    """What to change of a profile; None leaves a thing as it is."""

    display_name: str | None = None
    handle: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    custom_fields: Mapping[str, str | None] = field(default_factory=dict[str, str | None])


def may_see_data(user_id: UUID, caller: Caller | None) -> bool:
    """What is personal is for the person themselves and for those who may read people."""
    return caller is not None and (caller.is_themselves(user_id) or caller.may(READER))


def handle(value: str, *, field: str = "handle") -> str:
    """A name to be mentioned by, in small letters."""
    lowered = value.strip().lower()
    if not _HANDLE.fullmatch(lowered):
        raise BadUserInput(f"`{field}` must have 2 to 32 letters, digits, dots, hyphens or underscores", field=field)
    return lowered


def locale(value: str, *, field: str = "locale") -> str:
    """A BCP 47 language tag of language, script and region."""
    if not _LOCALE.fullmatch(value):
        raise BadUserInput(f"`{field}` is not a language tag such as en, pt-BR or zh-Hant-TW", field=field)
    return value


def time_zone(value: str, *, field: str = "timeZone") -> str:
    """A name of the IANA time zone database."""
    if value not in _time_zones():
        raise BadUserInput(f"`{field}` is not a time zone of the IANA database", field=field)
    return value


@cache
def _time_zones() -> frozenset[str]:
    """Read once: it walks a folder."""
    return frozenset(available_timezones())


async def changeable(session: TenantSession, user_id: UUID, expected_version: int | None = None) -> User:
    """A person whose data the caller may change, locked: the caller's own self, or anybody for a manager.

    Raises:
        Forbidden: it is somebody else, or an app acts for the person, and the caller manages nobody.
        NotFound: there is no such person (any more).
        VersionConflict: the person has been changed since.
    """
    if not session.caller.is_themselves(user_id) and not session.caller.may(MANAGER):
        raise Forbidden(scope=MANAGER)
    user = await UserStore(session).locked(user_id)
    if user is None or user.status == UserStatus.ERASED:
        raise NotFound("There is no such person")
    if expected_version is not None and user.version != expected_version:
        raise VersionConflict(path=("input", "expectedVersion"))
    return user


async def update_profile(
    session: TenantSession,
    attempt: Attempt,
    keys: DataKeys,
    user_id: UUID,
    changes: ProfileChanges,
    *,
    expected_version: int | None,
) -> User:
    """Change a profile.

    Raises:
        HandleTaken: somebody else has the handle.
    """

    async def perform() -> UUID:
        user = await changeable(session, user_id, expected_version)
        if changes.handle and await UserStore(session).is_handle_of_another(changes.handle, user.id):
            raise HandleTaken(path=("input", "handle"))
        user.display_name = changes.display_name or user.display_name
        user.handle = changes.handle or user.handle
        user.locale = changes.locale or user.locale
        user.time_zone = changes.time_zone or user.time_zone
        await _set_custom_fields(session, keys, user, changes.custom_fields)
        _touch(session, user)
        return user.id

    return await _user(session, await once(session, attempt, perform))


async def _set_custom_fields(
    session: TenantSession, keys: DataKeys, user: User, changes: Mapping[str, str | None]
) -> None:
    if changes:
        definitions = await CustomFieldStore(session).by_key()
        fields = SealedFields(await keys.of(session, sealing=True))
        by_self = not session.caller.may(MANAGER)
        fields.set(user, custom_fields.merged(fields.of(user), changes, definitions, by_self=by_self))


async def set_preferences(session: TenantSession, attempt: Attempt, preferences: Mapping[str, Any]) -> User:
    """Change preferences of the caller's own; what is not named stays."""

    async def perform() -> UUID:
        user = await changeable(session, session.caller.require_user())
        user.preferences = {**user.preferences, **preferences}
        user.version += 1
        return user.id

    return await _user(session, await once(session, attempt, perform))


async def set_external_id(
    session: TenantSession, attempt: Attempt, user_id: UUID, *, source: str, external_id: str | None
) -> User:
    """Say what another system calls a person; None: it does not know them any more.

    Raises:
        ExternalIdTaken: the other system calls somebody else so.
    """
    session.caller.require(MANAGER)

    async def perform() -> UUID:
        user = await changeable(session, user_id)
        store = ExternalIdStore(session)
        if external_id is None:
            await store.remove(user_id, source)
        elif not await store.set(user_id, source, external_id):
            raise ExternalIdTaken(path=("input", "externalId"))
        _touch(session, user)
        return user.id

    return await _user(session, await once(session, attempt, perform))


def _touch(session: TenantSession, user: User) -> None:
    user.version += 1
    record(session, UserUpdated(tenant_id=session.caller.tenant_id, user_id=user.id, version=user.version))


async def _user(session: TenantSession, user_id: UUID) -> User:
    user = await UserStore(session).get(user_id)
    if user is None:
        raise NotFound("There is no such person")
    return user
