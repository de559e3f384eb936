"""A router's graph is that of its subgraphs as they are now."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from router.serve.life.draining import Draining
from router.serve.sources import SourceError
from studium.embedded import CannotStart
from studium.router_process import router_to_services, serve_router
from studium.settings import StudiumSettings
from studium.subgraphs_file import Source, print_sources
from studium.supergraph import RunningSubgraphs
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.server import serving

HEAD = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@shareable"])\n'


class Deployed:
    """A subgraph that can be replaced by another version of itself."""

    def __init__(self, fields: str) -> None:
        self.fields = fields
        self.is_well = True

    async def answer(self, request: Request) -> JSONResponse:
        if not self.is_well:
            return JSONResponse({"errors": [{"message": "It is starting."}]}, 503)
        if "sdl" not in (await request.json())["query"]:
            return JSONResponse({"data": {"person": "Ada", "people": ["Ada", "Bob"]}})
        return JSONResponse({"data": {"_service": {"sdl": f"{HEAD}type Query {{ {self.fields} }}"}}})


@asynccontextmanager
async def running(tmp_path: Path, **subgraphs: Deployed) -> AsyncGenerator[RunningSubgraphs]:
    """What a router looks at, over these."""
    path = tmp_path / "supergraph.yaml"
    routes = [Route(f"/{name}", each.answer, methods=["POST"]) for name, each in subgraphs.items()]
    async with serving(Starlette(routes=routes)) as address:
        path.write_text(print_sources({name: Source(f"http://{address}/{name}") for name in subgraphs}))
        yield RunningSubgraphs(path, lambda _: {})


async def test_another_version_of_a_subgraph_is_noticed(tmp_path: Path) -> None:
    people, places = Deployed("person: String"), Deployed("place: String")
    async with running(tmp_path, people=people, places=places) as subgraphs:
        first = await subgraphs.look()
        assert first is not None
        assert set(first.urls) == {"people", "places"}
        assert await subgraphs.look() is None
        people.fields += " people: [String]"
        second = await subgraphs.look()
        assert second is not None
        assert second.id != first.id
        assert "people: [String]" in second.supergraph_sdl


async def test_one_that_is_being_replaced_counts_as_it_was(tmp_path: Path) -> None:
    people, places = Deployed("person: String"), Deployed("place: String")
    async with running(tmp_path, people=people, places=places) as subgraphs:
        await subgraphs.look()
        people.is_well = False
        assert await subgraphs.look() is None
        places.fields += " places: [String]"
        changed = await subgraphs.look()
        assert changed is not None
        assert "person: String" in changed.supergraph_sdl


async def test_what_does_not_compose_is_told_once_until_it_is_forgotten(tmp_path: Path) -> None:
    people, places = Deployed("person: String"), Deployed("place: String")
    async with running(tmp_path, people=people, places=places) as subgraphs:
        await subgraphs.look()
        people.fields = "person: String place: String"
        with pytest.raises(SourceError, match="INVALID_FIELD_SHARING"):
            await subgraphs.look()
        assert await subgraphs.look() is None
        subgraphs.forget()
        with pytest.raises(SourceError, match="INVALID_FIELD_SHARING"):
            await subgraphs.look()


async def test_a_new_one_has_to_answer(tmp_path: Path) -> None:
    people = Deployed("person: String")
    people.is_well = False
    async with running(tmp_path, people=people) as subgraphs:
        with pytest.raises(SourceError, match="The subgraph people does not tell its SDL"):
            await subgraphs.look()


async def test_a_new_one_that_listens_may_still_be_starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Deployed):
        asked = 0

        async def answer(self, request: Request) -> JSONResponse:
            self.asked += 1
            if self.asked == 1:
                await asyncio.sleep(1)
            return await super().answer(request)

    monkeypatch.setattr("studium.subgraphs_file._ASK_SECONDS", 0.3)
    people = Slow("person: String")
    async with running(tmp_path, people=people) as subgraphs:
        assert await subgraphs.look() is not None
    assert people.asked > 1


async def test_a_router_takes_another_version_of_its_subgraphs_into_use(tmp_path: Path) -> None:
    people = Deployed("person: String")
    config, names = tmp_path / "router.yaml", tmp_path / "names.yaml"
    config.write_text("caching: null\n")
    async with serving(Starlette(routes=[Route("/people", people.answer, methods=["POST"])])) as address:
        names.write_text(print_sources({"people": Source(f"http://{address}/people")}))
        settings = StudiumSettings(
            subgraphs=names, router_config=config, schema_poll_seconds=0, jwks_url="http://127.0.0.1:1/keys"
        )
        router = await asyncio.to_thread(router_to_services, settings, Draining())
        assert router.look_again is not None
        transport = httpx2.ASGITransport(router.app)
        async with router.app.router.lifespan_context(router.app), httpx2.AsyncClient(transport=transport) as client:

            async def ask(query: str) -> Any:
                return (await client.post("http://router/graphql", json={"query": query})).json()

            assert await ask("{ person }") == {"data": {"person": "Ada"}}
            assert "errors" in await ask("{ people }")
            people.fields += " people: [String]"
            router.look_again()
            async with asyncio.timeout(PATIENCE_SECONDS):
                while "errors" in (await ask("{ people }")):  # noqa: ASYNC110 - the router tells nobody
                    await asyncio.sleep(0.02)
            told = (await client.get("http://router/ready")).json()
            assert (told["status"], told["supergraph"]["reloads"]) == ("ready", 1)


def test_subgraphs_in_its_own_process_are_those_of_one_worker() -> None:
    with pytest.raises(CannotStart, match="STUDIUM_WORKERS=1"):
        serve_router(StudiumSettings(workers=2))
