"""Running an ASGI application with uvicorn, the same way everywhere."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_GRACE_SECONDS: Final = 2
"""How long a stop waits for open requests; subscriptions never end by themselves."""
_LARGEST_MESSAGE: Final = 4 * 1024 * 1024


def serve(app: "ASGIApp", *, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    import uvicorn

    from router.serve.streams.wire.protocol import WireProtocol

    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws=WireProtocol,
        ws_max_size=_LARGEST_MESSAGE,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
