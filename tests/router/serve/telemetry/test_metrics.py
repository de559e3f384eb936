"""Metrics tell what has become of every operation, over every transport, and of every request to a subgraph."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import httpx2
import pytest
from starlette.applications import Starlette

from router.serve import Demand, DemandControl, Hooks, Identity, RequestContext, create_app
from router.serve.http.config import HttpPolicy
from router.serve.life.seat import LISTENER
from router.serve.telemetry.config import Metrics, TelemetryConfig
from router.serve.telemetry.server import MetricsUnavailable
from router.serve.telemetry.telemetry import Telemetry
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.library import LibrarySubgraph, library_engine
from tests.router.serve.server import serving
from tests.router.serve.telemetry.scraping import samples, scraped


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry(TelemetryConfig(metrics=Metrics(path="/metrics", tenants=2, clients=2, codes=3)))


async def by_header(headers: Any, parameters: Any) -> RequestContext:
    """Whoever says so is somebody's client: this is a test."""
    tenant = headers.get("x-tenant")
    identity = None if tenant is None else Identity("ada", tenant)
    return RequestContext(identity=identity, dry_run="x-dry" in headers)


@pytest.fixture
def app(telemetry: Telemetry, subgraph: LibrarySubgraph) -> Starlette:
    engine = library_engine(subgraph, control=DemandControl(Demand(measured=True)), telemetry=telemetry)
    return create_app(engine, hooks=Hooks(by_header), http=HttpPolicy(batch=5))


async def ask(client: httpx2.AsyncClient, query: Any, **headers: str) -> httpx2.Response:
    body: Any = {"query": query} if isinstance(query, str) else query
    return await client.post("/graphql", json=body, headers=headers)


class TestOperations:
    async def test_are_counted_by_kind_status_and_transport(
        self, client: httpx2.AsyncClient, telemetry: Telemetry
    ) -> None:
        await ask(client, "{ books { title } }")
        await ask(client, "{ books { title } }")
        await ask(client, 'mutation { rename(id: "1", title: "x") { id } }')
        await ask(client, '{ book(id: "0") { id } books { id } }')
        await ask(client, '{ book(id: "0") { id } }')
        await ask(client, "{ nonsense }")
        found = scraped(telemetry.registry)
        counts = {key[1:]: value for key, value in found.items() if key[0] == "router_operation_duration_seconds_count"}
        assert counts == {
            ("query", "ok", "http"): 2,
            ("mutation", "ok", "http"): 1,
            ("query", "partial", "http"): 2,
            ("unknown", "refused", "http"): 1,
        }
        assert found["router_errors_total", "NOT_FOUND"] == 2
        assert found["router_errors_total", "GRAPHQL_VALIDATION_FAILED"] == 1
        assert found["router_refusals_total", "GRAPHQL_VALIDATION_FAILED"] == 1
        assert found["router_http_requests_total", "POST", "200"] == 6

    async def test_of_a_batch_are_counted_one_by_one(self, client: httpx2.AsyncClient, telemetry: Telemetry) -> None:
        await ask(client, [{"query": "{ whoami }"}, {"query": "{ nonsense }"}, {"query": "{ whoami }"}])
        found = scraped(telemetry.registry)
        assert found["router_operation_duration_seconds_count", "query", "ok", "batch"] == 2
        assert found["router_operation_duration_seconds_count", "unknown", "refused", "batch"] == 1
        assert ("router_operation_duration_seconds_count", "query", "ok", "http") not in found

    async def test_requests_that_bring_none_are_counted_as_such(
        self, client: httpx2.AsyncClient, telemetry: Telemetry
    ) -> None:
        await client.put("/graphql")
        await client.request("BREW", "/graphql")
        await client.get("/graphql", headers={"accept": "text/html"})
        found = scraped(telemetry.registry)
        assert found["router_http_requests_total", "PUT", "405"] == 1
        assert found["router_http_requests_total", "other", "405"] == 1
        assert found["router_http_requests_total", "GET", "200"] == 1
        assert found["router_refusals_total", "METHOD_NOT_ALLOWED"] == 2

    async def test_cost_and_clients_have_a_bounded_number_of_labels(
        self, client: httpx2.AsyncClient, telemetry: Telemetry
    ) -> None:
        for number in range(5):
            headers = {"x-tenant": f"t{number}", "apollographql-client-name": f"app {number}"}
            await ask(client, "{ books(first: 3) { id author { name } } }", **headers)
        await ask(client, "{ whoami }")
        found = scraped(telemetry.registry)
        assert {key[1] for key in found if key[0] == "router_tenant_operations_total"} == {"t0", "t1", "other", ""}
        assert {key[1] for key in found if key[0] == "router_client_operations_total"} == {
            "app 0",
            "app 1",
            "other",
            "",
        }
        assert found["router_tenant_cost_estimated_total", "t0"] == found["router_tenant_cost_actual_total", "t0"] == 6
        assert found["router_tenant_cost_estimated_total", "other"] == 18
        assert found["router_operation_cost_count",] == 6

    async def test_what_is_priced_and_not_executed_costs_nobody_anything(
        self, client: httpx2.AsyncClient, telemetry: Telemetry
    ) -> None:
        query = "{ books(first: 3) { id author { name } } }"
        await ask(client, query, **{"x-tenant": "t", "x-dry": "yes"})
        found = scraped(telemetry.registry)
        assert found["router_operation_duration_seconds_count", "query", "priced", "http"] == 1
        assert not [key for key in found if key[0].startswith("router_tenant_")]
        assert found["router_operation_cost_count",] == 0
        await ask(client, query, **{"x-tenant": "t"})
        assert scraped(telemetry.registry)["router_tenant_cost_estimated_total", "t"] == 6

    async def test_a_cost_that_turned_out_less_is_told(self, client: httpx2.AsyncClient, telemetry: Telemetry) -> None:
        await ask(client, '{ book(id: "0") { author { name } } }', **{"x-tenant": "t"})
        found = scraped(telemetry.registry)
        assert found["router_tenant_cost_estimated_total", "t"] == 2
        assert found["router_tenant_cost_actual_total", "t"] == 0


