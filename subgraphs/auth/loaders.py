"""Batched reads of one request."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

from aiodataloader import DataLoader

from shared.caller import Caller, TenantId
from shared.database import Sessions, TenantSession
from shared.graphql.loaders import batched, grouped
from shared.graphql.pagination import PageRequest
from shared.tenancy.registry import Registry, TenantRecord
from subgraphs.auth.models import ServiceAccount, SignInSession
from subgraphs.auth.store.roles import Assigned, RoleAssignmentStore
from subgraphs.auth.store.service_accounts import ServiceAccountStore
from subgraphs.auth.store.sessions import SessionStore

PageOf: TypeAlias = tuple[UUID, PageRequest[tuple[UUID]]]
"""A person, and which page of what is theirs."""
_RowT = TypeVar("_RowT")
_Pages: TypeAlias = Callable[[Sequence[UUID], PageRequest[tuple[UUID]]], Awaitable[Mapping[UUID, Sequence[_RowT]]]]


@dataclass(frozen=True, slots=True)
class Loaders:
    tenant_by_id: DataLoader[TenantId, TenantRecord | None]
    """The caller's own tenant; any other does not exist."""
    service_account_by_id: DataLoader[UUID, ServiceAccount | None]
    session_by_id: DataLoader[UUID, SignInSession | None]
    """The caller's own that go on; any other does not exist."""
    session_page: DataLoader[PageOf, Sequence[SignInSession]]
    role_assignment_page: DataLoader[PageOf, Sequence[Assigned]]

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
            session_page=grouped(sessions, caller, _session_pages),
            role_assignment_page=grouped(sessions, caller, _role_assignment_pages),
        )


async def _session_pages(session: TenantSession, asked: Sequence[PageOf]) -> Mapping[PageOf, Sequence[SignInSession]]:
    store, now = SessionStore(session), datetime.now(UTC)
    return await _pages(asked, lambda user_ids, page: store.pages(user_ids, page, now))


async def _role_assignment_pages(
    session: TenantSession, asked: Sequence[PageOf]
) -> Mapping[PageOf, Sequence[Assigned]]:
    return await _pages(asked, RoleAssignmentStore(session).pages)


async def _pages(asked: Sequence[PageOf], read: _Pages[_RowT]) -> Mapping[PageOf, Sequence[_RowT]]:
    """One statement for each page asked for, whoever's it is: a query asks the same page of everybody in a list."""
    pages: dict[PageOf, Sequence[_RowT]] = {}
    for page in {page for _, page in asked}:
        found = await read([user_id for user_id, of in asked if of == page], page)
        pages |= {(user_id, page): rows for user_id, rows in found.items()}
    return pages
