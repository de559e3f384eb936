"""A school opens: it protects its owner, looks like itself, lets people in by roles, and an app of others too."""

import asyncio
from collections.abc import Mapping

import pytest
from pyotp.totp import TOTP

from tests.journeys.apps import REDIRECT_URI, App
from tests.journeys.people import PASSWORD, Person, eventually, refused_at_last, sign_in, sign_up_tenant
from tests.journeys.platform import Platform
from tests.patience import PATIENCE_SECONDS

SET_BRANDING = """mutation ($input: SetBrandingInput!) {
  setBranding(input: $input) { tenant { branding { primaryColor } } userErrors { code message } }
}"""
CREATE_ROLE = """mutation ($input: CreateRoleInput!) {
  createRole(input: $input) { role { id permissions } userErrors { code message } }
}"""
INVITE = """mutation ($input: InviteUsersInput!) {
  inviteUsers(input: $input) { invitations { code user { id } } userErrors { code message } }
}"""
SIGN_UP = """mutation ($input: SignUpInput!) {
  signUp(input: $input) { user { id } ready userErrors { code message } }
}"""
ASSIGN_ROLE = """mutation ($input: AssignRoleInput!) {
  assignRole(input: $input) { assignment { id } userErrors { code message } }
}"""
REGISTER_APP = """mutation ($input: RegisterOAuthAppInput!) {
  registerOAuthApp(input: $input) { app { id scopes } clientSecret userErrors { code message } }
}"""
ENROLL_MFA = """mutation {
  enrollMfa(input: {name: "phone"}) { factorId secret userErrors { code message } }
}"""
CONFIRM_MFA = """mutation ($input: ConfirmMfaInput!) {
  confirmMfa(input: $input) { recoveryCodes session { accessToken } userErrors { code message } }
}"""
SIGN_IN = """mutation ($input: SignInInput!) {
  signIn(input: $input) { session { accessToken } challenge { code methods } userErrors { code message } }
}"""
COMPLETE_MFA = """mutation ($input: CompleteMfaInput!) {
  completeMfa(input: $input) { session { accessToken } userErrors { code message } }
}"""
PEOPLE = "{ users { edges { node { displayName } } } }"
AUDIT = "{ auditEvents(first: 100) { edges { node { seq action actor { user { id } } } } } }"
START = """mutation ($input: StartImpersonationInput!) {
  startImpersonation(input: $input) { impersonation { id } session { accessToken } userErrors { code message } }
}"""
STOP = "mutation { stopImpersonation(input: {}) { impersonation { id } userErrors { code message } } }"
RENAME = """mutation ($input: UpdateProfileInput!) {
  updateProfile(input: $input) { user { displayName } userErrors { code message } }
}"""
VIEWER = "{ viewer { user { id } impersonator { id } } }"
INBOX = "{ inbox { edges { node { kind body } } } }"
BOTH = """query ($action: String!) {
  auditEvents(filter: {action: $action}) { edges { node { actor { id } impersonator { id } subject { id } } } }
}"""
LISTENING = "subscription { notificationReceived { kind } }"


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("journeys")
class TestOpeningASchool:
    async def test_from_signing_up_to_an_app_that_acts_for_a_teacher(self, one: Platform) -> None:
        owner = await sign_up_tenant(one, "north-school")
        branded = await owner.do(SET_BRANDING, input={"primaryColor": "#0b3d91", "onPrimaryColor": "#ffffff"})
        assert branded["tenant"]["branding"]["primaryColor"] == "#0b3d91"

        owner = await _with_second_factor(one, owner)
        tom = await _teacher(one, owner)
        app = await _app(one, owner)
        tokens = await app.token_for("tom@north-school.example", PASSWORD, "openid users:read")
        reader = Person(one, tokens["access_token"])
        assert [each["node"]["displayName"] for each in (await reader.ask(PEOPLE))["users"]["edges"]]
        assert await reader.codes("{ auditEvents { edges { node { seq } } } }") == ["FORBIDDEN"]
        assert await tom.codes("{ oauthApps { edges { node { id } } } }") == ["FORBIDDEN"]

        await _support(one, owner, tom)
        audited = (await owner.ask(AUDIT))["auditEvents"]["edges"]
        assert sorted(each["node"]["seq"] for each in audited) == list(range(1, len(audited) + 1))

    async def test_another_schools_app_and_people_are_strangers(self, one: Platform) -> None:
        first = await sign_up_tenant(one, "east-school")
        await sign_up_tenant(one, "west-school")
        app = await _app(one, first)
        west = App(app.issuer.replace("east-school", "west-school"), app.client_id, app.client_secret)
        with pytest.raises(AssertionError, match="cannot be answered"):
            await west.token_for("owner@west-school.example", PASSWORD, "openid users:read")


