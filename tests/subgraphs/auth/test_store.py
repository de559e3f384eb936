"""Accounts as they are kept."""

import pytest
from sqlalchemy.exc import IntegrityError

from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from shared.roles import Role
from subgraphs.auth.store.accounts import AccountStore, SignInSessionStore
from tests.subgraphs.auth.conftest import AddAccount
from tests.tenants import Tenant


class TestAccountStore:
    async def test_a_person_has_one_account(self, sessions: Sessions, add_account: AddAccount, tenant: Tenant) -> None:
        ada = await add_account(tenant, "ada@example.org", "correct horse")
        async with unit_of_work(sessions, tenant.caller()) as session:
            again = await AccountStore(session).add(
                user_id=ada.user_id, email="other@example.org", sealed_password_hash="x", role=Role.OWNER
            )
        assert again is None

    async def test_an_address_of_somebody_else_is_an_error(
        self, sessions: Sessions, add_account: AddAccount, tenant: Tenant
    ) -> None:
        await add_account(tenant, "ada@example.org", "correct horse")
        with pytest.raises(IntegrityError):
            async with unit_of_work(sessions, tenant.caller()) as session:
                await AccountStore(session).add(
                    user_id=uuid7(), email="ada@example.org", sealed_password_hash="x", role=Role.OWNER
                )

    async def test_the_password_is_kept_sealed(
        self, sessions: Sessions, add_account: AddAccount, tenant: Tenant
    ) -> None:
        await add_account(tenant, "ada@example.org", "correct horse")
        async with sessions.read(tenant.caller()) as session:
            kept = await AccountStore(session).by_email("ada@example.org")
        assert kept is not None
        assert kept.sealed_password_hash is not None
        assert "argon2" not in kept.sealed_password_hash.sealed


class TestSignInSessionStore:
    async def test_each_session_is_another(self, sessions: Sessions, add_account: AddAccount, tenant: Tenant) -> None:
        ada = await add_account(tenant, "ada@example.org", "correct horse")
        async with unit_of_work(sessions, tenant.caller()) as session:
            opened = [await SignInSessionStore(session).add(ada.user_id) for _ in range(2)]
        assert opened[0] != opened[1]
