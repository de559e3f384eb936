"""What each client has managed to do at a running router."""

import asyncio
import json
import os
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn

import pytest
import uvicorn

from studium.npm import NpmError, find_node
from tests.clients.shop import create_shop
from tests.router.serve.server import started

HERE = Path(__file__).resolve().parent


@asynccontextmanager
async def shop_open() -> AsyncGenerator[str]:
    """The address, without a scheme, of a shop that is open as long as the block."""
    servers: list[uvicorn.Server] = []
    async with started(create_shop(servers), servers) as address:
        yield address


async def run_clients(script: str, *arguments: str) -> Mapping[str, str | None]:
    """By client and by what it was to do: None, or what went wrong.

    Args:
        script: gets the address of a shop, and the arguments.
        arguments: whatever else it wants to know.
    """
    async with shop_open() as address:
        process = await asyncio.create_subprocess_exec(
            node(), str(HERE / script), address, *arguments, stdout=PIPE, stderr=PIPE
        )
        out, problems = await process.communicate()
    assert process.returncode == 0, problems.decode()
    return json.loads(out)


def compile_for_relay(schema: str, source: Path, folder: Path) -> Path:
    """Compile the operations in a source file; returns the folder that holds what has become of them.

    Raises:
        AssertionError: the operations do not fit the schema, or the schema not Relay.
    """
    settings = {
        "src": "src",
        "schema": "schema.graphql",
        "language": "javascript",
        "artifactDirectory": "artifacts",
        "eagerEsModules": False,
    }
    for name in ("src", "artifacts"):
        (folder / name).mkdir()
    (folder / "src" / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "schema.graphql").write_text(schema, encoding="utf-8")
    (folder / "package.json").write_text('{"type": "commonjs"}', encoding="utf-8")
    (folder / "relay.config.json").write_text(json.dumps(settings), encoding="utf-8")
    compiler = HERE / "node_modules" / "relay-compiler" / "cli.js"
    done = subprocess.run(  # noqa: S603  # the compiler that the lock names
        [node(), str(compiler), "relay.config.json"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "artifacts"


def node(folder: Path = HERE) -> str:
    """The command for Node; where there is none, or no packages, the test is skipped, or fails if it may not be.

    Args: `folder` has the lock that names the packages.
    """
    if not (folder / "node_modules").is_dir():
        _leave_out("the clients are not installed: python -m tests.clients.install")
    try:
        return find_node()[0]
    except NpmError as error:
        _leave_out(str(error))


def _leave_out(reason: str) -> NoReturn:
    if os.environ.get("STUDIUM_CLIENTS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)
