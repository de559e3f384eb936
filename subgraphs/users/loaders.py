"""Batched reads of one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from aiodataloader import DataLoader

from shared.caller import Caller, TenantId
from shared.data_keys import DataKeys, KeyRing
from shared.database import Sessions, TenantSession
from shared.graphql.loaders import batched, grouped
from shared.permissions.decisions import Rights
from shared.permissions.feed import rights_loader
from subgraphs.users.models import (
    ConsentDocument,
    CustomFieldDefinition,
    DataRequest,
    DataRequestPart,
    ExternalId,
    Group,
    GroupMember,
    ImportProblem,
    OrgUnit,
    OrgUnitMember,
    Relationship,
    User,
)
from subgraphs.users.store.consents import ConsentStore, Said
from subgraphs.users.store.custom_fields import CustomFieldStore
from subgraphs.users.store.data_requests import DataRequestStore
from subgraphs.users.store.groups import GroupStore
from subgraphs.users.store.memberships import MemberPage, MemberStore
from subgraphs.users.store.org_units import OrgUnitStore
from subgraphs.users.store.people import ExternalIdStore, UserStore
from subgraphs.users.store.relationships import RelationshipStore
from subgraphs.users.store.rosters import ImportStore, ProblemPage

MembersAsked: TypeAlias = tuple[UUID, MemberPage]
"""A group or an org unit, and which page of its members."""
ProblemsAsked: TypeAlias = tuple[UUID, ProblemPage]
"""An import, and which page of what was refused."""


@dataclass(frozen=True, slots=True)
class Loaders:
    user_by_id: DataLoader[UUID, User | None]
    user_count_by_tenant: DataLoader[UUID, int | None]
    external_ids: DataLoader[UUID, Sequence[ExternalId]]
    custom_fields: DataLoader[UUID, Sequence[CustomFieldDefinition]]
    """A tenant's definitions."""
    group_by_id: DataLoader[UUID, Group | None]
    groups_of_user: DataLoader[UUID, Sequence[Group]]
    group_members: DataLoader[MembersAsked, Sequence[User]]
    group_member_count: DataLoader[UUID, int | None]
    org_unit_by_id: DataLoader[UUID, OrgUnit | None]
    org_units_of_user: DataLoader[UUID, Sequence[OrgUnit]]
    org_unit_children: DataLoader[UUID, Sequence[OrgUnit]]
    org_unit_ancestors: DataLoader[UUID, Sequence[OrgUnit]]
    org_unit_members: DataLoader[MembersAsked, Sequence[User]]
    org_unit_member_count: DataLoader[UUID, int | None]
    relationships_of_user: DataLoader[UUID, Sequence[Relationship]]
    consent_documents: DataLoader[UUID, Sequence[ConsentDocument]]
    """A tenant's, that people are asked about."""
    consents_of_user: DataLoader[UUID, Sequence[Said]]
    import_problems: DataLoader[ProblemsAsked, Sequence[ImportProblem]]
    data_request_by_id: DataLoader[UUID, DataRequest | None]
    data_request_parts: DataLoader[UUID, Sequence[DataRequestPart]]
    rights: DataLoader[TenantId, Rights]
    key_ring: DataLoader[TenantId, KeyRing | None]

    @classmethod
    def create(cls, sessions: Sessions, caller: Caller, keys: DataKeys) -> "Loaders":
        async def key_rings(session: TenantSession, tenant_ids: Sequence[UUID]) -> Mapping[TenantId, KeyRing]:
            return {session.caller.tenant_id: await keys.of(session)}

        return cls(
            user_by_id=batched(sessions, caller, _users_by_id),
            user_count_by_tenant=batched(sessions, caller, _user_counts),
            external_ids=grouped(sessions, caller, _external_ids),
            custom_fields=grouped(sessions, caller, _custom_fields),
            group_by_id=batched(sessions, caller, _groups_by_id),
            groups_of_user=grouped(sessions, caller, _groups_of_users),
            group_members=grouped(sessions, caller, _group_members),
            group_member_count=batched(sessions, caller, _group_member_counts),
            org_unit_by_id=batched(sessions, caller, _org_units_by_id),
            org_units_of_user=grouped(sessions, caller, _org_units_of_users),
            org_unit_children=grouped(sessions, caller, _org_unit_children),
            org_unit_ancestors=grouped(sessions, caller, _org_unit_ancestors),
            org_unit_members=grouped(sessions, caller, _org_unit_members),
            org_unit_member_count=batched(sessions, caller, _org_unit_member_counts),
            relationships_of_user=grouped(sessions, caller, _relationships_of_users),
            consent_documents=grouped(sessions, caller, _consent_documents),
            consents_of_user=grouped(sessions, caller, _consents_of_users),
            import_problems=grouped(sessions, caller, _import_problems),
            data_request_by_id=batched(sessions, caller, _data_requests_by_id),
            data_request_parts=grouped(sessions, caller, _data_request_parts),
            rights=rights_loader(sessions, caller),
            key_ring=batched(sessions, caller, key_rings),
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


async def _groups_by_id(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, Group]:
    return await GroupStore(session).by_ids(ids)


async def _groups_of_users(session: TenantSession, user_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Group]]:
    return await MemberStore(session, GroupMember).wholes_of(user_ids)


