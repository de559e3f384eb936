"""Whatever names a tenant in a request has to name that of its access token."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from router.serve import Hooks, RequestContext, create_app
from router.serve.access.identity import Identity
from router.serve.http.config import HttpPolicy
from router.serve.variants.naming import NamingError, TenantNaming
from router.serve.variants.policy import TenantPolicy
from router.serve.variants.settings import TenancySettings
from router.serve.variants.tenancy import MISMATCH, Tenancy, TenantMismatch
from tests.router.serve.library import LibrarySubgraph, library_engine
from tests.router.serve.streams.asgi import requested
from tests.router.serve.variants.asking import SERVED, WAYS, Client, authenticate

NAMING = TenantNaming(
    hosts=("{tenant}.example.org",),
    host_headers=("host", "x-forwarded-host"),
    headers=("x-tenant",),
    paths=("/t/{tenant}/graphql",),
)
REFUSAL = "The request names another tenant than the access token."


async def named(tenant: str | None, context: RequestContext) -> TenantPolicy:
    """Tenants are told by numbers in tokens, and by words elsewhere."""
    return TenantPolicy(names=(f"tenant-{tenant}",))


def app(audited: list[TenantMismatch] | None = None, subgraph: LibrarySubgraph | None = None) -> Starlette:
    async def audit(mismatch: TenantMismatch) -> None:
        (audited if audited is not None else []).append(mismatch)

    tenancy = Tenancy(TenancySettings(NAMING), policy_of=named, audit=audit)
    engine = library_engine(subgraph or LibrarySubgraph(), tenancy=tenancy)
    return create_app(engine, hooks=Hooks(authenticate), graphiql=False, http=HttpPolicy(batch=5))


AGREEING: Mapping[str, Client] = {
    "nothing": Client(),
    "its host": Client({"host": "tenant-1.example.org"}),
    "its host in capitals, with a port": Client({"host": "Tenant-1.EXAMPLE.org:4000"}),
    "its host with a last dot": Client({"host": "tenant-1.example.org."}),
    "its name in the token": Client({"x-tenant": "1"}),
    "its header": Client({"x-tenant": "tenant-1"}),
    "its path": Client(prefix="/t/tenant-1"),
    "its host before a proxy": Client({"host": "router", "x-forwarded-host": "tenant-1.example.org"}),
    "a host of nobody's": Client({"host": "example.org"}),
    "a host within another domain": Client({"host": "tenant-2.example.net"}),
}
DISAGREEING: Mapping[str, Client] = {
    "another host": Client({"host": "tenant-2.example.org"}),
    "another's name in tokens": Client({"host": "2.example.org"}),
    "another header": Client({"x-tenant": "tenant-2"}),
    "an empty header": Client({"x-tenant": ""}),
    "two tenants in the header": Client({"x-tenant": "tenant-1, tenant-2"}),
    "another path": Client(prefix="/t/tenant-2"),
    "a header that differs in capitals": Client({"x-tenant": "TENANT-1"}),
    "another host before a proxy": Client({"host": "router", "x-forwarded-host": "tenant-2.example.org"}),
    "another host before one of two proxies": Client(
        {"host": "router", "x-forwarded-host": "tenant-2.example.org, tenant-1.example.org"}
    ),
    "its host and another header": Client({"host": "tenant-1.example.org", "x-tenant": "tenant-2"}),
    "another host and its path": Client({"host": "tenant-2.example.org"}, "/t/tenant-1"),
}


def by(client: Client, token: str) -> Client:
    return Client({**client.headers, "authorization": token}, client.prefix, client.parameters)


@pytest.mark.parametrize("way", WAYS)
class TestNames:
    @pytest.mark.parametrize("client", AGREEING.values(), ids=AGREEING)
    async def test_a_request_that_names_its_callers_tenant_is_answered(self, way: str, client: Client) -> None:
        outcome, answer = await WAYS[way](app(), by(client, "ada@1"), '{ book(id: "1") { title } }')
        assert outcome == SERVED
        assert answer["data"] == {"book": {"title": "Book 1"}}

    @pytest.mark.parametrize("client", DISAGREEING.values(), ids=DISAGREEING)
    async def test_a_request_that_names_another_is_refused(self, way: str, client: Client) -> None:
        subgraph = LibrarySubgraph()
        outcome, _ = await WAYS[way](app(subgraph=subgraph), by(client, "ada@1"), '{ book(id: "1") { title } }')
        assert outcome == (REFUSAL if way == "websocket" else MISMATCH)
        assert subgraph.library.seen == []

    async def test_a_caller_of_no_tenant_can_name_none(self, way: str) -> None:
        outcome, _ = await WAYS[way](app(), by(Client({"x-tenant": "tenant-1"}), "robot@"), "{ whoami }")
        assert outcome == (REFUSAL if way == "websocket" else MISMATCH)

    async def test_what_anonymous_callers_name_counts_for_nothing(self, way: str) -> None:
        outcome, answer = await WAYS[way](app(), Client({"host": "tenant-2.example.org"}), "{ whoami }")
        assert outcome == SERVED
        assert answer["data"] == {"whoami": None}


class TestConnectionParameters:
    async def test_a_parameter_may_name_the_tenant(self) -> None:
        client = Client(parameters={"authorization": "ada@1", "X-Tenant": "tenant-1"})
        assert (await WAYS["websocket"](app(), client, "{ whoami }"))[0] == SERVED

    @pytest.mark.parametrize("value", ["tenant-2", "", None, 1, ["tenant-1"]])
    async def test_a_parameter_that_names_another_closes_the_connection(self, value: Any) -> None:
        client = Client(parameters={"authorization": "ada@1", "x-tenant": value})
        assert await WAYS["websocket"](app(), client, "{ whoami }") == (REFUSAL, 4403)

    async def test_a_parameter_does_not_hide_what_the_handshake_named(self) -> None:
        client = Client({"x-tenant": "tenant-2"}, parameters={"authorization": "ada@1", "x-tenant": "tenant-1"})
        assert (await WAYS["websocket"](app(), client, "{ whoami }"))[0] == REFUSAL


class TestReservedConnections:
    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    async def test_nobody_reaches_one_through_another_tenants_address(self, method: str) -> None:
        served = app()
        async with requested(served, "PUT", "/graphql/stream", authorization="ada@1") as answer:
            token = (await answer.rest()).decode()
        async with requested(
            served, method, "/t/tenant-2/graphql/stream", "operationId=a", x_graphql_event_stream_token=token
        ) as answer:
            assert answer.status == 403
            assert MISMATCH.encode() in await answer.rest()


class TestAudit:
    async def test_a_mismatch_is_told_with_everything_but_secrets(self, caplog: pytest.LogCaptureFixture) -> None:
        told: list[TenantMismatch] = []
        client = Client({"authorization": "ada@1", "x-tenant": "tenant-2\tX", "cookie": "secret"}, "/t/tenant-3")
        with caplog.at_level(logging.WARNING):
            await WAYS["post"](app(told), client, "{ whoami }")
        [mismatch] = told
        assert (mismatch.identity.subject, mismatch.identity.tenant, mismatch.address) == ("ada", "1", "192.0.2.1")
        assert [(each.place, each.name) for each in mismatch.named] == [
            ("the header x-tenant", "tenant-2\tX"),
            ("the path", "tenant-3"),
        ]
        [record] = caplog.records
        assert record.getMessage() == (
            "Refused subject 'ada' of tenant '1' from 192.0.2.1, who names another tenant: the header x-tenant has "
            r"'tenant-2\tX'; the path has 'tenant-3'"
        )

    async def test_the_log_has_no_more_of_a_name_than_helps(self, caplog: pytest.LogCaptureFixture) -> None:
        await WAYS["post"](app(), Client({"authorization": "ada@1", "x-tenant": "x" * 5_000}), "{ whoami }")
        assert len(caplog.records[0].getMessage()) < 300

    async def test_an_audit_that_fails_lets_nobody_in(self, caplog: pytest.LogCaptureFixture) -> None:
        async def failing(mismatch: TenantMismatch) -> None:
            raise OSError("The disk is full.")

        tenancy = Tenancy(TenancySettings(NAMING), policy_of=named, audit=failing)
        served = create_app(library_engine(LibrarySubgraph(), tenancy=tenancy), hooks=Hooks(authenticate))
        outcome, _ = await WAYS["post"](served, Client({"authorization": "ada@1", "x-tenant": "2"}), "{ whoami }")
        assert outcome == MISMATCH
        assert "The audit of a tenant mismatch failed" in caplog.text


TENANTS: Sequence[str] = ("1", "2", "tenant-1", "tenant-2", "Tenant-1", "")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    way=st.sampled_from(list(WAYS)),
    token=st.sampled_from(["1", "2", "", None]),
    host=st.sampled_from(["tenant-1.example.org", "tenant-2.example.org", "1.example.org", "router", None]),
    header=st.sampled_from([*TENANTS, None]),
    path=st.sampled_from([*TENANTS[:-1], None]),
    parameter=st.sampled_from([*TENANTS, None]),
)
async def test_whatever_disagrees_is_refused_over_every_transport(
    way: str, token: str | None, host: str | None, header: str | None, path: str | None, parameter: str | None
) -> None:
    headers = {"authorization": None if token is None else f"ada@{token}", "host": host, "x-tenant": header}
    client = Client(
        {name: value for name, value in headers.items() if value is not None},
        "" if path is None else f"/t/{path}",
        {} if parameter is None else {"x-tenant": parameter},
    )
    names = [each for each in (header, path, parameter if way == "websocket" else None) if each is not None]
    if host is not None and host != "router":
        names.append(host.removesuffix(".example.org"))
    agrees = token is None or all(token != "" and each in {token, f"tenant-{token}"} for each in names)
    outcome, _ = await WAYS[way](app(), client, "{ whoami }")
    assert outcome == (SERVED if agrees else REFUSAL if way == "websocket" else MISMATCH)


class TestPatterns:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"hosts": ("example.org",)},
            {"hosts": ("{tenant}.{tenant}.org",)},
            {"hosts": ("{tenant}.example.org/graphql",)},
            {"paths": ("/graphql",)},
            {"paths": ("t/{tenant}",)},
            {"paths": ("/t-{tenant}/graphql",)},
            {"headers": ("x tenant",)},
            {"host_headers": ("",)},
        ],
    )
    def test_a_pattern_that_could_name_no_tenant_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(NamingError):
            TenantNaming(**wrong)


def test_a_context_keeps_all_else_under_a_policy() -> None:
    context = RequestContext({"a": "b"}, "who", identity=Identity("ada", "north"), seconds=2.0, dry_run=True, entered=7)
    policy = TenantPolicy(names=("north",))
    under = context.under(policy, "1.2.3.4")
    assert under == replace(context, policy=policy, address="1.2.3.4")
    assert under.entered == 7
