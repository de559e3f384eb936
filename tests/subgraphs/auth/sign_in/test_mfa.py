"""Second factors: added, asked for, and used once."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from pyotp.totp import TOTP

from shared.caller import Caller, UserId
from shared.database import Sessions, unit_of_work
from shared.graphql.step_up import MAX_AGE_SECONDS, StepUpRequired, require_fresh_proof
from shared.ids import uuid7
from shared.tokens import TokenVerifier
from subgraphs.auth.models import MfaChallenge, RecoveryCode, TotpFactor
from subgraphs.auth.service import mfa_factors
from subgraphs.auth.service.throttles import FREE_ATTEMPTS
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.auth.sign_in.conftest import CODES, KEYS, PASSWORD, SIGN_IN, Enter, shift
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

ENROLL = 'mutation { enrollMfa(input: {name: "Phone"}) { factorId secret uri userErrors { code } } }'
CONFIRM = """mutation ($factor: ID!, $code: String!) {
  confirmMfa(input: {factorId: $factor, code: $code}) {
    session { accessToken refreshToken } recoveryCodes userErrors { code }
  }
}"""
COMPLETE = """mutation ($input: CompleteMfaInput!) {
  completeMfa(input: $input) { session { accessToken deviceToken } viewer { role } userErrors { code } }
}"""
STEP_UP = "mutation ($input: StepUpInput!) { stepUp(input: $input) { session { accessToken } userErrors { code } } }"
MFA = "{ mfa { factors { id name } recoveryCodesLeft } }"
ADA = "ada@example.org"


def code_at(secret: str, *, steps: int = 0) -> str:
    """What an app shows, so many steps from now."""
    return TOTP(secret).at(int(time.time()) + 30 * steps)


class Person:
    """Somebody with an authenticator app, who has signed in before they had it."""

    def __init__(self, ask: Ask, tenant: Tenant, confirmed: dict[str, Any], secret: str, factor_id: str) -> None:
        self.ask = ask
        self.tenant = tenant
        self.secret = secret
        self.factor_id = factor_id
        self.token: str = confirmed["session"]["accessToken"]
        self.recovery_codes: list[str] = confirmed["recoveryCodes"]

    async def sign_in(self, **changes: Any) -> dict[str, Any]:
        """What the password gives."""
        given = {"tenant": self.tenant.slug, "email": ADA, "password": PASSWORD, **changes}
        return (await self.ask(SIGN_IN, {"input": given}))["data"]["signIn"]

    async def complete(self, challenge: str, code: str, **changes: Any) -> dict[str, Any]:
        """The answer to a second factor."""
        given = {"tenant": self.tenant.slug, "challenge": challenge, "code": code, **changes}
        return await self.ask(COMPLETE, {"input": given})


@pytest.fixture
async def ada(ask: Ask, enter: Enter, tenant: Tenant, sessions: Sessions) -> Person:
    """Ada, whose app's codes are all fresh."""
    opened = await enter(ADA)
    enrolled = (await ask(ENROLL, token=opened["accessToken"]))["data"]["enrollMfa"]
    given = {"factor": enrolled["factorId"], "code": code_at(enrolled["secret"])}
    confirmed = (await ask(CONFIRM, given, token=opened["accessToken"]))["data"]["confirmMfa"]
    async with unit_of_work(sessions, tenant.caller()) as session:
        await session.execute(sa.update(TotpFactor).values(last_step=None))
    return Person(ask, tenant, confirmed, enrolled["secret"], enrolled["factorId"])


def refusal(answer: dict[str, Any], field: str = "completeMfa") -> str:
    [error] = answer["data"][field]["userErrors"]
    return error["code"]


