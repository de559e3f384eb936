"""`serve` makes a router of a supergraph file."""

import argparse
from pathlib import Path

import httpx2

from router.compose import Composed, Subgraph, compose
from router.serve import Hooks, create_app, forwarding
from router.serve.commands import add_commands, build_app
from tests.router.serve.library import SDL, LibrarySubgraph, library_engine
from tests.router.serve.server import serving


def test_the_command_line_has_defaults() -> None:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    arguments = parser.parse_args(["serve", "--supergraph", "s.graphql", "--port", "4321"])
    assert (arguments.supergraph, arguments.host, arguments.port) == (Path("s.graphql"), "127.0.0.1", 4321)
    assert callable(arguments.run)


async def test_subgraphs_are_reached_at_the_addresses_in_the_supergraph() -> None:
    """The subgraph is a router itself: whatever answers GraphQL over HTTP will do."""
    hooks = Hooks(forwarding("authorization"))
    async with serving(create_app(library_engine(LibrarySubgraph()), hooks=hooks)) as address:
        composed = compose([Subgraph("library", f"http://{address}/graphql", SDL)])
        assert isinstance(composed, Composed)
        app = build_app(composed.supergraph_sdl, timeout=5, hooks=hooks)
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client,
        ):
            response = await client.post(
                "/graphql", json={"query": "{ whoami a: book(id: 1) { id } }"}, headers={"authorization": "x"}
            )
    assert response.json() == {"data": {"whoami": "x", "a": {"id": "1"}}}
