"""What a tenant asks of how its people sign in: who is let in, who goes on, and who may settle it."""

import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from shared.authentication import PASSWORD as BY_PASSWORD
from shared.authentication import SEVERAL_FACTORS, Authentication
from shared.caller import Caller
from shared.crypto import Sealer
from shared.data_keys import Protected
from shared.database import Sessions, unit_of_work
from shared.idempotency import Attempt
from shared.ids import uuid7
from shared.passwords import Passwords
from shared.permissions.catalogue import BUILT_IN, built_in_id
from shared.permissions.places import Place, PlaceKind
from shared.roles import Role
from shared.tenancy.own_record import change_own
from shared.tenancy.policies import Policies, SecondFactor, SignInPolicy, WayIn
from shared.tenancy.registry import Registry
from shared.tokens import TokenInvalid, TokenIssuer, TokenVerifier
from subgraphs.auth.models import Account, AuditEvent, IdentityProvider, SignInSession
from subgraphs.auth.service.accounts import SignedIn, SignInDesk
from subgraphs.auth.service.identity_providers import Trust, configure
from subgraphs.auth.service.mfa import Entry, MfaRequired, admit
from subgraphs.auth.service.policies import LocksEverybodyOut, WayInClosed, goes_on, is_enough, refuse_shut
from subgraphs.auth.store.roles import RoleAssignmentStore
from tests.registry import restored
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, SIGNING_KEY, AddAccount, Ask
from tests.subgraphs.auth.sign_in.conftest import CODES, KEYS, PASSWORD, SIGN_IN, Enter
from tests.subgraphs.auth.sign_in.test_magic_links import REQUEST, RESET
from tests.subgraphs.auth.sign_in.test_mfa import CONFIRM, ENROLL, code_at
from tests.subgraphs.auth.sign_in.test_sessions import REFRESH
from tests.subgraphs.conftest import code_of
from tests.tenants import Control, Tenant

EVERYBODY = SignInPolicy(second_factor=SecondFactor.EVERYBODY)
SETTLE = """mutation ($input: SetSignInPolicyInput!) {
  setSignInPolicy(input: $input) {
    tenant { policies { signIn {
      ways secondFactor secondFactorRoleIds sessionIdleMinutes sessionLongestMinutes openSignUp passwordMinLength
    } } }
    userErrors { code path }
  }
}"""
ENROLL_REQUIRED = """mutation ($input: EnrollRequiredMfaInput!) {
  enrollRequiredMfa(input: $input) { factorId secret uri userErrors { code } }
}"""
CONFIRM_REQUIRED = """mutation ($input: ConfirmRequiredMfaInput!) {
  confirmRequiredMfa(input: $input) {
    session { accessToken refreshToken } viewer { role } recoveryCodes userErrors { code }
  }
}"""
REMOVE = """mutation ($alias: String!) {
  removeIdentityProvider(input: {alias: $alias}) { identityProviderId userErrors { code } }
}"""
WAITS = SIGN_IN.replace("code methods", "code methods mustEnroll")
ADA, OWNER = "ada@example.org", "owner@example.org"


@pytest.fixture
async def registry(control: Control, tenant: Tenant) -> AsyncGenerator[Registry]:
    """As the subgraph has it; the tenant is other tests' afterwards."""
    opened = Registry.create(control.login_url("auth"))
    async with restored(control, tenant):
        yield opened
    await opened.aclose()


async def asks(registry: Registry, tenant: Tenant, policy: SignInPolicy) -> None:
    """Let a tenant ask for something from now on."""
    settled = {"policies": msgspec.to_builtins(Policies(sign_in=policy))}
    await change_own(registry, tenant.caller(), lambda _: settled)


def provider_of(alias: str, kind: str) -> IdentityProvider:
    """One that the tenant trusts."""
    return IdentityProvider(
        alias=alias,
        kind=kind,
        name=alias,
        issuer=f"https://{alias}.example",
        client_id="studium",
        sealed_client_secret=Protected("sealed"),
        return_uris=[],
    )


async def entered(ask: Ask, tenant: Tenant, email: str = ADA) -> dict[str, Any]:
    """What the password gives."""
    answer = await ask(WAITS, {"input": {"tenant": tenant.slug, "email": email, "password": PASSWORD}})
    return answer["data"]["signIn"]