class TestEnrolling:
    async def test_shows_the_secret_until_it_is_confirmed(self, ask: Ask, enter: Enter) -> None:
        token = (await enter(ADA))["accessToken"]
        enrolled = (await ask(ENROLL, token=token))["data"]["enrollMfa"]
        assert enrolled["uri"].startswith("otpauth://totp/Studium%20%28")
        assert enrolled["secret"] in enrolled["uri"]
        assert (await ask(MFA, token=token))["data"]["mfa"] == {"factors": [], "recoveryCodesLeft": 0}

    async def test_counts_once_a_code_has_confirmed_it(
        self, ask: Ask, ada: Person, own_verifier: TokenVerifier
    ) -> None:
        shown = (await ask(MFA, token=ada.token))["data"]["mfa"]
        assert shown == {"factors": [{"id": ada.factor_id, "name": "Phone"}], "recoveryCodesLeft": 10}
        assert len(set(ada.recovery_codes)) == 10
        assert (await own_verifier.caller(ada.token)).acr == "aal2"

    async def test_a_wrong_code_confirms_nothing(self, ask: Ask, enter: Enter) -> None:
        token = (await enter(ADA))["accessToken"]
        enrolled = (await ask(ENROLL, token=token))["data"]["enrollMfa"]
        given = {"factor": enrolled["factorId"], "code": code_at(enrolled["secret"], steps=50)}
        assert refusal(await ask(CONFIRM, given, token=token), "confirmMfa") == "CODE_INVALID"
        assert (await enter(ADA))["accessToken"]

    async def test_ends_sessions_that_were_opened_without_it(self, ask: Ask, enter: Enter) -> None:
        stolen, own = await enter(ADA), await enter(ADA)
        enrolled = (await ask(ENROLL, token=own["accessToken"]))["data"]["enrollMfa"]
        given = {"factor": enrolled["factorId"], "code": code_at(enrolled["secret"])}
        await ask(CONFIRM, given, token=own["accessToken"])
        refresh = (
            "mutation ($token: String!) { refreshSession(input: {refreshToken: $token}) { session { expiresAt } } }"
        )
        assert code_of(await ask(refresh, {"token": stolen["refreshToken"]})) == "REFRESH_TOKEN_INVALID"
        assert (await ask(refresh, {"token": own["refreshToken"]}))["data"]["refreshSession"]["session"]

    async def test_secrets_and_codes_are_not_kept_in_the_clear(
        self, ada: Person, sessions: Sessions, tenant: Tenant
    ) -> None:
        async with sessions.read(tenant.caller()) as session:
            [factor] = await session.scalars(sa.select(TotpFactor))
            digests = list(await session.scalars(sa.select(RecoveryCode.digest)))
        assert ada.secret not in factor.sealed_secret.sealed
        assert not {code.replace("-", "").encode() for code in ada.recovery_codes} & set(digests)

    async def test_of_somebody_else_is_not_there(self, ask: Ask, ada: Person, enter: Enter) -> None:
        bob = (await enter("bob@example.org"))["accessToken"]
        given = {"factor": ada.factor_id, "code": code_at(ada.secret)}
        assert code_of(await ask(CONFIRM, given, token=bob)) == "NOT_FOUND"
        remove = "mutation ($factor: ID!) { removeMfa(input: {factorId: $factor}) { factorId } }"
        assert code_of(await ask(remove, {"factor": ada.factor_id}, token=bob)) == "NOT_FOUND"
        removed = await ask(remove, {"factor": ada.factor_id}, token=ada.token)
        assert removed["data"]["removeMfa"]["factorId"] == ada.factor_id
        assert (await ask(MFA, token=ada.token))["data"]["mfa"] == {"factors": [], "recoveryCodesLeft": 0}


