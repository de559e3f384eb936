"""Whoever signs in and out is in the audit by name, though nobody is calling yet."""

from shared.database import Sessions
from tests.subgraphs.auth.audit.test_chain import entries
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.tenants import Tenant

SIGN_IN = "mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } userErrors { code } } }"
SIGN_OUT = "mutation ($input: SignOutInput!) { signOut(input: $input) { sessionId } }"


async def test_a_session_is_opened_and_ended_by_its_person(
    ask: Ask, tenant: Tenant, sessions: Sessions, add_account: AddAccount
) -> None:
    account = await add_account(tenant, "ada@example.org", "correct horse")
    given = {"tenant": tenant.slug, "email": "ada@example.org", "password": "correct horse"}
    token = (await ask(SIGN_IN, {"input": given}))["data"]["signIn"]["session"]["accessToken"]
    ended = (await ask(SIGN_OUT, {"input": {}}, token=token))["data"]["signOut"]["sessionId"]
    signed_in, signed_out = await entries(sessions, tenant.caller())
    assert (signed_in.action, signed_out.action) == ("signIn", "signOut")
    assert {signed_in.actor_id, signed_out.actor_id} == {str(account.user_id)}
    assert (signed_in.subject_type, signed_in.subject_id) == ("Session", ended)
    assert signed_out.subject_id == ended


async def test_what_is_refused_leaves_no_entry(
    ask: Ask, tenant: Tenant, sessions: Sessions, add_account: AddAccount
) -> None:
    await add_account(tenant, "ada@example.org", "correct horse")
    await ask(SIGN_IN, {"input": {"tenant": tenant.slug, "email": "ada@example.org", "password": "wrong horse"}})
    assert await entries(sessions, tenant.caller()) == []
