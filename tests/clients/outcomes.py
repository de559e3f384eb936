"""What each client has managed to do at a running router."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from studium.npm import NpmError, find_node
from tests.clients.shop import create_shop
from tests.router.serve.server import started

HERE = Path(__file__).resolve().parent


class NoClients(Exception):
    """Why there are none on this machine."""


@asynccontextmanager
async def shop_open() -> AsyncGenerator[str]:
    """The address, without a scheme, of a shop that is open as long as the block."""
    servers: list[uvicorn.Server] = []
    async with started(create_shop(servers), servers) as address:
        yield address


async def run_clients(script: str) -> Mapping[str, str | None]:
    """By client and by what it was to do: None, or what went wrong.

    Raises:
        NoClients: they are not installed.
    """
    if not (HERE / "node_modules").is_dir():
        raise NoClients("the clients are not installed: python -m tests.clients.install")
    try:
        node, _ = find_node()
    except NpmError as error:
        raise NoClients(str(error)) from error
    async with shop_open() as address:
        process = await asyncio.create_subprocess_exec(
            node, str(HERE / script), address, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, problems = await process.communicate()
    assert process.returncode == 0, problems.decode()
    return json.loads(out)
