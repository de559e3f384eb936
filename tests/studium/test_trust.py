"""Subgraphs answer the router alone, in whichever process they are."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from aiohttp import web
from pydantic import SecretStr

from router.compose import Subgraph
from router.execute import InProcessTransport, SubgraphRequest
from router.serve import GraphQLRequest, RequestContext
from router.serve.traffic import build_transports, steered
from shared.caller import TenantId, UserId
from shared.errors import DomainError
from shared.jwks import LocalKeys
from shared.router_tokens import HEADER, RouterTokenVerifier, keys_of, public_keys
from shared.settings import PlatformSettings
from shared.tokens import TokenIssuer, TokenVerifier, generate_signing_key
from studium.children import APART, ROUTER, Environments
from studium.embedded import CannotStart
from studium.gateway import Gateway, GatewayParts, authenticating
from studium.settings import StudiumSettings
from studium.subgraphs_file import Source, print_sources, read_subgraphs
from studium.supergraph import composed
from studium.trust import introduction, signing
from subgraphs.courses.app import create
from subgraphs.courses.settings import CoursesSettings
from tests.router.serve.server import serving

KEY = generate_signing_key()
ISSUER = TokenIssuer(generate_signing_key())
SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
type Query { whoami: String }
type Subscription { whoami: String }
"""


class Doorkeeper:
    """A subgraph that tells who asks, and what it was asked with."""

    def __init__(self) -> None:
        self.seen: list[Mapping[str, str]] = []
        self._verifier = RouterTokenVerifier("people", keys_of(public_keys(KEY)))

    async def execute(self, query: str, variables: Any, name: str | None, headers: Mapping[str, str]) -> Any:
        self.seen.append(headers)
        try:
            token = await self._verifier.presented(headers)
            who = "nobody" if token is None else str((await self._verifier.caller(token)).user_id)
        except DomainError as error:
            return {"errors": [{"message": str(error), "extensions": {"code": error.code}}]}
        return {"data": {"whoami": who}}

    async def subscribe(
        self, query: str, variables: Any, name: str | None, headers: Mapping[str, str]
    ) -> AsyncGenerator[Any]:
        yield await self.execute(query, variables, name, headers)


def gateway(doorkeeper: Doorkeeper, key: SecretStr) -> Gateway:
    transport = InProcessTransport(doorkeeper.execute, doorkeeper.subscribe)
    source = composed([Subgraph("people", "", SDL)])
    return GatewayParts().gateway(source, {"people": steered(transport, hooks=signing(key))})


async def signed_in() -> tuple[UserId, dict[str, str], RequestContext]:
    user = UserId(uuid4())
    token = ISSUER.issue(TenantId(uuid4()), user, uuid4(), role="LEARNER", scopes=["learn"]).access_token
    headers = {"authorization": f"Bearer {token}"}
    return user, headers, await authenticating(TokenVerifier(LocalKeys(ISSUER.public_keys)))(headers, None)


class TestInOneProcess:
    async def test_the_router_says_who_asks_and_keeps_their_token(self) -> None:
        doorkeeper, (user, _, context) = Doorkeeper(), await signed_in()
        answer = await gateway(doorkeeper, KEY).execute(GraphQLRequest("{ whoami }"), context)
        assert answer.as_json() == {"data": {"whoami": str(user)}}
        assert set(doorkeeper.seen[0]) == {HEADER}

    async def test_anonymous_callers_are_nobody(self) -> None:
        answer = await gateway(Doorkeeper(), KEY).execute(GraphQLRequest("{ whoami }"), RequestContext())
        assert answer.as_json() == {"data": {"whoami": "nobody"}}

    async def test_subscriptions_are_signed_as_well(self) -> None:
        user, _, context = await signed_in()
        events = gateway(Doorkeeper(), KEY).subscribe(GraphQLRequest("subscription { whoami }"), context)
        assert [event.as_json() async for event in events] == [{"data": {"whoami": str(user)}}]

    async def test_a_callers_own_token_is_not_enough(self) -> None:
        _, headers, _ = await signed_in()
        for given in ({}, headers, {HEADER: headers["authorization"]}):
            answer = await Doorkeeper().execute("{ whoami }", None, None, given)
            assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"

    async def test_another_routers_key_is_not_enough(self) -> None:
        answer = await gateway(Doorkeeper(), generate_signing_key()).execute(
            GraphQLRequest("{ whoami }"), RequestContext()
        )
        assert answer.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


