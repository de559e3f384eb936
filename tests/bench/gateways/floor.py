"""`python -m tests.bench.gateways.floor protocol|uvicorn FILE PORT`: what answering costs when the answer is there.

`protocol` is one `asyncio.Protocol` that writes bytes: no Python process does less. `uvicorn` is the server that our
router runs under, with an application that does nothing but read the request and send bytes.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import orjson
import uvicorn
from starlette.types import Receive, Scope, Send

from router.serve.life.server import SERVER
from tests.bench.gateways import http_server


def protocol(answers: Mapping[bytes, bytes], port: int) -> None:
    """Write the ready answer to each request."""
    ready = {body: http_server.reply(answer) for body, answer in answers.items()}
    http_server.run({"gateway": ready.__getitem__}, {"gateway": port})


def behind_uvicorn(answers: Mapping[bytes, bytes], port: int) -> None:
    """The same as an ASGI application."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = answers[body]
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    uvicorn.run(app, host=http_server.LOOPBACK, port=port, lifespan="off", **SERVER)


if __name__ == "__main__":
    kind, file, port_ = sys.argv[1:]
    pairs = orjson.loads(Path(file).read_bytes())
    known = {orjson.dumps({"query": query}): orjson.dumps(answer) for query, answer in pairs}
    {"protocol": protocol, "uvicorn": behind_uvicorn}[kind](known, int(port_))
