"""Changing one's own password, and help for somebody who has lost their second factor."""

from shared.database import Sessions
from shared.ids import uuid7
from shared.roles import Role
from tests.subgraphs.auth.audit.test_chain import entries
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.subgraphs.auth.sign_in.conftest import PASSWORD, SIGN_IN, Enter
from tests.subgraphs.auth.sign_in.test_mfa import ADA, CONFIRM, ENROLL, code_at
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

CHANGE = """mutation ($input: ChangePasswordInput!) {
  changePassword(input: $input) { sessionId userErrors { code } }
}"""
RESET = """mutation ($input: ResetSecondFactorsInput!) {
  resetSecondFactors(input: $input) { userId userErrors { code } }
}"""
REFRESH = "mutation ($token: String!) { refreshSession(input: {refreshToken: $token}) { session { expiresAt } } }"
OTHER = "battery staple"


class TestChangingAPassword:
    async def test_ends_all_sessions_but_the_one_it_is_changed_in(self, ask: Ask, enter: Enter) -> None:
        own, stolen = await enter(ADA), await enter(ADA)
        weak = await ask(CHANGE, {"input": {"newPassword": "ada@example.org"}}, token=own["accessToken"])
        assert weak["data"]["changePassword"]["userErrors"] == [{"code": "WEAK_PASSWORD"}]
        changed = await ask(CHANGE, {"input": {"newPassword": OTHER}}, token=own["accessToken"])
        assert changed["data"]["changePassword"]["userErrors"] == []
        assert code_of(await ask(REFRESH, {"token": stolen["refreshToken"]})) == "REFRESH_TOKEN_INVALID"
        assert (await ask(REFRESH, {"token": own["refreshToken"]}))["data"]["refreshSession"]["session"]
        assert (await enter(ADA, password=OTHER))["accessToken"]


class TestLosingTheSecondFactor:
    async def test_somebody_who_may_do_no_less_takes_it_away(
        self, ask: Ask, enter: Enter, tenant: Tenant, add_account: AddAccount, sessions: Sessions
    ) -> None:
        owner = await add_account(tenant, "olga@example.org", PASSWORD, Role.OWNER)
        olga, ada = (await enter_known(ask, tenant, "olga@example.org")), (await enter(ADA))["accessToken"]
        ada_id = (await ask("{ viewer { user { id } } }", token=ada))["data"]["viewer"]["user"]["id"]
        asked = {"userId": ada_id, "reason": "Came to the office with her passport"}
        none = await ask(RESET, {"input": asked}, token=olga)
        assert none["data"]["resetSecondFactors"]["userErrors"] == [{"code": "NOTHING_TO_RESET"}]
        enrolled = (await ask(ENROLL, token=ada))["data"]["enrollMfa"]
        given = {"factor": enrolled["factorId"], "code": code_at(enrolled["secret"])}
        await ask(CONFIRM, given, token=ada)

        assert code_of(await ask(RESET, {"input": asked}, token=ada)) == "FORBIDDEN"
        for stranger, code in ((owner.user_id, "FORBIDDEN"), (uuid7(), "NOT_FOUND")):
            refused = await ask(RESET, {"input": {**asked, "userId": str(stranger)}}, token=olga)
            assert code_of(refused) == code
        done = await ask(RESET, {"input": asked}, token=olga)
        assert done["data"]["resetSecondFactors"] == {"userId": ada_id, "userErrors": []}
        assert (await enter(ADA))["accessToken"]  # by the password alone
        resets = [each for each in await entries(sessions, tenant.caller()) if each.action == "resetSecondFactors"]
        assert [(each.actor_id, each.subject_id) for each in resets] == [(str(owner.user_id), ada_id)]


async def enter_known(ask: Ask, tenant: Tenant, email: str) -> str:
    """The token of somebody who has an account."""
    answer = await ask(SIGN_IN, {"input": {"tenant": tenant.slug, "email": email, "password": PASSWORD}})
    return answer["data"]["signIn"]["session"]["accessToken"]