class TestSubgraphsAndCaches:
    async def test_requests_to_subgraphs_are_counted_by_what_became_of_them(
        self, client: httpx2.AsyncClient, telemetry: Telemetry
    ) -> None:
        await ask(client, "{ whoami }")
        await ask(client, '{ book(id: "0") { id } }')
        found = scraped(telemetry.registry)
        assert found["router_subgraph_requests_total", "ok", "library"] == 1
        assert found["router_subgraph_requests_total", "errors", "library"] == 1
        assert found["router_subgraph_request_duration_seconds_count", "library"] == 2

    async def test_what_is_remembered_is_told(self, client: httpx2.AsyncClient, telemetry: Telemetry) -> None:
        for _ in range(3):
            await ask(client, "{ whoami }")
        found = scraped(telemetry.registry)
        assert found["router_cache_hits_total", "operations"] == 2
        assert found["router_cache_entries", "operations"] == found["router_cache_entries", "documents"] == 1
        assert found["router_planning_seconds_count",] == found["router_parsing_seconds_count",] == 1


class TestStreams:
    @pytest.fixture
    async def address(self, app: Starlette) -> AsyncGenerator[str]:
        async with serving(app) as address:
            yield address

    async def test_subscriptions_are_counted_over_websockets(self, address: str, telemetry: Telemetry) -> None:
        async with aiohttp.ClientSession() as session:
            protocols = ("graphql-transport-ws",)
            socket = await session.ws_connect(f"http://{address}/graphql", protocols=protocols)
            await socket.send_json({"type": "connection_init"})
            await socket.receive_json()
            for id_, query in (("1", "subscription { forever }"), ("2", "{ whoami }"), ("3", "{ nonsense }")):
                await socket.send_json({"id": id_, "type": "subscribe", "payload": {"query": query}})
            async with asyncio.timeout(PATIENCE_SECONDS):
                ended = set[str]()
                while {"2", "3"} - ended:
                    message = await socket.receive_json()
                    if message["type"] in {"complete", "error"}:
                        ended.add(message["id"])
            found = scraped(telemetry.registry)
            assert found["router_subscriptions", "websocket"] == found["router_connections", "websocket"] == 1
            assert found["router_subgraph_streams", "library"] == 1
            assert found["router_operation_duration_seconds_count", "query", "ok", "websocket"] == 1
            assert found["router_operation_duration_seconds_count", "unknown", "refused", "websocket"] == 1
            await socket.close()
            while ("router_operation_duration_seconds_count", "subscription", "ok", "websocket") not in found:
                await asyncio.sleep(0.01)
                found = scraped(telemetry.registry)
        assert found["router_subscriptions", "websocket"] == found["router_subgraph_streams", "library"] == 0
        assert found["router_subscription_messages_total", "websocket"] > 0

    async def test_and_over_event_streams_with_what_became_of_those_that_went_on(
        self, client: httpx2.AsyncClient, telemetry: Telemetry
    ) -> None:
        headers = {"accept": "text/event-stream", "last-event-id": "c3"}
        await ask(client, "subscription { chapters }", **headers)
        await ask(client, "subscription { ticks(upTo: 2) }", **headers)
        found = scraped(telemetry.registry)
        assert found["router_operation_duration_seconds_count", "subscription", "ok", "sse"] == 2
        assert found["router_subscription_messages_total", "sse"] == 4
        assert found["router_subscription_resumptions_total", "resumed"] == 1
        assert found["router_subscription_resumptions_total", "gap"] == 1