class TestBehindHttp:
    async def test_a_subgraph_answers_its_router_alone(self, tmp_path: Path) -> None:
        settings = CoursesSettings(database_url=SecretStr("postgresql://nobody:x@127.0.0.1:1/none"))
        subgraph = create(settings, verifier=RouterTokenVerifier("courses", keys_of(public_keys(KEY))))
        _, headers, context = await signed_in()
        async with serving(subgraph.app) as address:
            url = f"http://{address}/graphql"
            path = tmp_path / "supergraph.yaml"
            path.write_text(print_sources({"courses": Source(url)}))
            [read] = await read_subgraphs(path, lambda name: introduction(KEY, name))
            assert read.sdl == subgraph.sdl
            transport = build_transports({"courses": url}, hooks=signing(KEY))["courses"]
            for each in (context, RequestContext()):
                request = SubgraphRequest("courses", "{ __typename }", headers=each.headers, terms=each.terms(60))
                assert (await transport.fetch(request)).data == {"__typename": "Query"}
            await transport.aclose()
            async with httpx2.AsyncClient() as client:
                for given in ({}, headers):
                    direct = await client.post(url, json={"query": "{ _service { sdl } }"}, headers=given)
                    assert "data" not in direct.json()
                    assert "router alone" in direct.text


class TestSettings:
    def test_without_a_key_nothing_is_signed(self) -> None:
        for key in (None, SecretStr("")):
            assert signing(key).before == ()
            assert introduction(key, "people") == {}

    def test_a_key_of_another_kind_is_said(self) -> None:
        with pytest.raises(CannotStart, match="STUDIUM_ROUTER_KEY"):
            signing(SecretStr("hush"))

    def test_the_router_has_the_private_key_and_subgraphs_the_public_one(self, tmp_path: Path) -> None:
        settings = StudiumSettings(router_key=KEY, database_url=SecretStr("postgresql://a:b@host/db"))
        told = Environments(settings)
        assert told.router(tmp_path)["STUDIUM_ROUTER_KEY"] == KEY.get_secret_value()
        for name in ("auth", "content", "users"):
            environment = told.subgraph(name)
            assert environment["STUDIUM_ROUTER_KEYS"] == public_keys(KEY)
            assert KEY.get_secret_value() not in environment.values()
        assert "STUDIUM_ROUTER_KEY" not in told.in_process()

    def test_the_router_is_told_everything_that_is_its_business(self, tmp_path: Path) -> None:
        elsewhere = {"host", "port", "postgres_port", "valkey_port", "documents_port", "database_host", "jwks_url"}
        elsewhere |= {"router_key", "router_keys", "subgraphs", "notice_seconds", "grace_seconds", "require_tls"}
        assert {*ROUTER, *APART} | elsewhere == {*StudiumSettings.model_fields} - {*PlatformSettings.model_fields}
        settings = StudiumSettings(
            database_url=SecretStr("postgresql://a:b@host/db"), redis_url=SecretStr("redis://there"), operation_cost=7
        )
        for told in (Environments(settings).router(tmp_path), Environments(settings).in_process()):
            assert (told["STUDIUM_OPERATION_COST"], told["STUDIUM_REDIS_URL"]) == ("7", "redis://there")
        assert "STUDIUM_DATABASE_URL" not in Environments(settings).router(tmp_path)

    def test_each_process_is_told_what_people_sign_in_by(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("STUDIUM_AUTH_WEBAUTHN_ORIGINS", '["https://learn.example"]')
        monkeypatch.setenv("STUDIUM_MASTER_KEYS", "k" * 32)
        settings = StudiumSettings(
            database_url=SecretStr("postgresql://a:b@host/db"),
            mail_url=SecretStr("smtp://post.example"),
            breached_passwords=Path("breached"),
            private_identity_providers=True,
        )
        told = Environments(settings)
        for environment in (told.in_process(), told.subgraph("auth")):
            assert environment["STUDIUM_BREACHED_PASSWORDS"] == "breached"
            assert environment["STUDIUM_PRIVATE_IDENTITY_PROVIDERS"] == "True"
            assert environment["STUDIUM_AUTH_WEBAUTHN_ORIGINS"] == '["https://learn.example"]'
            assert environment["STUDIUM_MASTER_KEYS"] == "k" * 32
        assert told.subgraph("users")["STUDIUM_BREACHED_PASSWORDS"] == "breached"
        assert told.administrator()["STUDIUM_MAIL_URL"] == "smtp://post.example"
        assert not {"STUDIUM_MASTER_KEYS", "STUDIUM_AUTH_WEBAUTHN_ORIGINS"} & told.subgraph("courses").keys()


class TestReading:
    async def test_a_subgraph_tells_its_sdl_to_the_router(self, tmp_path: Path) -> None:
        verifier = RouterTokenVerifier("people", keys_of(public_keys(KEY)))

        async def answer(request: web.Request) -> web.Response:
            assert await verifier.presented({name.lower(): value for name, value in request.headers.items()}) is None
            return web.json_response({"data": {"_service": {"sdl": SDL}}})

        app = web.Application()
        app.router.add_post("/graphql", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            path = tmp_path / "supergraph.yaml"
            path.write_text(print_sources({"people": Source(f"http://{host}:{port}/graphql")}))
            [people] = await read_subgraphs(path, lambda name: introduction(KEY, name))
            assert people.sdl == SDL
        finally:
            await runner.cleanup()