class TestWaysIn:
    """Every way in ends in one place, `mfa.admit`; that each comes by its own name is where it is tested itself."""

    @pytest.fixture
    def come(
        self, sessions: Sessions, registry: Registry, tenant: Tenant, quick_passwords: Passwords
    ) -> Callable[..., Any]:
        """Come to the tenant's door, in a way and with some proofs, under a policy."""
        sealer, issuer = Sealer.create(CREDENTIALS_KEY, "password-hash"), TokenIssuer(SIGNING_KEY)
        desk = SignInDesk(sessions, registry, quick_passwords, sealer, KEYS, issuer, CODES)

        async def to_the_door(account: Account, way: WayIn, proofs: Collection[str], policy: SignInPolicy) -> Any:
            record = await registry.by_id(tenant.id)
            assert record
            asking = replace(record, policies=Policies(sign_in=policy))
            async with unit_of_work(sessions, tenant.caller()) as session:
                entry = Entry(account, way, Authentication.of(desk.clock(), proofs))
                return await admit(desk, asking, session, entry, Attempt("signIn", None, {}))

        return to_the_door

    async def test_each_is_held_to_what_the_tenant_asks(
        self, come: Callable[..., Any], add_account: AddAccount, tenant: Tenant
    ) -> None:
        ada = await add_account(tenant, ADA, PASSWORD)
        two = (BY_PASSWORD, SEVERAL_FACTORS)
        for way in WayIn:
            others = SignInPolicy(ways=tuple(each for each in WayIn if each is not way))
            assert isinstance(await come(ada, way, (BY_PASSWORD,), SignInPolicy(ways=(way,))), SignedIn)
            assert isinstance(await come(ada, way, two, EVERYBODY), SignedIn)
            waiting = await come(ada, way, (BY_PASSWORD,), EVERYBODY)
            assert isinstance(waiting, MfaRequired)
            assert waiting.methods == []
            for proofs in ((BY_PASSWORD,), two):
                with pytest.raises(WayInClosed):
                    await come(ada, way, proofs, others)

    async def test_a_closed_one_says_nothing_of_passwords_and_mails_nobody(
        self, ask: Ask, enter: Enter, registry: Registry, tenant: Tenant
    ) -> None:
        await enter(ADA)
        await asks(registry, tenant, SignInPolicy(ways=(WayIn.PASSKEY,)))
        for password in (PASSWORD, "wrong"):
            given = {"tenant": tenant.slug, "email": ADA, "password": password}
            refused = (await ask(SIGN_IN, {"input": given}))["data"]["signIn"]
            assert refused["userErrors"] == [{"code": "WAY_IN_CLOSED"}]
        link = await ask(REQUEST.format("requestSignInLink"), {"input": {"tenant": tenant.slug, "email": ADA}})
        assert link["data"]["requestSignInLink"]["userErrors"] == [{"code": "WAY_IN_CLOSED"}]


