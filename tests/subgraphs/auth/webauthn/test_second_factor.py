"""Passkeys beside a password: as the second factor of a sign-in, and to prove again who one is."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from shared.database import Sessions
from shared.events.outbox import OutboxRow
from shared.mail import FolderMailer
from shared.roles import Role
from shared.tenancy.registry import Registry
from shared.tokens import TokenVerifier
from subgraphs.auth.consumers import mailing
from subgraphs.auth.models import Passkey, RecoveryCode, SignInSession
from subgraphs.auth.service.mailing import LinkPost
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.subgraphs.auth.sign_in.conftest import CODES, PASSWORD, SIGN_IN, Enter, enter
from tests.subgraphs.auth.sign_in.test_mfa import COMPLETE, STEP_UP
from tests.subgraphs.auth.sign_in.test_recovery import RESET, enter_known
from tests.subgraphs.auth.webauthn.authenticator import PRESENT, Authenticator
from tests.subgraphs.auth.webauthn.conftest import FINISH, Begin
from tests.subgraphs.auth.webauthn.test_sign_in import started
from tests.subgraphs.conftest import code_of
from tests.tenants import Control, Tenant

__all__ = ["enter"]

ADA, BOB = "ada@example.org", "bob@example.org"
START = """mutation ($input: StartPasskeySecondFactorInput!) {
  startPasskeySecondFactor(input: $input) { ceremony { challengeId options } userErrors { code } }
}"""
START_STEP_UP = """mutation {
  startPasskeyStepUp(input: {}) { ceremony { challengeId options } userErrors { code } }
}"""
FINISH_WITH_CODES = FINISH.replace("userErrors", "recoveryCodes userErrors")
REFRESH = "mutation ($token: String!) { refreshSession(input: {refreshToken: $token}) { session { expiresAt } } }"
REMOVE = "mutation ($id: ID!) { removePasskey(input: {id: $id}) { passkeyId } }"


def refusals(answer: dict[str, Any]) -> list[str]:
    [payload] = answer["data"].values()
    return [error["code"] for error in payload["userErrors"]]


def subjects(folder: Path) -> set[str]:
    """Of what was mailed."""
    return {message_from_bytes(path.read_bytes(), policy=default)["subject"] for path in folder.glob("*.eml")}


@dataclass
class Person:
    """Somebody with a password and a passkey."""

    ask: Ask
    tenant: Tenant
    email: str
    token: str
    key: Authenticator
    added: dict[str, Any]

    async def sign_in(self) -> dict[str, Any]:
        """What the password gives."""
        given = {"tenant": self.tenant.slug, "email": self.email, "password": PASSWORD}
        return (await self.ask(SIGN_IN, {"input": given}))["data"]["signIn"]

    async def waiting(self) -> str:
        """The code of a sign-in that waits."""
        return (await self.sign_in())["challenge"]["code"]

    async def begin(self, challenge: str) -> dict[str, Any]:
        given = {"tenant": self.tenant.slug, "challenge": challenge}
        return (await self.ask(START, {"input": given}))["data"]["startPasskeySecondFactor"]["ceremony"]

    async def complete(self, challenge: str, ceremony: dict[str, Any], credential: Any, **more: Any) -> dict[str, Any]:
        answer = {"challengeId": ceremony["challengeId"], "credential": credential}
        given = {"tenant": self.tenant.slug, "challenge": challenge, "passkey": answer, **more}
        return await self.ask(COMPLETE, {"input": given})

    async def step_up(self, ceremony: dict[str, Any], credential: Any) -> dict[str, Any]:
        answer = {"challengeId": ceremony["challengeId"], "credential": credential}
        return await self.ask(STEP_UP, {"input": {"passkey": answer}}, token=self.token)

    async def started_step_up(self) -> dict[str, Any]:
        return (await self.ask(START_STEP_UP, token=self.token))["data"]["startPasskeyStepUp"]["ceremony"]


@pytest.fixture
def person(ask: Ask, enter: Enter, begin: Begin, tenant: Tenant) -> Callable[[str], Awaitable[Person]]:
    """Somebody who has added a key that nobody has to unlock."""

    async def add(email: str) -> Person:
        token, key = (await enter(email))["accessToken"], Authenticator(flags=PRESENT)
        ceremony = await begin(token)
        given = {"challengeId": ceremony["challengeId"], "credential": key.create(ceremony["options"])}
        answer = await ask(FINISH_WITH_CODES, {"input": given}, token=token)
        return Person(ask, tenant, email, token, key, answer["data"]["finishPasskeyRegistration"])

    return add


@pytest.fixture
async def ada(person: Callable[[str], Awaitable[Person]]) -> Person:
    return await person(ADA)


class TestAfterAPassword:
    async def test_is_asked_for_and_makes_two_factors(
        self, ada: Person, own_verifier: TokenVerifier, sessions: Sessions
    ) -> None:
        entered = await ada.sign_in()
        assert (entered["session"], entered["challenge"]["methods"]) == (None, ["WEBAUTHN", "RECOVERY_CODE"])
        code = entered["challenge"]["code"]
        ceremony = await ada.begin(code)
        [allowed] = ceremony["options"]["allowCredentials"]
        credential = ada.key.get(ceremony["options"])
        assert (allowed["id"], ceremony["options"]["userVerification"]) == (credential["id"], "preferred")
        first, again = [await ada.complete(code, ceremony, credential, idempotencyKey="k") for _ in range(2)]
        assert refusals(first) == refusals(again) == []
        caller = await own_verifier.caller(first["data"]["completeMfa"]["session"]["accessToken"])
        assert caller.acr == "aal2"
        async with sessions.read(ada.tenant.caller()) as session:
            opened = await session.get(SignInSession, caller.session_id)
        assert opened is not None
        assert set(opened.amr) == {"pwd", "hwk", "mfa"}
        assert refusals(await ada.complete(code, ceremony, credential)) == ["CHALLENGE_INVALID"]

    async def test_refuses_what_is_not_right(self, ada: Person, sessions: Sessions) -> None:
        code = await ada.waiting()
        for changes in (
            {"origin": "https://localhost.example"},
            {"rp_id": "example.org"},
            {"flags": 0},
            {"key": Authenticator().key},
            {"credential_id": b"unknown"},
        ):
            ceremony = await ada.begin(code)
            wrong = replace(ada.key, **changes).get(ceremony["options"])
            assert refusals(await ada.complete(code, ceremony, wrong)) == ["PASSKEY_INVALID"], changes
            right = ada.key.get(ceremony["options"])
            assert refusals(await ada.complete(code, ceremony, right)) == ["PASSKEY_INVALID"], "answered once"
        async with sessions.read(ada.tenant.caller()) as session:
            told = list(await session.scalars(sa.select(OutboxRow.topic)))
        assert told.count("auth.access-refused.v1") == 10

    async def test_of_somebody_else_or_another_sign_in_is_no_factor(
        self, ada: Person, person: Callable[[str], Awaitable[Person]], ask: Ask
    ) -> None:
        bob, one, other = await person(BOB), await ada.waiting(), await ada.waiting()
        ceremony = await ada.begin(one)
        assert refusals(await ada.complete(one, ceremony, bob.key.get(ceremony["options"]))) == ["PASSKEY_INVALID"]
        ceremony = await ada.begin(other)
        assert refusals(await ada.complete(one, ceremony, ada.key.get(ceremony["options"]))) == ["PASSKEY_INVALID"]
        ceremony = await ada.started_step_up()
        assert refusals(await ada.complete(one, ceremony, ada.key.get(ceremony["options"]))) == ["PASSKEY_INVALID"]
        ceremony = await started(ask, ada.tenant)
        assert refusals(await ada.complete(one, ceremony, ada.key.get(ceremony["options"]))) == ["PASSKEY_INVALID"]

    async def test_nothing_is_told_of_sign_ins_that_do_not_wait(self, ada: Person, ask: Ask) -> None:
        given = {"tenant": ada.tenant.slug, "challenge": "made up"}
        assert refusals(await ask(START, {"input": given})) == ["CHALLENGE_INVALID"]
        nothing = {"tenant": ada.tenant.slug, "challenge": await ada.waiting()}
        assert code_of(await ask(COMPLETE, {"input": nothing})) == "BAD_USER_INPUT"

    async def test_a_copied_key_does_not_open_the_door_to_the_password_alone(
        self, ada: Person, sessions: Sessions
    ) -> None:
        for count in (9, 3):
            code = await ada.waiting()
            ceremony = await ada.begin(code)
            ada.key.sign_count = count
            answer = await ada.complete(code, ceremony, ada.key.get(ceremony["options"]))
        assert refusals(answer) == ["PASSKEY_INVALID"]
        async with sessions.read(ada.tenant.caller()) as session:
            assert await session.scalar(sa.select(Passkey.suspected_at)) is not None
        entered = await ada.sign_in()
        assert (entered["session"], entered["userErrors"]) == (None, [])
        begun = await ada.ask(START, {"input": {"tenant": ada.tenant.slug, "challenge": entered["challenge"]["code"]}})
        assert code_of(begun) == "NOT_FOUND"


class TestRecovery:
    async def test_the_first_comes_with_codes_and_ends_other_sessions(
        self, ask: Ask, enter: Enter, person: Callable[[str], Awaitable[Person]]
    ) -> None:
        stolen = await enter(ADA)
        ada = await person(ADA)
        assert code_of(await ask(REFRESH, {"token": stolen["refreshToken"]})) == "REFRESH_TOKEN_INVALID"
        assert len(set(ada.added["recoveryCodes"])) == 10
        given = {"tenant": ada.tenant.slug, "challenge": await ada.waiting(), "code": ada.added["recoveryCodes"][0]}
        assert refusals(await ask(COMPLETE, {"input": given})) == []

    async def test_codes_go_with_the_last(self, ask: Ask, ada: Person, sessions: Sessions) -> None:
        removed = await ask(REMOVE, {"id": ada.added["passkey"]["id"]}, token=ada.token)
        assert removed["data"]["removePasskey"]["passkeyId"]
        async with sessions.read(ada.tenant.caller()) as session:
            assert not list(await session.scalars(sa.select(RecoveryCode.digest)))
        assert (await ada.sign_in())["session"]

    async def test_their_owner_is_told_by_mail(
        self, ask: Ask, ada: Person, sessions: Sessions, control: Control, tmp_path: Path
    ) -> None:
        await ask(REMOVE, {"id": ada.added["passkey"]["id"]}, token=ada.token)
        registry = Registry.create(control.login_url("auth"))
        handlers = mailing(
            LinkPost(FolderMailer(tmp_path), "studium@example.org", CODES, registry, "https://x.example")
        )
        async with sessions.read(ada.tenant.caller()) as session:
            told = list(await session.scalars(sa.select(OutboxRow).where(OutboxRow.topic.in_(handlers))))
            for row in told:
                handler = handlers[row.topic]
                await handler.handle(session, msgspec.convert(row.payload, handler.payload))
        await registry.aclose()
        slug = ada.tenant.slug
        assert subjects(tmp_path) == {f"A passkey was added · {slug}", f"A passkey was taken away · {slug}"}

    async def test_whoever_looks_after_people_takes_lost_ones_away(
        self, ask: Ask, ada: Person, add_account: AddAccount
    ) -> None:
        await add_account(ada.tenant, "olga@example.org", PASSWORD, Role.OWNER)
        ada_id = (await ask("{ viewer { user { id } } }", token=ada.token))["data"]["viewer"]["user"]["id"]
        olga, asked = await enter_known(ask, ada.tenant, "olga@example.org"), {"userId": ada_id, "reason": "Passport"}
        assert refusals(await ask(RESET, {"input": asked}, token=olga)) == []
        assert (await ada.sign_in())["session"]


class TestStepUp:
    async def test_says_who_it_is_again(self, ada: Person, own_verifier: TokenVerifier) -> None:
        ceremony, before = await ada.started_step_up(), int(time.time())
        proved = await ada.step_up(ceremony, ada.key.get(ceremony["options"]))
        caller = await own_verifier.caller(proved["data"]["stepUp"]["session"]["accessToken"])
        assert caller.acr == "aal2"
        assert caller.auth_time is not None
        assert caller.auth_time >= before

    async def test_takes_no_password_and_nobody_elses_key(
        self, ask: Ask, ada: Person, person: Callable[[str], Awaitable[Person]]
    ) -> None:
        by_password = await ask(STEP_UP, {"input": {"password": PASSWORD}}, token=ada.token)
        assert refusals(by_password) == ["CODE_INVALID"]
        bob, ceremony = await person(BOB), await ada.started_step_up()
        assert refusals(await ada.step_up(ceremony, bob.key.get(ceremony["options"]))) == ["PASSKEY_INVALID"]
        ceremony = await ada.started_step_up()
        assert refusals(await bob.step_up(ceremony, ada.key.get(ceremony["options"]))) == ["PASSKEY_INVALID"]
        nothing = await ask(STEP_UP, {"input": {}}, token=ada.token)
        assert code_of(nothing) == "BAD_USER_INPUT"
