"""After the platform's secret is another: who could sign in before still can."""

import time
from collections.abc import AsyncGenerator

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from pyotp import random_base32
from pyotp.totp import TOTP

from shared.crypto import Sealer
from shared.data_keys import DataKeys, LocalMasterKey, Protected
from shared.data_keys.columns import protected_tables
from shared.data_keys.rotation import Encrypted, Rotation
from shared.database import Sessions, unit_of_work
from shared.graphql.app import SubgraphApp
from shared.ids import uuid7
from shared.passwords import Passwords
from shared.tokens import TokenVerifier
from subgraphs.auth.app import create
from subgraphs.auth.models import Account, Model, RecoveryCode, TotpFactor
from subgraphs.auth.service.codes import SignInCodes
from subgraphs.auth.settings import AuthSettings
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, SIGNING_KEY, AddAccount
from tests.subgraphs.auth.sign_in.conftest import PASSWORD, SIGN_IN
from tests.tenants import Control, Tenant

NEW = SecretStr("n" * 64)
BOTH = [NEW, CREDENTIALS_KEY]
KEYS = DataKeys(LocalMasterKey(BOTH), subgraph="auth", secrets=BOTH)
RECOVERY = "abcdefghijklmnop"
COMPLETE = """mutation ($input: CompleteMfaInput!) {
  completeMfa(input: $input) { session { accessToken } userErrors { code } }
}"""


@pytest.fixture
async def auth(
    control: Control, own_verifier: TokenVerifier, quick_passwords: Passwords
) -> AsyncGenerator[SubgraphApp]:
    """The subgraph with another secret than its accounts were opened with."""
    settings = AuthSettings(
        database_url=control.login_url("auth"),
        signing_key=SIGNING_KEY,
        credentials_key=NEW,
        earlier_credentials_keys=[CREDENTIALS_KEY],
    )
    subgraph = create(settings, verifier=own_verifier, passwords=quick_passwords)
    await subgraph.start()
    yield subgraph
    await subgraph.aclose()


async def enter(auth: SubgraphApp, tenant: Tenant, email: str, code: str) -> str:
    """Sign in with a password and a second factor; gives the access token."""
    given = {"tenant": tenant.slug, "email": email, "password": PASSWORD}
    asked = (await auth.service.execute(SIGN_IN, {"input": given}, headers={}))["data"]["signIn"]
    proof = {"tenant": tenant.slug, "challenge": asked["challenge"]["code"], "code": code}
    answer = await auth.service.execute(COMPLETE, {"input": proof}, headers={})
    return answer["data"]["completeMfa"]["session"]["accessToken"]


async def test_passwords_apps_and_recovery_codes_go_on_working_and_are_encrypted_anew(
    auth: SubgraphApp, sessions: Sessions, tenant: Tenant, add_account: AddAccount
) -> None:
    account, secret, factor_id = await add_account(tenant, "ada@example.org", PASSWORD), random_base32(), uuid7()
    user_id = account.user_id
    sealed = Protected(Sealer.create(CREDENTIALS_KEY, "totp-secret").seal(secret, context=str(factor_id)))
    digest = SignInCodes.create(CREDENTIALS_KEY).digest("recovery-code-digest", f"{user_id}:{RECOVERY}")
    async with unit_of_work(sessions, tenant.caller()) as session:
        factor = TotpFactor(id=factor_id, user_id=user_id, sealed_secret=sealed, confirmed_at=sa.func.now())
        session.add_all([factor, RecoveryCode(user_id=user_id, digest=digest)])
    app = TOTP(secret)
    assert await enter(auth, tenant, "ada@example.org", app.at(int(time.time())))
    assert await enter(auth, tenant, "ada@example.org", RECOVERY)
    rotation = Rotation(KEYS, sessions, tenant.caller())
    done = {each.table.name: await rotation.encrypt_anew(each) for each in protected_tables(Model.metadata)}
    assert (done["accounts"], done["totp_factors"]) == (Encrypted(1, 0), Encrypted(1, 0))
    async with sessions.read(tenant.caller()) as session:
        ring = await KEYS.of(session)
        kept = (await session.get_one(TotpFactor, factor_id)).sealed_secret
        assert ring.open(TotpFactor.sealed_secret, factor_id, kept) == secret
        assert (await session.get_one(Account, user_id)).sealed_password_hash != account.sealed_password_hash
    assert await enter(auth, tenant, "ada@example.org", app.at(int(time.time()) + 30))