class TestSecondFactor:
    async def test_is_added_on_the_way_in_and_nothing_else_is_done_without(
        self, ask: Ask, enter: Enter, registry: Registry, tenant: Tenant, own_verifier: TokenVerifier
    ) -> None:
        before = await enter(ADA)
        await asks(registry, tenant, EVERYBODY)
        waiting = await entered(ask, tenant)
        assert (waiting["session"], waiting["challenge"]["methods"]) == (None, [])
        assert waiting["challenge"]["mustEnroll"] is True
        code = waiting["challenge"]["code"]
        with pytest.raises(TokenInvalid):  # so says every subgraph: there is no token to do anything with
            await own_verifier.caller(code)
        given = {"tenant": tenant.slug, "challenge": code}
        app = (await ask(ENROLL_REQUIRED, {"input": given}))["data"]["enrollRequiredMfa"]
        shown = {**given, "factorId": app["factorId"]}
        wrong = await ask(CONFIRM_REQUIRED, {"input": {**shown, "code": "000000"}})
        assert wrong["data"]["confirmRequiredMfa"]["userErrors"] == [{"code": "CODE_INVALID"}]
        right = {"input": {**shown, "code": code_at(app["secret"]), "idempotencyKey": "k"}}
        [first, again] = [(await ask(CONFIRM_REQUIRED, right))["data"]["confirmRequiredMfa"] for _ in range(2)]
        caller = await own_verifier.caller(first["session"]["accessToken"])
        assert (caller.acr, first["viewer"], len(first["recoveryCodes"])) == ("aal2", {"role": "LEARNER"}, 10)
        assert (await own_verifier.caller(again["session"]["accessToken"])).session_id == caller.session_id
        assert again["recoveryCodes"] == first["recoveryCodes"]
        ended = await ask(REFRESH, {"input": {"refreshToken": before["refreshToken"]}})
        assert code_of(ended) == "REFRESH_TOKEN_INVALID"
        late = (await ask(ENROLL_REQUIRED, {"input": given}))["data"]["enrollRequiredMfa"]
        assert late["userErrors"] == [{"code": "CHALLENGE_INVALID"}]

    async def test_of_a_person_who_has_one_by_now_is_not_added_to_by_who_knows_the_password(
        self, ask: Ask, enter: Enter, registry: Registry, tenant: Tenant
    ) -> None:
        token = (await enter(ADA))["accessToken"]
        await asks(registry, tenant, EVERYBODY)
        thief = {"tenant": tenant.slug, "challenge": (await entered(ask, tenant))["challenge"]["code"]}
        begun = (await ask(ENROLL_REQUIRED, {"input": thief}))["data"]["enrollRequiredMfa"]
        own = (await ask(ENROLL, token=token))["data"]["enrollMfa"]
        await ask(CONFIRM, {"factor": own["factorId"], "code": code_at(own["secret"])}, token=token)
        shown = {**thief, "factorId": begun["factorId"], "code": code_at(begun["secret"])}
        confirmed = (await ask(CONFIRM_REQUIRED, {"input": shown}))["data"]["confirmRequiredMfa"]
        assert (confirmed["session"], confirmed["userErrors"]) == (None, [{"code": "CHALLENGE_INVALID"}])
        another = (await ask(ENROLL_REQUIRED, {"input": thief}))["data"]["enrollRequiredMfa"]
        assert (another["secret"], another["userErrors"]) == (None, [{"code": "CHALLENGE_INVALID"}])

    async def test_is_asked_of_who_holds_a_role_in_the_tenant_or_anywhere_in_it(
        self, sessions: Sessions, add_account: AddAccount, tenant: Tenant
    ) -> None:
        role_id, course = uuid7(), Place(PlaceKind.COURSE, uuid7())
        roles = (role_id, built_in_id(tenant.id, Role.INSTRUCTOR))
        policy = SignInPolicy(second_factor=SecondFactor.ROLES, second_factor_roles=roles)
        ada, then = await add_account(tenant, ADA, PASSWORD), datetime.now(UTC) - timedelta(minutes=1)
        async with unit_of_work(sessions, tenant.caller()) as session:

            async def asked(role: Role) -> bool:
                return not await is_enough(session, policy, ada.user_id, role, [BY_PASSWORD])

            assert [await asked(role) for role in (Role.LEARNER, Role.INSTRUCTOR)] == [False, True]
            store = RoleAssignmentStore(session)
            for valid_to, counts in ((then, False), (None, True)):
                await store.put(
                    user_id=ada.user_id, role_id=role_id, place=course, valid_to=valid_to, assigned_by=ada.user_id
                )
                assert await asked(Role.LEARNER) is counts
            assert await is_enough(session, policy, ada.user_id, Role.LEARNER, [BY_PASSWORD, SEVERAL_FACTORS])


