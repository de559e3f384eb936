"""A school's directory provisions its people through the router; the audit says which program it was."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportError
from gql.transport.websockets import WebsocketsTransport
from httpx import AsyncClient

from tests.journeys.people import ENROLL, Person, eventually, publish_course, sign_up, sign_up_tenant
from tests.journeys.platform import Platform
from tests.patience import PATIENCE_SECONDS
from tests.subgraphs.auth.oauth.dpop import Holder

CREATE_ACCOUNT = """mutation ($input: CreateServiceAccountInput!) {
  createServiceAccount(input: $input) { serviceAccount { id } userErrors { code message } }
}"""
CREATE_TOKEN = """mutation ($input: CreateApiTokenInput!) {
  createApiToken(input: $input) { secret userErrors { code message } }
}"""
REGISTER_APP = """mutation ($input: RegisterOAuthAppInput!) {
  registerOAuthApp(input: $input) { app { id } clientSecret userErrors { code message } }
}"""
AUDITED = """query ($action: String!) {
  auditEvents(first: 1, filter: {action: $action}) { edges { node { actor { kind id } subject { id } } } }
}"""
LISTEN = "subscription { notificationReceived { kind } }"
SLUG = "directory-school"


class Directory:
    """What the school's address for provisioning answers to a program."""

    def __init__(self, platform: Platform, http: AsyncClient) -> None:
        self.base = platform.url.replace("/graphql", f"/t/{SLUG}")
        self._http = http

    async def ask(
        self, method: str, path: str, authorization: str, *, proof: str | None = None, **body: Any
    ) -> tuple[int, Mapping[str, Any]]:
        """The status, and what is said."""
        headers = {"authorization": authorization, "content-type": "application/scim+json"}
        headers |= {} if proof is None else {"dpop": proof}
        answer = await self._http.request(method, f"{self.base}/scim/v2{path}", headers=headers, json=body)
        return answer.status_code, answer.json()

    async def token(self, app: Mapping[str, Any], holder: Holder | None = None) -> str:
        """What the app gets for itself, issued to the holder's key if there is one."""
        url, nonce = f"{self.base}/oauth/token", None
        wanted = {"grant_type": "client_credentials", "scope": "users:provision"}
        while True:
            headers = {} if holder is None else {"dpop": holder.proof("POST", url, nonce=nonce)}
            auth = (app["app"]["id"], app["clientSecret"])
            answer = await self._http.post(url, data=wanted, auth=auth, headers=headers)
            if answer.is_success:
                return answer.json()["access_token"]
            assert (answer.json()["error"], nonce) == ("use_dpop_nonce", None)
            nonce = answer.headers["dpop-nonce"]


def person(name: str) -> dict[str, Any]:
    """Somebody as a directory describes them."""
    email = f"{name}@{SLUG}.example"
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
    return {"schemas": schemas, "userName": email, "displayName": name, "emails": [{"value": email, "primary": True}]}


def patch(**values: Any) -> dict[str, Any]:
    """Other values for somebody."""
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    return {"schemas": schemas, "Operations": [{"op": "replace", "value": values}]}


async def register(owner: Person, **more: Any) -> Mapping[str, Any]:
    """An app that provisions people by itself."""
    made = {"name": "Sync", "scopes": ["users:provision"], "grantTypes": ["client_credentials"], **more}
    return await owner.do(REGISTER_APP, input=made)


async def audited(owner: Person, action: str, kind: str, actor: str, subject: str) -> None:
    """Wait until the latest of its kind in the audit is that they have done this to somebody."""
    entry = {"node": {"actor": {"kind": kind, "id": actor}, "subject": {"id": subject}}}
    await eventually(owner, AUDITED, {"auditEvents": {"edges": [entry]}}, action=action)


async def listen(platform: Platform, who: Person, began: asyncio.Event) -> None:
    """Listen for as long as the platform lets them."""
    transport = WebsocketsTransport(platform.websocket_url, init_payload={"Authorization": f"Bearer {who.token}"})
    with suppress(TransportError):
        async with Client(transport=transport, fetch_schema_from_transport=False) as session:
            async for _ in session.subscribe(gql(LISTEN)):
                began.set()


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("journeys")
async def test_programs_provision_people_each_by_its_own_means_and_by_no_other(one: Platform) -> None:
    owner = await sign_up_tenant(one, SLUG)
    async with AsyncClient(timeout=PATIENCE_SECONDS) as http:
        directory = Directory(one, http)

        account = (await owner.do(CREATE_ACCOUNT, input={"name": "Sync", "role": "OWNER"}))["serviceAccount"]["id"]
        wanted = {"name": "Sync", "scopes": ["users:provision"], "serviceAccountId": account}
        program = f"Bearer {(await owner.do(CREATE_TOKEN, input=wanted))['secret']}"
        status, ada = await directory.ask("POST", "/Users", program, **person("ada"))
        assert status == 201
        await audited(owner, "users.user-provisioned.v1", "USER", account, ada["id"])

        app = await register(owner)
        by_itself = f"Bearer {await directory.token(app)}"
        renamed = await directory.ask("PATCH", f"/Users/{ada['id']}", by_itself, **patch(displayName="Augusta"))
        assert (renamed[0], renamed[1]["displayName"]) == (200, "Augusta")
        await audited(owner, "users.user-updated.v1", "OAUTH_APP", app["app"]["id"], ada["id"])

        bound, holder = await register(owner, name="Bound", dpopBoundTokens=True), Holder()
        token, url = await directory.token(bound, holder), f"{directory.base}/scim/v2/Users/{ada['id']}"
        out = patch(active=False)
        proof = holder.proof("PATCH", url, token=token)
        stolen = (
            (f"Bearer {token}", None),
            (f"Bearer {token}", proof),
            (f"DPoP {token}", Holder().proof("PATCH", url, token=token)),
            (f"DPoP {token}", holder.proof("PATCH", url + "x", token=token)),
        )
        for authorization, other in stolen:
            assert (await directory.ask("PATCH", f"/Users/{ada['id']}", authorization, proof=other, **out))[0] == 401
        assert (await directory.ask("PATCH", f"/Users/{ada['id']}", f"DPoP {token}", proof=proof, **out))[0] == 200
        assert (await directory.ask("PATCH", f"/Users/{ada['id']}", f"DPoP {token}", proof=proof, **out))[0] == 401
        await audited(owner, "users.user-deactivated.v1", "OAUTH_APP", bound["app"]["id"], ada["id"])


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("journeys")
async def test_what_somebody_listens_to_ends_when_they_are_deactivated(one: Platform) -> None:
    owner = await sign_up_tenant(one, "closing-school")
    course = await publish_course(owner, "algebra")
    lou = await sign_up(one, "closing-school", "Lou")
    began = asyncio.Event()
    listening = asyncio.create_task(listen(one, lou, began))
    await lou.do(ENROLL, course=course.course)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await began.wait()
    user_id = (await lou.ask("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
    deactivate = """mutation ($input: UserActivationInput!) {
      deactivateUser(input: $input) { user { status } userErrors { code message } }
    }"""
    await owner.do(deactivate, input={"userId": user_id})
    await asyncio.wait_for(listening, PATIENCE_SECONDS)