async def _with_second_factor(platform: Platform, owner: Person) -> Person:
    """The owner, signed in again with a password and a code."""
    enrolled = await owner.do(ENROLL_MFA)
    first = TOTP(enrolled["secret"]).now()
    confirmed = await owner.do(CONFIRM_MFA, input={"factorId": enrolled["factorId"], "code": first})
    credentials = {"tenant": "north-school", "email": "owner@north-school.example", "password": PASSWORD}
    asked = await Person(platform).do(SIGN_IN, input=credentials)
    assert asked["session"] is None
    answer = {"tenant": "north-school", "challenge": asked["challenge"]["code"]}
    replayed = await Person(platform).ask(COMPLETE_MFA, input={**answer, "code": first})
    assert replayed["completeMfa"]["session"] is None
    recovery = confirmed["recoveryCodes"][0]
    completed = await Person(platform).do(COMPLETE_MFA, input={**answer, "code": recovery})
    return Person(platform, completed["session"]["accessToken"])


async def _teacher(platform: Platform, owner: Person) -> Person:
    """Somebody who is invited, signs up, and gets a role that the school has made itself."""
    invited = await owner.do(INVITE, input={"emails": ["tom@north-school.example"], "role": "LEARNER"})
    (invitation,) = invited["invitations"]
    newcomer = {
        "tenant": "north-school",
        "email": "tom@north-school.example",
        "displayName": "Tom",
        "password": PASSWORD,
        "invitation": invitation["code"],
    }
    await Person(platform).do(SIGN_UP, input=newcomer)
    made = await owner.do(CREATE_ROLE, input={"name": "Registrar", "permissions": ["users:read", "users:invite"]})
    await owner.do(ASSIGN_ROLE, input={"userId": invitation["user"]["id"], "roleId": made["role"]["id"]})
    tom = await sign_in(platform, "north-school", "tom@north-school.example")
    await eventually(tom, "{ viewer { scopes } }", {"viewer": {"scopes": ["learn", "users:invite", "users:read"]}})
    return tom


async def _support(platform: Platform, owner: Person, tom: Person) -> None:
    """The owner helps the teacher in his name: he is told, the audit names both, and it ends at once."""
    his, hers = [(await each.ask(VIEWER))["viewer"]["user"]["id"] for each in (tom, owner)]
    begun = await owner.do(START, input={"userId": his, "reason": "His name is misspelt"})
    acting = Person(platform, begun["session"]["accessToken"])
    assert (await acting.ask(VIEWER))["viewer"] == {"user": {"id": his}, "impersonator": {"id": hers}}
    renamed = await acting.do(RENAME, input={"displayName": "Thomas"})
    assert renamed["user"]["displayName"] == "Thomas"
    assert await acting.codes("mutation { enrollMfa(input: {}) { secret } }") == ["STEP_UP_REQUIRED"]
    async with acting.listening(LISTENING):
        await acting.do(STOP)
        await refused_at_last(acting, VIEWER, "SESSION_ENDED")
    await _told(platform, tom)
    for action, impersonator in (("startImpersonation", None), ("stopImpersonation", hers)):
        [entry] = (await owner.ask(BOTH, action=action))["auditEvents"]["edges"]
        assert entry["node"] == {
            "actor": {"id": hers if impersonator is None else his},
            "impersonator": impersonator and {"id": impersonator},
            "subject": {"id": his},
        }
    profile = {"actor": {"id": his}, "impersonator": {"id": hers}, "subject": {"id": his}}
    await _audited(owner, "users.user-updated.v1", profile)


async def _told(platform: Platform, person: Person) -> None:
    """The person has a notification, and a mail, that say why."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        inbox = [each["node"] for each in (await person.ask(INBOX))["inbox"]["edges"]]
        mails = [path.read_text() for path in (platform.data / "mail").glob("*.eml")]
        told = [each for each in inbox if each["kind"] == "IMPERSONATED" and "misspelt" in each["body"]]
        if told and any("acts in your name" in mail and "misspelt" in mail for mail in mails):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("nobody has told the person")


async def _audited(owner: Person, action: str, expected: Mapping[str, object]) -> None:
    """The last entry of an action is soon the expected one."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    found: list[object] = []
    while expected not in found:
        assert asyncio.get_running_loop().time() < deadline, found
        found = [each["node"] for each in (await owner.ask(BOTH, action=action))["auditEvents"]["edges"]]
        await asyncio.sleep(0.1)


async def _app(platform: Platform, owner: Person) -> App:
    """An app of others, with two scopes."""
    registered = await owner.do(
        REGISTER_APP,
        input={"name": "Reader", "scopes": ["openid", "users:read"], "redirectUris": [REDIRECT_URI]},
    )
    slug = (await owner.ask("{ viewer { tenant { slug } } }"))["viewer"]["tenant"]["slug"]
    issuer = platform.url.replace("/graphql", f"/t/{slug}")
    return App(issuer, registered["app"]["id"], registered["clientSecret"])