class TestSessions:
    async def test_end_at_their_next_refresh_if_more_is_asked_by_then(
        self, ask: Ask, enter: Enter, registry: Registry, sessions: Sessions, tenant: Tenant
    ) -> None:
        token = (await enter(ADA))["refreshToken"]
        await asks(registry, tenant, EVERYBODY)
        assert code_of(await ask(REFRESH, {"input": {"refreshToken": token}})) == "REFRESH_TOKEN_INVALID"
        async with sessions.read(tenant.caller()) as session:
            assert await session.scalar(sa.select(SignInSession.ended_at)) is not None
            assert "sessionEndedByPolicy" in (await session.scalars(sa.select(AuditEvent.action))).all()

    async def test_go_on_as_long_as_the_tenant_lets_them(self, sessions: Sessions, tenant: Tenant) -> None:
        now, hour = datetime.now(UTC), timedelta(hours=1)
        short = SignInPolicy(idle_minutes=60, longest_minutes=600)
        cases: list[tuple[SignInPolicy, dict[str, Any], bool]] = [
            (SignInPolicy(), {}, True),
            (SignInPolicy(ways=(WayIn.SAML,)), {}, False),
            (SignInPolicy(ways=(WayIn.SAML, WayIn.PASSWORD)), {}, True),
            (SignInPolicy(ways=(WayIn.SAML, WayIn.PASSWORD)), {"way": None}, False),
            (SignInPolicy(), {"way": None}, True),
            (EVERYBODY, {}, False),
            (EVERYBODY, {"amr": [BY_PASSWORD, SEVERAL_FACTORS]}, True),
            (short, {"last_used_at": now - hour / 2}, True),
            (short, {"last_used_at": now - hour}, False),
            (short, {"created_at": now - 10 * hour}, False),
        ]
        async with sessions.read(tenant.caller()) as session:
            for policy, changes, expected in cases:
                usual = {"way": WayIn.PASSWORD, "amr": [BY_PASSWORD], "created_at": now, "last_used_at": now}
                opened = SignInSession(user_id=uuid7(), **{**usual, **changes})
                assert await goes_on(session, policy, opened, Role.LEARNER, now) is expected, (policy, changes)

    async def test_are_opened_for_no_longer_than_that(
        self, enter: Enter, registry: Registry, sessions: Sessions, tenant: Tenant
    ) -> None:
        await asks(registry, tenant, SignInPolicy(idle_minutes=60, longest_minutes=15))
        await enter(ADA)
        async with sessions.read(tenant.caller()) as session:
            [row] = await session.scalars(sa.select(SignInSession))
        assert (row.expires_at or row.created_at) - row.created_at == timedelta(minutes=15)
        assert row.way == WayIn.PASSWORD


class TestPasswords:
    async def test_are_as_long_as_the_tenant_wants_when_they_are_chosen(
        self, ask: Ask, enter: Enter, registry: Registry, tenant: Tenant
    ) -> None:
        token = (await enter(ADA))["accessToken"]
        await asks(registry, tenant, SignInPolicy(password_length=20))
        change = "mutation ($p: String!) { changePassword(input: {newPassword: $p}) { userErrors { code } } }"
        chosen = "opaque zebra lamp"
        assert code_of(await ask(change, {"p": chosen}, token=token)) == "BAD_USER_INPUT"
        reset = {"tenant": tenant.slug, "code": "made up", "newPassword": chosen}
        assert code_of(await ask(RESET, {"input": reset})) == "BAD_USER_INPUT"
        changed = await ask(change, {"p": f"{chosen} in a lake"}, token=token)
        assert changed["data"]["changePassword"]["userErrors"] == []


