"""A real server for an ASGI application, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from router.serve.http.door import Door, DoorApp, protocol_at
from router.serve.streams.wire.protocol import WireProtocol


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncGenerator[str]:
    """The address, without a scheme, of a server that lives as long as the block."""
    async with started(app, []) as address:
        yield address


@asynccontextmanager
async def started(app: ASGIApp, servers: list[uvicorn.Server]) -> AsyncGenerator[str]:
    """The same, its server put into a list for applications that want to know it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*listener.getsockname())
        door = Door()
        whole, http = DoorApp(app, door), protocol_at(door)
        config = uvicorn.Config(
            whole, http=http, ws=WireProtocol, log_level="warning", lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        servers.append(server)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  # uvicorn sets a flag and tells nobody
            await asyncio.sleep(0.005)
        try:
            yield address
        finally:
            server.should_exit = True
            await running