async def _group_members(
    session: TenantSession, asked: Sequence[MembersAsked]
) -> Mapping[MembersAsked, Sequence[User]]:
    return await _member_pages(MemberStore(session, GroupMember), asked)


async def _group_member_counts(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    return await MemberStore(session, GroupMember).counts(ids)


async def _org_units_by_id(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, OrgUnit]:
    return await OrgUnitStore(session).by_ids(ids)


async def _org_units_of_users(session: TenantSession, user_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[OrgUnit]]:
    return await MemberStore(session, OrgUnitMember).wholes_of(user_ids)


async def _org_unit_children(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[OrgUnit]]:
    return await OrgUnitStore(session).children(ids)


async def _org_unit_ancestors(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[OrgUnit]]:
    return await OrgUnitStore(session).ancestors(ids)


async def _org_unit_members(
    session: TenantSession, asked: Sequence[MembersAsked]
) -> Mapping[MembersAsked, Sequence[User]]:
    return await _member_pages(MemberStore(session, OrgUnitMember), asked)


async def _org_unit_member_counts(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    return await MemberStore(session, OrgUnitMember).counts(ids)


async def _relationships_of_users(
    session: TenantSession, user_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[Relationship]]:
    return await RelationshipStore(session).of(user_ids)


async def _consent_documents(
    session: TenantSession, tenant_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[ConsentDocument]]:
    """The session is of one tenant, and so are the ids."""
    return dict.fromkeys(tenant_ids, await ConsentStore(session).current())


async def _consents_of_users(session: TenantSession, user_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Said]]:
    return await ConsentStore(session).of_users(user_ids)


async def _import_problems(
    session: TenantSession, asked: Sequence[ProblemsAsked]
) -> Mapping[ProblemsAsked, Sequence[ImportProblem]]:
    """One statement for each page asked for, whatever imports it is of."""
    pages: dict[ProblemsAsked, Sequence[ImportProblem]] = {}
    for page in {page for _, page in asked}:
        found = await ImportStore(session).problems([job_id for job_id, of in asked if of == page], page)
        pages |= {(job_id, page): problems for job_id, problems in found.items()}
    return pages


async def _data_requests_by_id(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, DataRequest]:
    return await DataRequestStore(session).by_ids(ids)


async def _data_request_parts(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[DataRequestPart]]:
    return await DataRequestStore(session).parts(ids)


async def _member_pages(store: MemberStore, asked: Sequence[MembersAsked]) -> Mapping[MembersAsked, Sequence[User]]:
    """One statement for each page asked for, whatever it is of: a query asks the same page of everything in a list."""
    pages: dict[MembersAsked, Sequence[User]] = {}
    for page in {page for _, page in asked}:
        found = await store.pages([whole_id for whole_id, of in asked if of == page], page)
        pages |= {(whole_id, page): people for whole_id, people in found.items()}
    return pages