class TestSettling:
    @pytest.fixture
    async def settle(self, ask: Ask, add_account: AddAccount, registry: Registry, tenant: Tenant) -> Callable[..., Any]:
        """Settle it as an owner who has just signed in with a password, or by another token."""
        await add_account(tenant, OWNER, PASSWORD, Role.OWNER)
        own = (await entered(ask, tenant, OWNER))["session"]["accessToken"]

        async def send(*, token: str = own, **given: Any) -> dict[str, Any]:
            return await ask(SETTLE, {"input": given}, token=token)

        return send

    async def test_shows_what_is_asked_from_now_on(
        self, settle: Callable[..., Any], sessions: Sessions, tenant: Tenant
    ) -> None:
        instructor = str(built_in_id(tenant.id, Role.INSTRUCTOR))
        given = {
            "ways": ["PASSKEY", "PASSWORD"],
            "secondFactor": "ROLES",
            "secondFactorRoleIds": [instructor],
            "sessionIdleMinutes": 60,
            "sessionLongestMinutes": 720,
            "openSignUp": False,
            "passwordMinLength": 12,
        }
        payload = (await settle(**given))["data"]["setSignInPolicy"]
        assert payload["userErrors"] == []
        assert payload["tenant"]["policies"]["signIn"] == {**given, "ways": ["PASSWORD", "PASSKEY"]}
        async with sessions.read(tenant.caller()) as session:
            kept = await session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "setSignInPolicy"))
            [entry] = kept.all()
        assert "NOBODY" not in str(entry.changes)
        assert instructor in str(entry.changes)

    async def test_shuts_nobody_out_who_settles_it(self, settle: Callable[..., Any]) -> None:
        for given in ({"ways": ["PASSKEY", "SAML"]}, {"secondFactor": "EVERYBODY"}):
            payload = (await settle(**given))["data"]["setSignInPolicy"]
            assert (payload["tenant"], payload["userErrors"][0]["code"]) == (None, "LOCKS_YOU_OUT"), given

    async def test_leaves_a_provider_that_alone_lets_people_in(
        self, ask: Ask, settle: Callable[..., Any], registry: Registry, sessions: Sessions, tenant: Tenant
    ) -> None:
        owner, shut = tenant.caller(*BUILT_IN[Role.OWNER], role=Role.OWNER), "LOCKS_EVERYBODY_OUT"
        token = (await entered(ask, tenant, OWNER))["session"]["accessToken"]
        async with unit_of_work(sessions, owner) as session:
            session.add_all([provider_of("school", "OIDC"), provider_of("district", "SAML")])
        await asks(registry, tenant, SignInPolicy(ways=(WayIn.SAML,)))
        removed = [(await ask(REMOVE, {"alias": name}, token=token)) for name in ("school", "district")]
        codes = [each["data"]["removeIdentityProvider"]["userErrors"] for each in removed]
        assert codes == [[], [{"code": shut}]]
        async with unit_of_work(sessions, owner) as session:
            await session.execute(sa.update(SignInSession).values(way=WayIn.SAML))
            await refuse_shut(session, SignInPolicy(ways=(WayIn.SAML, WayIn.FEDERATED)))
            await session.execute(sa.update(IdentityProvider).values(enabled=False))
        payload = (await settle(ways=["SAML"]))["data"]["setSignInPolicy"]
        assert payload["userErrors"][0]["code"] == shut
        trust = Trust("quiz", "Quiz", "https://idp.example", "us", [], [], opens_accounts=False, enabled=False)
        trust = replace(trust, client_secret="secret")
        for policy, expected in ((SignInPolicy(), None), (SignInPolicy(ways=(WayIn.SAML,)), LocksEverybodyOut)):
            refused = pytest.raises(expected) if expected else contextlib.nullcontext()
            with refused:
                async with unit_of_work(sessions, owner) as session:
                    attempt = Attempt("configureIdentityProvider", None, {})
                    await configure(session, KEYS, trust, attempt, expected_version=None, policy=policy)

    async def test_is_refused_where_it_means_nothing(self, settle: Callable[..., Any]) -> None:
        senseless: list[dict[str, Any]] = [
            {"ways": []},
            {"secondFactor": "ROLES"},
            {"secondFactor": "ROLES", "secondFactorRoleIds": [str(uuid7())]},
            {"secondFactorRoleIds": [str(uuid7())]},
            {"secondFactor": "ROLES", "secondFactorRoleIds": ["none"]},
            {"sessionIdleMinutes": 4},
            {"sessionLongestMinutes": 90 * 24 * 60 + 1},
            {"passwordMinLength": 7},
        ]
        for given in senseless:
            assert code_of(await settle(**given)) == "BAD_USER_INPUT", given

    async def test_is_the_owners_alone(
        self, settle: Callable[..., Any], token_of: Callable[[Caller], str], tenant: Tenant
    ) -> None:
        now = int(time.time())
        manager, learner = (replace(tenant.caller(scope), auth_time=now) for scope in ("tenant:manage", "learn"))
        payload = (await settle(token=token_of(manager)))["data"]["setSignInPolicy"]
        assert payload["userErrors"][0]["code"] == "PERMISSION_NOT_HELD"
        assert code_of(await settle(token=token_of(learner))) == "FORBIDDEN"