class TestWhere:
    async def test_they_are_read_at_a_path_of_the_router(self, client: httpx2.AsyncClient) -> None:
        await ask(client, "{ whoami }")
        response = await client.get("/metrics")
        assert response.headers["content-type"].startswith("text/plain")
        assert samples(response.text)["router_http_requests_total", "POST", "200"] == 1
        assert "process_resident_memory_bytes" in response.text

    async def test_each_worker_takes_the_first_free_port(self) -> None:
        first = Telemetry(TelemetryConfig(metrics=Metrics(port=0)))
        async with first.running(), aiohttp.ClientSession() as session:
            assert first.metrics_port is not None
            second = Telemetry(TelemetryConfig(metrics=Metrics(port=first.metrics_port, ports=20)))
            async with second.running():
                assert second.metrics_port is not None
                assert first.metrics_port < second.metrics_port < first.metrics_port + 20
                for port in (first.metrics_port, second.metrics_port):
                    async with session.get(f"http://127.0.0.1:{port}/metrics") as response:
                        assert "router_event_loop_lag_seconds" in await response.text()

    async def test_a_worker_waits_for_the_port_of_the_one_whose_place_it_takes(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = Telemetry(TelemetryConfig(metrics=Metrics(port=0)))
        async with AsyncExitStack() as stack:
            async with first.running():
                second = Telemetry(TelemetryConfig(metrics=Metrics(port=first.metrics_port)))
                with pytest.raises(MetricsUnavailable):
                    await stack.enter_async_context(second.running())
                monkeypatch.setenv(LISTENER, "3")
                await stack.enter_async_context(second.running())
                assert second.metrics_port is None
            async with asyncio.timeout(PATIENCE_SECONDS):
                while second.metrics_port is None:  # noqa: ASYNC110  # nobody tells of it
                    await asyncio.sleep(0.05)
            assert second.metrics_port == first.metrics_port

    async def test_nothing_is_seen_where_nobody_looks(self, subgraph: LibrarySubgraph) -> None:
        app = create_app(library_engine(subgraph))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
            assert json.loads((await ask(client, "{ whoami }")).text) == {"data": {"whoami": None}}
            assert (await client.get("/metrics")).status_code == 404
