"""Signing in with a passkey alone."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa

from shared.caller import Caller
from shared.database import Sessions
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.tenancy.policies import WayIn
from shared.tokens import TokenVerifier
from subgraphs.auth.models import Passkey, SignInSession
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.auth.webauthn.authenticator import BACKED_UP, ELIGIBLE, PRESENT, VERIFIED, Authenticator
from tests.subgraphs.auth.webauthn.conftest import Register, SignedIn
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

START = """mutation ($input: StartPasskeySignInInput!) {
  startPasskeySignIn(input: $input) { ceremony { challengeId options } userErrors { code } }
}"""
FINISH = """mutation ($input: FinishPasskeySignInInput!) {
  finishPasskeySignIn(input: $input) {
    session { accessToken refreshToken } viewer { user { id } } challenge { code } userErrors { code }
  }
}"""
INVALID = {"session": None, "viewer": None, "challenge": None, "userErrors": [{"code": "PASSKEY_INVALID"}]}

TokenOf = Callable[[Caller], str]
Enter: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]


async def started(ask: Ask, tenant: Tenant) -> dict[str, Any]:
    return (await ask(START, {"input": {"tenant": tenant.slug}}))["data"]["startPasskeySignIn"]["ceremony"]


async def answered(ask: Ask, tenant: Tenant, ceremony: dict[str, Any], credential: Any, **more: Any) -> dict[str, Any]:
    given = {"tenant": tenant.slug, "challengeId": ceremony["challengeId"], "credential": credential, **more}
    return (await ask(FINISH, {"input": given}))["data"]["finishPasskeySignIn"]


@pytest.fixture
def enter(ask: Ask, tenant: Tenant) -> Enter:
    """What comes of signing in with an authenticator."""

    async def sign_in(authenticator: Authenticator, where: Tenant = tenant) -> dict[str, Any]:
        ceremony = await started(ask, where)
        return await answered(ask, where, ceremony, authenticator.get(ceremony["options"]))

    return sign_in


@pytest.fixture
async def known(register: Register, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant) -> Authenticator:
    """An authenticator that somebody has added."""
    authenticator = Authenticator()
    await register(token_of(await signed_in(tenant)), authenticator)
    return authenticator


class TestSignIn:
    async def test_opens_a_session_of_two_factors(
        self,
        enter: Enter,
        register: Register,
        signed_in: SignedIn,
        token_of: TokenOf,
        tenant: Tenant,
        sessions: Sessions,
        own_verifier: TokenVerifier,
    ) -> None:
        ada, authenticator = await signed_in(tenant), Authenticator()
        await register(token_of(ada), authenticator)
        entered = await enter(authenticator)
        assert (entered["viewer"]["user"], entered["challenge"]) == ({"id": str(ada.user_id)}, None)
        assert entered["session"]["refreshToken"]
        caller = await own_verifier.caller(entered["session"]["accessToken"])
        assert (caller.user_id, caller.acr) == (ada.user_id, "aal2")
        async with sessions.read(tenant.caller()) as session:
            opened = await session.get(SignInSession, caller.session_id)
            [passkey] = await session.scalars(sa.select(Passkey))
        assert opened is not None
        assert (opened.way, set(opened.amr)) == (WayIn.PASSKEY, {"hwk", "mfa", "user"})
        assert passkey.sign_count == 1
        assert passkey.last_used_at

    async def test_says_nothing_of_who_has_a_passkey(self, ask: Ask, known: Authenticator, tenant: Tenant) -> None:
        options = (await started(ask, tenant))["options"]
        assert options["allowCredentials"] == []
        assert options["userVerification"] == "required"
        assert options["rpId"] == "localhost"

    async def test_needs_a_tenant_that_is_there(self, ask: Ask, tenant: Tenant) -> None:
        assert code_of(await ask(START, {"input": {"tenant": "nowhere"}})) == "TENANT_NOT_FOUND"

    async def test_refuses_what_is_not_right_in_one_way(self, enter: Enter, known: Authenticator) -> None:
        dishonest: tuple[dict[str, Any], ...] = (
            {"flags": PRESENT},
            {"flags": VERIFIED},
            {"flags": PRESENT | VERIFIED | ELIGIBLE},
            {"flags": PRESENT | VERIFIED | ELIGIBLE | BACKED_UP},
            {"origin": "https://localhost.example"},
            {"rp_id": "example.org"},
            {"client_data": {"type": "webauthn.create"}},
            {"client_data": {"challenge": "AAAA"}},
            {"client_data": {"crossOrigin": True}},
            {"handle": None},
            {"handle": b"somebody else"},
            {"credential_id": b"unknown"},
            {"key": Authenticator().key},
        )
        for changes in dishonest:
            assert await enter(replace(known, **changes)) == INVALID, changes
        assert (await enter(known))["userErrors"] == []

    async def test_a_key_that_nobody_has_to_unlock_is_not_enough(
        self, enter: Enter, register: Register, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        authenticator = Authenticator(flags=PRESENT)
        await register(token_of(await signed_in(tenant)), authenticator)
        assert await enter(authenticator) == INVALID

    async def test_an_answer_counts_once(self, ask: Ask, known: Authenticator, tenant: Tenant) -> None:
        ceremony = await started(ask, tenant)
        credential = known.get(ceremony["options"])
        first = await answered(ask, tenant, ceremony, credential, idempotencyKey="k")
        assert first["userErrors"] == []
        assert await answered(ask, tenant, ceremony, credential, idempotencyKey="k") == INVALID

    async def test_a_wrong_answer_ends_the_challenge(self, ask: Ask, known: Authenticator, tenant: Tenant) -> None:
        ceremony = await started(ask, tenant)
        wrong = replace(known, origin="https://localhost.example")
        assert await answered(ask, tenant, ceremony, wrong.get(ceremony["options"])) == INVALID
        assert await answered(ask, tenant, ceremony, known.get(ceremony["options"])) == INVALID

    async def test_a_passkey_of_another_tenant_is_unknown(
        self, ask: Ask, enter: Enter, known: Authenticator, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        assert await enter(known, other_tenant) == INVALID
        ceremony = await started(ask, other_tenant)
        assert await answered(ask, tenant, ceremony, known.get(ceremony["options"])) == INVALID

    async def test_a_challenge_for_adding_a_passkey_is_none_for_signing_in(
        self,
        ask: Ask,
        begin: Callable[[str], Awaitable[dict[str, Any]]],
        known: Authenticator,
        signed_in: SignedIn,
        token_of: TokenOf,
        tenant: Tenant,
    ) -> None:
        ceremony = await begin(token_of(await signed_in(tenant)))
        credential = known.get({"rpId": "localhost", "challenge": ceremony["options"]["challenge"]})
        assert await answered(ask, tenant, ceremony, credential) == INVALID

    async def test_refuses_what_is_no_answer_at_all(self, ask: Ask, tenant: Tenant) -> None:
        nonsense: tuple[dict[str, Any], ...] = ({}, {"id": "x"}, {"id": "A" * 40_000})
        for credential in nonsense:
            assert await answered(ask, tenant, await started(ask, tenant), credential) == INVALID

    async def test_a_challenge_that_nobody_made_is_refused(
        self, ask: Ask, known: Authenticator, tenant: Tenant
    ) -> None:
        options = (await started(ask, tenant))["options"]
        made_up = {"challengeId": str(uuid7())}
        assert await answered(ask, tenant, made_up, known.get(options)) == INVALID


class TestCopies:
    async def test_a_key_that_counts_backwards_is_accepted_no_more(
        self, enter: Enter, known: Authenticator, tenant: Tenant, sessions: Sessions
    ) -> None:
        for count in (9, 4, 99):
            known.sign_count = count
            entered = await enter(known)
            assert (entered == INVALID) == (count != 9)
        async with sessions.read(tenant.caller()) as session:
            [passkey] = await session.scalars(sa.select(Passkey))
            told = list(await session.scalars(sa.select(OutboxRow.topic)))
        assert passkey.suspected_at is not None
        assert told.count("auth.passkey-suspected.v1") == 1

    async def test_nobody_raises_suspicion_without_the_key(self, enter: Enter, known: Authenticator) -> None:
        known.sign_count = 9
        await enter(known)
        forged = replace(known, sign_count=1, key=Authenticator().key)
        assert await enter(forged) == INVALID
        assert (await enter(known))["userErrors"] == []

    async def test_a_key_that_does_not_count_is_accepted_again_and_again(
        self, enter: Enter, register: Register, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        authenticator = Authenticator(counts=False)
        await register(token_of(await signed_in(tenant)), authenticator)
        for _ in range(2):
            assert (await enter(authenticator))["userErrors"] == []
