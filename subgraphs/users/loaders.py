"""Batched reads of one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiodataloader import DataLoader

from shared.caller import Caller
from shared.database import Sessions, TenantSession
from shared.graphql.loaders import batched, grouped
from subgraphs.users.models import CustomFieldDefinition, ExternalId, User
from subgraphs.users.store.custom_fields import CustomFieldStore
from subgraphs.users.store.people import ExternalIdStore, UserStore


@dataclass(frozen=True, slots=True)
class Loaders:
    user_by_id: DataLoader[UUID, User | None]
    user_count_by_tenant: DataLoader[UUID, int | None]
    external_ids: DataLoader[UUID, Sequence[ExternalId]]
    custom_fields: DataLoader[UUID, Sequence[CustomFieldDefinition]]
    """A tenant's definitions."""

    @classmethod
    def create(cls, sessions: Sessions, caller: Caller) -> "Loaders":
        return cls(
            user_by_id=batched(sessions, caller, _users_by_id),
            user_count_by_tenant=batched(sessions, caller, _user_counts),
            external_ids=grouped(sessions, caller, _external_ids),
            custom_fields=grouped(sessions, caller, _custom_fields),
        )


async def _users_by_id(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, User]:
    return await UserStore(session).by_ids(ids)


async def _user_counts(session: TenantSession, tenant_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """A session reaches one tenant, so there is one count."""
    return {session.caller.tenant_id: await UserStore(session).count()}


async def _external_ids(session: TenantSession, user_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[ExternalId]]:
    return await ExternalIdStore(session).of(user_ids)


async def _custom_fields(
    session: TenantSession, tenant_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[CustomFieldDefinition]]:
    """A session reaches one tenant, so there is one list."""
    return {session.caller.tenant_id: await CustomFieldStore(session).all()}
