"""Batched reads of one request."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from aiodataloader import DataLoader

from shared.caller import Caller, TenantId
from shared.database import Sessions
from shared.graphql.loaders import batched
from shared.tenancy.registry import Registry, TenantRecord
from subgraphs.auth.models import ServiceAccount, SignInSession
from subgraphs.auth.store.service_accounts import ServiceAccountStore
from subgraphs.auth.store.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class Loaders:
    tenant_by_id: DataLoader[TenantId, TenantRecord | None]
    """The caller's own tenant; any other does not exist."""
    service_account_by_id: DataLoader[UUID, ServiceAccount | None]
    session_by_id: DataLoader[UUID, SignInSession | None]
    """The caller's own that go on; any other does not exist."""

    @classmethod
    def create(cls, tenants: Registry, sessions: Sessions, caller: Caller) -> "Loaders":
        async def own(ids: list[TenantId]) -> list[TenantRecord | None]:
            record = await tenants.by_id(caller.tenant_id)
            return [record if id_ == caller.tenant_id else None for id_ in ids]

        return cls(
            tenant_by_id=DataLoader(own),
            service_account_by_id=batched(
                sessions, caller, lambda session, ids: ServiceAccountStore(session).by_ids(ids)
            ),
            session_by_id=batched(
                sessions,
                caller,
                lambda session, ids: SessionStore(session).open_ones(ids, caller.user_id, datetime.now(UTC)),
            ),
        )
