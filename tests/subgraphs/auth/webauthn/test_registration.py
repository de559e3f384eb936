"""Passkeys are added by whoever has them, in answer to a challenge that was made for them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from subgraphs.auth.models import Passkey, WebAuthnChallenge
from subgraphs.auth.service import webauthn as service
from subgraphs.auth.service.webauthn_challenges import relying_party
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.auth.webauthn.authenticator import BACKED_UP, ELIGIBLE, PRESENT, VERIFIED, Authenticator, decoded
from tests.subgraphs.auth.webauthn.conftest import FINISH, START, Begin, Register, SignedIn
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

LIST = "{ passkeys { id name signsInAlone synced } }"
RENAME = """mutation ($input: RenamePasskeyInput!) {
  renamePasskey(input: $input) { passkey { name } userErrors { code } }
}"""
REMOVE = """mutation ($input: RemovePasskeyInput!) {
  removePasskey(input: $input) { passkeyId userErrors { code } }
}"""

TokenOf = Callable[[Caller], str]
INVALID = {"passkey": None, "userErrors": [{"code": "PASSKEY_INVALID"}]}


class TestStart:
    async def test_asks_for_a_passkey_of_the_viewers_that_they_have_not_yet(
        self, begin: Begin, register: Register, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada = await signed_in(tenant)
        first = Authenticator()
        await register(token_of(ada), first)
        options = (await begin(token_of(ada)))["options"]
        assert options["rp"] == {"id": "localhost", "name": tenant.slug}
        assert decoded(options["user"]["id"]) == tenant.id.bytes + ada.require_user().bytes
        assert [decoded(each["id"]) for each in options["excludeCredentials"]] == [first.credential_id]
        assert options["attestation"] == "none"
        assert len(decoded(options["challenge"])) == 32

    async def test_each_challenge_is_another_unless_the_request_is_repeated(
        self, begin: Begin, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        token = token_of(await signed_in(tenant))
        first, again, other = [await begin(token, idempotencyKey=key) for key in ("k", "k", "l")]
        assert first == again
        assert first["options"]["challenge"] != other["options"]["challenge"]

    async def test_those_nobody_answered_are_forgotten(
        self, begin: Begin, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, sessions: Sessions
    ) -> None:
        token = token_of(await signed_in(tenant))
        await begin(token)
        async with unit_of_work(sessions, tenant.caller()) as session:
            await session.execute(sa.update(WebAuthnChallenge).values(expires_at=datetime(2020, 1, 1, tzinfo=UTC)))
        await begin(token)
        async with sessions.read(tenant.caller()) as session:
            assert await session.scalar(sa.select(sa.func.count()).select_from(WebAuthnChallenge)) == 1

    async def test_is_for_people_in_a_session_of_their_own(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada = await signed_in(tenant)
        program = replace(ada, session_id=uuid7())
        assert code_of(await ask(START, {"input": {}}, token=token_of(program))) == "FORBIDDEN"
        assert code_of(await ask(LIST, token=token_of(program))) == "FORBIDDEN"
        assert code_of(await ask(START, {"input": {}})) == "UNAUTHENTICATED"

    async def test_nobody_has_more_than_they_can_tell_apart(
        self,
        ask: Ask,
        register: Register,
        signed_in: SignedIn,
        token_of: TokenOf,
        tenant: Tenant,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(service, "MOST", 1)
        token = token_of(await signed_in(tenant))
        await register(token, Authenticator())
        answer = await ask(START, {"input": {}}, token=token)
        assert answer["data"]["startPasskeyRegistration"]["userErrors"] == [{"code": "TOO_MANY_PASSKEYS"}]


class TestFinish:
    async def test_keeps_the_public_key_and_tells_it(
        self, ask: Ask, register: Register, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, sessions: Sessions
    ) -> None:
        token = token_of(await signed_in(tenant))
        authenticator = Authenticator()
        added = await register(token, authenticator, name="Phone")
        assert added["userErrors"] == []
        assert (added["passkey"]["name"], added["passkey"]["signsInAlone"]) == ("Phone", True)
        assert (await ask(LIST, token=token))["data"]["passkeys"] == [
            {"id": added["passkey"]["id"], "name": "Phone", "signsInAlone": True, "synced": False}
        ]
        async with sessions.read(tenant.caller()) as session:
            [row] = await session.scalars(sa.select(Passkey))
            told = list(await session.scalars(sa.select(OutboxRow.topic)))
        assert (row.credential_id, row.transports) == (authenticator.credential_id, ["internal"])
        assert told == ["auth.passkey-added.v1"]

    @pytest.mark.parametrize(
        ("flags", "alone", "synced"),
        [(PRESENT, False, False), (PRESENT | VERIFIED | ELIGIBLE | BACKED_UP, True, True)],
    )
    async def test_knows_what_kind_it_is(
        self,
        register: Register,
        signed_in: SignedIn,
        token_of: TokenOf,
        tenant: Tenant,
        flags: int,
        alone: bool,  # noqa: FBT001 - a parameter of the test
        synced: bool,  # noqa: FBT001 - the same
    ) -> None:
        added = (await register(token_of(await signed_in(tenant)), Authenticator(flags=flags)))["passkey"]
        assert (added["signsInAlone"], added["synced"]) == (alone, synced)

    async def test_refuses_what_is_not_right_in_one_way(
        self,
        register: Register,
        signed_in: SignedIn,
        token_of: TokenOf,
        tenant: Tenant,
    ) -> None:
        token = token_of(await signed_in(tenant))
        for dishonest in (
            Authenticator(origin="https://localhost.example"),
            Authenticator(origin="http://localhost:4001"),
            Authenticator(rp_id="example.org"),
            Authenticator(flags=VERIFIED),
            Authenticator(flags=PRESENT | BACKED_UP),
            Authenticator(client_data={"type": "webauthn.get"}),
            Authenticator(client_data={"challenge": "AAAA"}),
            Authenticator(client_data={"crossOrigin": True}),
            Authenticator(credential_id=b"x" * 1024),
        ):
            assert await register(token, dishonest) == INVALID, dishonest

    async def test_refuses_what_is_no_answer_at_all(
        self, register: Register, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        token = token_of(await signed_in(tenant))
        nonsense: tuple[dict[str, Any], ...] = (
            {},
            {"id": "x", "rawId": "y", "response": {}, "type": "public-key"},
            {
                "id": "AAAA",
                "rawId": "AAAA",
                "type": "public-key",
                "response": {"clientDataJSON": "AAAA", "attestationObject": "n5-fn5-f"},
            },
            {"id": "A" * 40_000},
        )
        for credential in nonsense:
            assert await register(token, Authenticator(), credential=credential) == INVALID

    async def test_a_challenge_is_answered_once_even_if_wrongly(
        self, ask: Ask, begin: Begin, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        token = token_of(await signed_in(tenant))
        for first in (Authenticator(), Authenticator(origin="http://elsewhere")):
            ceremony = await begin(token)
            answers = [
                await ask(
                    FINISH,
                    {"input": {"challengeId": ceremony["challengeId"], "credential": each.create(ceremony["options"])}},
                    token=token,
                )
                for each in (first, Authenticator())
            ]
            assert answers[1]["data"]["finishPasskeyRegistration"] == INVALID

    async def test_a_challenge_counts_for_its_session_alone(
        self, ask: Ask, begin: Begin, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        ada = await signed_in(tenant)
        ceremony = await begin(token_of(ada))
        given = {
            "input": {
                "challengeId": ceremony["challengeId"],
                "credential": Authenticator().create(ceremony["options"]),
            }
        }
        for stranger in (await signed_in(tenant), await signed_in(other_tenant)):
            answer = await ask(FINISH, given, token=token_of(stranger))
            assert answer["data"]["finishPasskeyRegistration"] == INVALID
        answer = await ask(FINISH, given, token=token_of(ada))
        assert answer["data"]["finishPasskeyRegistration"]["userErrors"] == []

    async def test_a_repetition_with_its_key_gives_the_same_passkey(
        self, ask: Ask, begin: Begin, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        token = token_of(await signed_in(tenant))
        ceremony = await begin(token)
        credential = Authenticator().create(ceremony["options"])
        given = {"challengeId": ceremony["challengeId"], "credential": credential, "idempotencyKey": "k"}
        first, again = [await ask(FINISH, {"input": given}, token=token) for _ in range(2)]
        assert first == again
        assert first["data"]["finishPasskeyRegistration"]["userErrors"] == []

    async def test_what_somebody_has_is_added_to_nobody_else(
        self, register: Register, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        authenticator = Authenticator()
        await register(token_of(await signed_in(tenant)), authenticator)
        again = await register(token_of(await signed_in(tenant)), authenticator)
        assert again["userErrors"] == [{"code": "PASSKEY_KNOWN"}]


class TestManage:
    async def test_its_owner_renames_and_removes_it(
        self, ask: Ask, register: Register, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        token = token_of(await signed_in(tenant))
        id_ = (await register(token, Authenticator()))["passkey"]["id"]
        renamed = await ask(RENAME, {"input": {"id": id_, "name": "Key ring"}}, token=token)
        assert renamed["data"]["renamePasskey"]["passkey"] == {"name": "Key ring"}
        removed = await ask(REMOVE, {"input": {"id": id_}}, token=token)
        assert removed["data"]["removePasskey"] == {"passkeyId": id_, "userErrors": []}
        assert (await ask(LIST, token=token))["data"]["passkeys"] == []

    async def test_somebody_elses_does_not_exist(
        self, ask: Ask, register: Register, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        id_ = (await register(token_of(await signed_in(tenant)), Authenticator()))["passkey"]["id"]
        for stranger in (await signed_in(tenant), await signed_in(other_tenant)):
            token = token_of(stranger)
            assert code_of(await ask(REMOVE, {"input": {"id": id_}}, token=token)) == "NOT_FOUND"
            assert code_of(await ask(RENAME, {"input": {"id": id_, "name": "x"}}, token=token)) == "NOT_FOUND"


class TestRelyingParty:
    @pytest.mark.parametrize(
        ("public_url", "id_", "origin"),
        [
            ("https://learn.example", "learn.example", "https://learn.example"),
            ("https://learn.example:8443/base", "learn.example", "https://learn.example:8443"),
            ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
        ],
    )
    def test_is_the_platforms_domain(self, public_url: str, id_: str, origin: str) -> None:
        party = relying_party(public_url, ["https://app.learn.example"])
        assert (party.id, party.origins) == (id_, (origin, "https://app.learn.example"))
