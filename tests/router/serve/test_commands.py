"""`serve` makes a router of a supergraph file, or of subgraphs that it composes."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from router.__main__ import main
from router.compose import Composed, Subgraph, compose
from router.execute import Subscriptions
from router.serve import Hooks, commands, create_app, forwarding
from router.serve.commands import router_of
from router.serve.sources import SourceError, of_subgraphs, of_supergraph
from tests.router.serve.config.configured import configured
from tests.router.serve.library import SDL, LibrarySubgraph, library_engine
from tests.router.serve.server import serving


@asynccontextmanager
async def library() -> AsyncGenerator[str]:
    """The URL of a subgraph that is a router itself: whatever answers GraphQL over HTTP will do."""
    hooks = Hooks(forwarding("authorization"))
    async with serving(create_app(library_engine(LibrarySubgraph()), hooks=hooks)) as address:
        yield f"http://{address}/graphql"


async def answer(app: Starlette, query: str) -> Any:
    """What an application answers somebody with a token."""
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client,
    ):
        response = await client.post("/graphql", json={"query": query}, headers={"authorization": "x"})
    return response.json()


def written(folder: Path, content: Any) -> Path:
    """A JSON file."""
    path = folder / "subgraphs.json"
    path.write_text(json.dumps(content))
    return path


class TestCommandLine:
    def test_what_does_not_compose_is_said(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = written(tmp_path, [{"name": "a", "url": "http://a", "sdl": "type Query { a: Unknown }"}])
        assert main(["serve", "--subgraphs", str(path)]) == 1
        assert "INVALID_GRAPHQL" in capsys.readouterr().err

    def test_a_websocket_takes_no_more_at_once_than_a_body_may_have(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        served: dict[str, Any] = {}

        def serve(_: object, **told: Any) -> None:
            served.update(told)

        monkeypatch.setattr(commands, "serve", serve)
        config = tmp_path / "router.yaml"
        config.write_text("limits:\n  body_bytes: 1000\n")
        path = written(tmp_path, [{"name": "a", "url": "http://a", "sdl": "type Query { a: Int }"}])
        assert main(["serve", "--config", str(config), "--subgraphs", str(path)]) == 0
        assert served["options"]["ws_max_size"] == 1000

    def test_what_is_no_supergraph_is_said(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "supergraph.graphql"
        path.write_text("type Query { a: Int }")
        assert main(["serve", "--supergraph", str(path)]) == 1
        assert capsys.readouterr().err


class TestSources:
    async def test_subgraphs_are_reached_at_the_addresses_in_the_supergraph(self, tmp_path: Path) -> None:
        path = tmp_path / "supergraph.graphql"
        async with library() as url:
            composed = compose([Subgraph("library", url, SDL)])
            assert isinstance(composed, Composed)
            path.write_text(composed.supergraph_sdl)
            router = await router_of(configured(supergraph=str(path)))
            found = await answer(router.app, "{ whoami a: book(id: 1) { id } }")
        assert found == {"data": {"whoami": "x", "a": {"id": "1"}}}

    @pytest.mark.parametrize("wrapped", [True, False])
    async def test_subgraphs_are_composed(self, tmp_path: Path, *, wrapped: bool) -> None:
        async with library() as url:
            listed = [{"name": "library", "url": url, "sdl": SDL}]
            path = written(tmp_path, {"subgraphs": listed} if wrapped else listed)
            router = await router_of(configured("--subgraphs", str(path), supergraph=None))
            found = await answer(router.app, "{ a: book(id: 1) { id } }")
        assert found == {"data": {"a": {"id": "1"}}}

    def test_a_subgraph_may_have_another_protocol_for_its_subscriptions(self, tmp_path: Path) -> None:
        listed = [
            {"name": name, "url": f"http://{name}", "sdl": f"type Query {{ {name}: Int }}"} for name in ("a", "b")
        ]
        listed[0]["subscription"] = "sse"
        assert of_subgraphs(written(tmp_path, listed)).subscriptions == {"a": Subscriptions.SSE}

    def test_an_unknown_protocol_is_refused(self, tmp_path: Path) -> None:
        listed = {"name": "a", "url": "http://a", "sdl": "type Query { a: Int }", "subscription": "pigeon"}
        with pytest.raises(SourceError, match="There is no"):
            of_subgraphs(written(tmp_path, [listed]))

    @pytest.mark.parametrize(
        "content",
        [1, [], {}, ["a"], [{"name": "a", "url": "http://a"}], [{"name": "a", "url": "http://a", "sdl": 1}]],
        ids=repr,
    )
    def test_a_file_of_another_shape_is_refused(self, tmp_path: Path, content: Any) -> None:
        with pytest.raises(SourceError, match="must be a JSON list"):
            of_subgraphs(written(tmp_path, content))

    def test_a_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="Cannot read"):
            of_supergraph(tmp_path / "none")