class TestSigningIn:
    async def test_waits_for_the_second_factor(self, ada: Person, own_verifier: TokenVerifier) -> None:
        waiting = await ada.sign_in()
        assert waiting["session"] is None
        assert waiting["challenge"]["methods"] == ["TOTP", "RECOVERY_CODE"]
        answer = await ada.complete(waiting["challenge"]["code"], code_at(ada.secret))
        caller = await own_verifier.caller(answer["data"]["completeMfa"]["session"]["accessToken"])
        assert caller.acr == "aal2"

    @pytest.mark.parametrize(("steps", "accepted"), [(0, True), (1, True), (-3, False), (3, False)])
    async def test_takes_codes_of_now_and_lets_clocks_be_ahead_by_one_step(
        self, ada: Person, steps: int, *, accepted: bool
    ) -> None:
        waiting = await ada.sign_in()
        answer = await ada.complete(waiting["challenge"]["code"], code_at(ada.secret, steps=steps))
        assert (answer["data"]["completeMfa"]["session"] is not None) is accepted

    async def test_takes_a_code_once_even_in_its_time(self, ada: Person) -> None:
        code = code_at(ada.secret, steps=1)
        first, second = await ada.sign_in(), await ada.sign_in()
        answers = await asyncio.gather(*(ada.complete(each["challenge"]["code"], code) for each in (first, second)))
        opened = [answer for answer in answers if answer["data"]["completeMfa"]["session"]]
        assert len(opened) == 1
        assert sorted(len(answer["data"]["completeMfa"]["userErrors"]) for answer in answers) == [0, 1]

    async def test_takes_no_code_older_than_the_last(self, ada: Person) -> None:
        await ada.complete((await ada.sign_in())["challenge"]["code"], code_at(ada.secret, steps=1))
        older = await ada.complete((await ada.sign_in())["challenge"]["code"], code_at(ada.secret))
        assert refusal(older) == "CODE_INVALID"

    async def test_takes_each_recovery_code_once(self, ask: Ask, ada: Person) -> None:
        code = f" {ada.recovery_codes[3].upper()} "
        answer = await ada.complete((await ada.sign_in())["challenge"]["code"], code)
        assert answer["data"]["completeMfa"]["session"]
        assert refusal(await ada.complete((await ada.sign_in())["challenge"]["code"], code)) == "CODE_INVALID"
        assert (await ask(MFA, token=ada.token))["data"]["mfa"]["recoveryCodesLeft"] == 9

    async def test_renewed_recovery_codes_replace_those_before(self, ask: Ask, ada: Person) -> None:
        renew = "mutation { renewRecoveryCodes(input: {}) { recoveryCodes } }"
        renewed = (await ask(renew, token=ada.token))["data"]["renewRecoveryCodes"]["recoveryCodes"]
        challenge = (await ada.sign_in())["challenge"]["code"]
        assert refusal(await ada.complete(challenge, ada.recovery_codes[0])) == "CODE_INVALID"
        assert (await ada.complete(challenge, renewed[0]))["data"]["completeMfa"]["session"]

    async def test_a_challenge_is_passed_once(self, ada: Person) -> None:
        challenge = (await ada.sign_in())["challenge"]["code"]
        assert (await ada.complete(challenge, code_at(ada.secret)))["data"]["completeMfa"]["session"]
        again = await ada.complete(challenge, code_at(ada.secret, steps=1))
        assert refusal(again) == "CHALLENGE_INVALID"

    async def test_sent_again_with_its_key_keeps_the_session(self, ada: Person, own_verifier: TokenVerifier) -> None:
        challenge, code = (await ada.sign_in())["challenge"]["code"], code_at(ada.secret)
        answers = [await ada.complete(challenge, code, idempotencyKey="k") for _ in range(2)]
        tokens = [answer["data"]["completeMfa"]["session"]["accessToken"] for answer in answers]
        opened = {(await own_verifier.caller(token)).session_id for token in tokens}
        assert len(opened) == 1

    async def test_a_challenge_expires(self, ada: Person, sessions: Sessions, tenant: Tenant) -> None:
        challenge = (await ada.sign_in())["challenge"]["code"]
        async with unit_of_work(sessions, tenant.caller()) as session:
            await session.execute(sa.update(MfaChallenge).values(expires_at=sa.func.now()))
        assert refusal(await ada.complete(challenge, code_at(ada.secret))) == "CHALLENGE_INVALID"

    @pytest.mark.parametrize(
        "made_up",
        ["", "nonsense", CODES.challenges.sign(uuid7()), "\ud800"],
        ids=["empty", "nonsense", "well-formed", "half a character"],
    )
    async def test_a_challenge_that_was_made_up_is_none(self, ada: Person, made_up: str) -> None:
        assert refusal(await ada.complete(made_up, code_at(ada.secret))) == "CHALLENGE_INVALID"

    async def test_a_challenge_of_another_tenant_is_none(self, ada: Person, other_tenant: Tenant) -> None:
        challenge = (await ada.sign_in())["challenge"]["code"]
        elsewhere = await ada.complete(challenge, code_at(ada.secret), tenant=other_tenant.slug)
        assert refusal(elsewhere) == "CHALLENGE_INVALID"

    async def test_guessing_codes_has_to_wait_whatever_the_challenge(self, ada: Person) -> None:
        for _ in range(2):
            challenge = (await ada.sign_in())["challenge"]["code"]
            answers = [await ada.complete(challenge, "000000") for _ in range(FREE_ATTEMPTS // 2)]
            assert {refusal(answer) for answer in answers} == {"CODE_INVALID"}
        challenge = (await ada.sign_in())["challenge"]["code"]
        assert code_of(await ada.complete(challenge, code_at(ada.secret))) == "TOO_MANY_ATTEMPTS"


class TestStepUp:
    async def test_is_wanted_some_time_after_signing_in(
        self, ask: Ask, enter: Enter, sessions: Sessions, tenant: Tenant
    ) -> None:
        opened = await enter(ADA)
        await shift(sessions, tenant, authenticated_at=-timedelta(seconds=MAX_AGE_SECONDS + 1))
        refresh = (
            "mutation ($token: String!) { refreshSession(input: {refreshToken: $token}) { session { accessToken } } }"
        )
        later = await ask(refresh, {"token": opened["refreshToken"]})
        token = later["data"]["refreshSession"]["session"]["accessToken"]
        assert code_of(await ask(ENROLL, token=token)) == "STEP_UP_REQUIRED"
        proved = await ask(STEP_UP, {"input": {"password": PASSWORD}}, token=token)
        fresh = proved["data"]["stepUp"]["session"]["accessToken"]
        assert (await ask(ENROLL, token=fresh))["data"]["enrollMfa"]["secret"]

    async def test_a_wrong_password_proves_nothing(self, ask: Ask, enter: Enter) -> None:
        token = (await enter(ADA))["accessToken"]
        answer = await ask(STEP_UP, {"input": {"password": "battery staple"}}, token=token)
        assert refusal(answer, "stepUp") == "CODE_INVALID"

    async def test_the_password_is_not_enough_for_who_has_a_second_factor(self, ask: Ask, ada: Person) -> None:
        answer = await ask(STEP_UP, {"input": {"password": PASSWORD}}, token=ada.token)
        assert refusal(answer, "stepUp") == "CODE_INVALID"
        answer = await ask(STEP_UP, {"input": {"code": code_at(ada.secret)}}, token=ada.token)
        assert answer["data"]["stepUp"]["session"]["accessToken"]

    async def test_of_a_session_that_has_ended_is_refused(self, ask: Ask, enter: Enter) -> None:
        token = (await enter(ADA))["accessToken"]
        await ask("mutation { signOut(input: {}) { sessionId } }", token=token)
        assert code_of(await ask(STEP_UP, {"input": {"password": PASSWORD}}, token=token)) == "UNAUTHENTICATED"

    async def test_a_token_that_says_nothing_of_a_proof_is_not_enough(
        self, ask: Ask, tenant: Tenant, token_of: Callable[[Caller], str]
    ) -> None:
        assert code_of(await ask(ENROLL, token=token_of(tenant.caller("learn")))) == "STEP_UP_REQUIRED"

    @pytest.mark.parametrize("acting", [{"client_id": uuid7()}, {"impersonator_id": UserId(uuid7())}])
    def test_programs_and_those_in_anothers_name_cannot(self, tenant: Tenant, acting: dict[str, UUID]) -> None:
        proved = replace(tenant.caller(), auth_time=int(time.time()))
        require_fresh_proof(proved)
        with pytest.raises(StepUpRequired):
            require_fresh_proof(replace(proved, **acting))


class TestVerify:
    async def test_goes_by_the_time_it_is_given(self, ada: Person, sessions: Sessions, tenant: Tenant) -> None:
        """A code is right for one step more than its own, and once."""
        moment = datetime(2031, 5, 17, tzinfo=UTC)
        code = TOTP(ada.secret).at(moment)
        async with unit_of_work(sessions, tenant.caller()) as session:
            [factor] = await session.scalars(sa.select(TotpFactor))
            for late, accepted in ((60, False), (30, True), (0, False)):
                method = await mfa_factors.verify(
                    session, CODES, KEYS, factor.user_id, code, moment + timedelta(seconds=late)
                )
                assert (method == "otp") is accepted
