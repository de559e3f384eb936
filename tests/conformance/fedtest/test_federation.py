"""Apollo's tests of federation pass with our router in the middle, and with a subgraph written as Studium's are.

Two of the subgraphs are Apollo's own, in Node; the tests know the ports of all, which are exchanged on the way.
"""

import asyncio
import json
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from router.compose import Composed, Subgraph, compose
from router.execute import HttpTransport
from router.serve import Engine, create_app
from tests.clients.outcomes import node
from tests.conformance.fedtest.products import SCHEMA, create_products
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.server import serving

pytestmark = [pytest.mark.xdist_group("clients"), pytest.mark.timeout(900)]

HERE: Final = Path(__file__).resolve().parent
SUITE: Final = HERE / "node_modules" / "@apollo" / "federation-subgraph-compatibility-tests" / "dist"

TESTS: Final = 23

PORTS: Final = {"router": 4000, "products": 4001, "users": 4002, "inventory": 4003}
"""Those that the tests know."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def environment(ports: Mapping[str, int]) -> dict[str, str]:
    """Of processes that find other ports in the place of those that they know."""
    exchanged = {str(PORTS[name]): port for name, port in ports.items()}
    return {"FEDTEST_PORTS": json.dumps(exchanged), "NODE_OPTIONS": f"--require {HERE / 'ports.cjs'}"}


@asynccontextmanager
async def subgraph(name: str, port: int) -> AsyncGenerator[str]:
    """The URL of one of Apollo's subgraphs."""
    script = SUITE / "subgraphs" / name / "index.js"
    process = await asyncio.create_subprocess_exec(
        node(HERE), str(script), cwd=script.parent, env=environment({name: port}), stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await _listens(port, process):  # noqa: ASYNC110  # it tells nobody
                await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _listens(port: int, process: Process) -> bool:
    assert process.returncode is None, (await process.communicate())[1].decode()
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


def sdl_of(name: str) -> str:
    return (SUITE / "subgraphs" / name / f"{name}.graphql").read_text(encoding="utf-8")


def create_engine(urls: Mapping[str, str]) -> Engine:
    """The router's engine over the three."""
    sdls = {"products": SCHEMA.as_str(), "users": sdl_of("users"), "inventory": sdl_of("inventory")}
    composed = compose([Subgraph(name, urls[name], sdl) for name, sdl in sdls.items()])
    assert isinstance(composed, Composed), composed
    return Engine.from_sdl(composed.supergraph_sdl, {name: HttpTransport(url) for name, url in urls.items()})


def at_root(app: ASGIApp) -> ASGIApp:
    """The application, at the path where the tests look for it."""

    async def moved(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "path": "/graphql"}, receive, send)

    return moved


async def run_tests(ports: Mapping[str, int]) -> dict[str, Any]:
    """What jest tells of them."""
    jest = HERE / "node_modules" / "jest" / "bin" / "jest.js"
    options = ("--config", str(HERE / "jest.config.json"), "--rootDir", str(SUITE / "tests"), "--json", "--runInBand")
    process = await asyncio.create_subprocess_exec(
        node(HERE), str(jest), *options, "--ci", cwd=HERE, env=environment(ports), stdout=PIPE, stderr=PIPE
    )
    out, problems = await process.communicate()
    assert out, problems.decode()
    return json.loads(out)


async def test_every_test_passes() -> None:
    node(HERE)
    ports = {name: free_port() for name in ("users", "inventory")}
    async with (
        subgraph("users", ports["users"]) as users,
        subgraph("inventory", ports["inventory"]) as inventory,
        serving(create_products()) as products,
        aclosing(create_engine({"users": users, "inventory": inventory, "products": f"http://{products}/"})) as engine,
        serving(at_root(create_app(engine, graphiql=False))) as router,
    ):
        ports |= {"products": int(products.rpartition(":")[2]), "router": int(router.rpartition(":")[2])}
        told = await run_tests(ports)
    failed = {
        test["fullName"]: test["failureMessages"]
        for suite in told["testResults"]
        for test in suite["assertionResults"]
        if test["status"] != "passed"
    }
    assert failed == {}
    assert told["numPassedTests"] == TESTS
