"""A subgraph whose schema grows and shrinks, and routers that follow it."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from router.serve.commands import Router, router_of
from tests.router.serve.config.configured import configured

SDL = "type Query { a: Int b: Int } type Subscription { ticks: Int! beats: Int! }"
WITHOUT_BEATS = "type Query { a: Int b: Int } type Subscription { ticks: Int! }"


def describe(path: Path, sdl: str, url: str = "http://127.0.0.1:9/graphql", **others: str) -> Path:
    """A file of one subgraph, and others by their SDL, put into its place as a whole."""
    listed = [{"name": "one", "url": url, "sdl": sdl, "subscription": "sse"}]
    listed += [{"name": name, "url": url, "sdl": text} for name, text in others.items()]
    new = path.with_suffix(".new")
    new.write_text(json.dumps(listed))
    return new.replace(path)


@asynccontextmanager
async def routing(path: Path, *options: str) -> AsyncGenerator[Router]:
    """A router over a file of subgraphs, which looks at it when it is told to."""
    router = await router_of(configured("--subgraphs", str(path), "--poll", "0", *options, supergraph=None))
    async with router.app.router.lifespan_context(router.app):
        yield router


async def ask(router: Router, query: str) -> Any:
    """What a router answers."""
    transport = httpx2.ASGITransport(router.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://router") as client:
        response = await client.post("/graphql", json={"query": query}, headers={"accept": "application/json"})
    return response.json()


async def readiness(router: Router) -> Any:
    """What `/ready` says."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(router.app), base_url="http://router") as client:
        return (await client.get("/ready")).json()
