"""Every operation over one WebSocket: the graphql-transport-ws protocol.

The legacy protocol, whose name is `graphql-ws`, is refused.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from functools import partial
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from router.serve.engine import Engine
from router.serve.errors import Refused
from router.serve.http.cross_site import CrossSiteCheck
from router.serve.http.headers import read_headers
from router.serve.request import Hooks
from router.serve.streams.closing import BAD_REQUEST, FORBIDDEN, UNKNOWN_SUBPROTOCOL, Closed
from router.serve.streams.connection import Connection
from router.serve.streams.keeper import StreamKeeper
from router.serve.streams.socket import Socket, wire_of
from router.serve.variants.entrance import Entrance, address_of

PROTOCOL = "graphql-transport-ws"


class WebSocketEndpoint:
    """An ASGI application for one path."""

    def __init__(
        self, engine: Engine, hooks: Hooks, keeper: StreamKeeper, cross_site: CrossSiteCheck | None = None
    ) -> None:
        """Args: `cross_site` looks at which page opens a connection; None opens it to all."""
        self._engine = engine
        self._entrance = Entrance(engine, hooks)
        self._keeper = keeper
        self._cross_site = cross_site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        await receive()  # websocket.connect
        socket = Socket(
            receive,
            send,
            message_bytes=self._engine.limits.body_bytes,
            write_seconds=self._keeper.settings.write_seconds,
            wire=wire_of(scope),
        )
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await socket.close(Closed(UNKNOWN_SUBPROTOCOL, "Subprotocol not acceptable"))
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        try:
            headers = read_headers(scope["headers"])
            if self._cross_site is not None:
                self._cross_site.check_socket(headers)
        except Refused as refused:
            code = FORBIDDEN if refused.status is HTTPStatus.FORBIDDEN else BAD_REQUEST
            await socket.close(Closed(code, str(refused)))
            return
        enter = partial(self._entrance.enter, scope, headers)
        await Connection(self._engine, enter, self._keeper, socket, address_of(scope)).serve()
