"""People see through which providers they sign in, and end that; never so that they could not sign in any more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec
import pytest
import sqlalchemy as sa

from shared.data_keys import Protected
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.idempotency import Attempt
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from shared.tenancy.own_record import change_own
from shared.tenancy.policies import Policies, SignInPolicy, WayIn
from shared.tenancy.registry import Registry
from subgraphs.auth.models import Account, AuditEvent
from subgraphs.auth.models.identity_providers import FederatedIdentity, IdentityProvider, IdentityProviderKind
from subgraphs.auth.service import identity_providers
from subgraphs.auth.service.policies import LocksEverybodyOut
from tests.registry import restored
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.subgraphs.conftest import code_of
from tests.tenants import Control, Tenant

SIGN_IN = "mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }"
LINKED = "query ($id: ID) { externalIdentities(userId: $id) { provider providerName kind enabled } }"
UNLINK = """mutation ($input: UnlinkIdentityInput!) {
  unlinkIdentity(input: $input) { identityProviderId userErrors { code } }
}"""
ADA, OWNER, PASSWORD = "ada@example.org", "owner@example.org", "correct horse battery"

Link: TypeAlias = Callable[..., Awaitable[IdentityProvider]]
Enter: TypeAlias = Callable[[str], Awaitable[str]]


@pytest.fixture
async def ada(add_account: AddAccount, tenant: Tenant) -> Account:
    """A learner."""
    return await add_account(tenant, ADA, PASSWORD)


@pytest.fixture
def link(sessions: Sessions, tenant: Tenant) -> Link:
    """A provider that means somebody."""

    async def linked(
        account: Account, alias: str = "school", kind: str = IdentityProviderKind.OIDC
    ) -> IdentityProvider:
        row = IdentityProvider(
            id=uuid7(),
            alias=alias,
            kind=kind,
            name=alias.title(),
            issuer="https://id.example",
            client_id="studium",
            sealed_client_secret=Protected("sealed"),
        )
        async with unit_of_work(sessions, tenant.caller()) as session:
            session.add(row)
            await session.flush()
            session.add(FederatedIdentity(provider_id=row.id, subject="a-1", user_id=account.user_id))
        return row

    return linked


@pytest.fixture
def enter(ask: Ask, tenant: Tenant) -> Enter:
    """Sign in; gives the access token."""

    async def entered(email: str) -> str:
        given = {"tenant": tenant.slug, "email": email, "password": PASSWORD}
        return (await ask(SIGN_IN, {"input": given}))["data"]["signIn"]["session"]["accessToken"]

    return entered


def unlinked(answer: dict[str, Any]) -> dict[str, Any]:
    return answer["data"]["unlinkIdentity"]


async def test_a_link_is_seen_and_ended_and_both_are_told(
    ask: Ask, ada: Account, link: Link, enter: Enter, tenant: Tenant, sessions: Sessions
) -> None:
    school = await link(ada)
    other, here = await enter(ADA), await enter(ADA)
    seen = {"provider": "school", "providerName": "School", "kind": "OIDC", "enabled": True}
    assert (await ask(LINKED, token=here))["data"]["externalIdentities"] == [seen]
    done = unlinked(await ask(UNLINK, {"input": {"provider": "school"}}, token=here))
    assert done == {"identityProviderId": str(school.id), "userErrors": []}
    assert (await ask(LINKED, token=here))["data"]["externalIdentities"] == []
    assert code_of(await ask(UNLINK, {"input": {"provider": "school"}}, token=here)) == "NOT_FOUND"
    assert code_of(await ask(UNLINK, {"input": {"provider": "school"}}, token=other)) == "FORBIDDEN"
    async with sessions.read(tenant.caller()) as session:
        topics = (await session.scalars(sa.select(OutboxRow.topic))).all()
        kept = await session.scalar(sa.select(AuditEvent.changes).where(AuditEvent.action == "unlinkIdentity"))
    assert "auth.identity-unlinked.v1" in topics
    assert kept == '[["identityProvider","school",null]]'


async def test_nobody_is_left_without_a_way_in(
    ask: Ask, ada: Account, link: Link, enter: Enter, control: Control, tenant: Tenant, sessions: Sessions
) -> None:
    await link(ada)
    here, unlink = await enter(ADA), {"input": {"provider": "school"}}
    registry = Registry.create(control.login_url("auth"))

    async def ways(*open_: WayIn) -> None:
        settled = {"policies": msgspec.to_builtins(Policies(sign_in=SignInPolicy(ways=open_)))}
        await change_own(registry, tenant.caller(), lambda _: settled)

    async with restored(control, tenant):
        await ways(WayIn.FEDERATED, WayIn.SAML)
        assert unlinked(await ask(UNLINK, unlink, token=here))["userErrors"] == [{"code": "LAST_WAY_IN"}]
        company = await link(ada, "company", IdentityProviderKind.SAML)
        async with unit_of_work(sessions, tenant.caller()) as session:
            await session.execute(
                sa.update(IdentityProvider).where(IdentityProvider.id == company.id).values(enabled=False)
            )
        assert unlinked(await ask(UNLINK, unlink, token=here))["userErrors"] == [{"code": "LAST_WAY_IN"}]
        await ways(WayIn.FEDERATED, WayIn.PASSWORD)
        assert unlinked(await ask(UNLINK, unlink, token=here))["userErrors"] == []
    await registry.aclose()


async def test_two_owners_leave_one_provider_though_each_removes_another(
    ada: Account, link: Link, tenant: Tenant, sessions: Sessions
) -> None:
    policy, aliases = SignInPolicy(ways=(WayIn.FEDERATED,)), ("school", "company")
    for each in aliases:
        await link(ada, each)
    owner = tenant.caller(*BUILT_IN[Role.OWNER], role=Role.OWNER)

    async def removed(alias: str) -> None:
        async with unit_of_work(sessions, owner) as session:
            attempt = Attempt("removeIdentityProvider", key=None, input=None)
            await identity_providers.remove(session, alias, attempt, policy=policy)

    outcomes = await asyncio.gather(*(removed(each) for each in aliases), return_exceptions=True)
    assert [type(each) for each in outcomes if each] == [LocksEverybodyOut]


async def test_who_manages_people_ends_links_of_those_who_may_do_no_more(
    ask: Ask, ada: Account, link: Link, enter: Enter, tenant: Tenant, other_tenant: Tenant, add_account: AddAccount
) -> None:
    owner = await add_account(tenant, OWNER, PASSWORD, Role.OWNER)
    await link(ada)
    mine, theirs = (
        {"provider": "school", "userId": str(owner.user_id)},
        {"provider": "school", "userId": str(ada.user_id)},
    )
    learner, manager = await enter(ADA), await enter(OWNER)
    assert code_of(await ask(LINKED, {"id": str(owner.user_id)}, token=learner)) == "FORBIDDEN"
    for alias in ("school", "unheard-of"):
        assert code_of(await ask(UNLINK, {"input": {**mine, "provider": alias}}, token=learner)) == "FORBIDDEN"
    assert len((await ask(LINKED, {"id": str(ada.user_id)}, token=manager))["data"]["externalIdentities"]) == 1
    assert code_of(await ask(UNLINK, {"input": {**theirs, "userId": str(uuid7())}}, token=manager)) == "NOT_FOUND"
    assert unlinked(await ask(UNLINK, {"input": theirs}, token=manager))["userErrors"] == []
    assert (await ask(LINKED, {"id": str(ada.user_id)}, token=manager))["data"]["externalIdentities"] == []
