"""One WebSocket connection of uvicorn, which keeps and does as little as possible for each.

The handshake, the client's frames and the end are looked after by the `websockets` library. What is sent is framed
here: a text message is a header of at most ten bytes and the text. There is no compression, which would hold more
memory for each socket than everything else together.

Sources: https://www.rfc-editor.org/rfc/rfc6455, https://asgi.readthedocs.io/en/latest/specs/www.html#websocket,
https://websockets.readthedocs.io/en/stable/howto/sansio.html
"""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import unquote

from starlette.types import ASGIApp, Message
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected, get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from router.serve.streams.wire.wire import EXTENSION
from router.serve.ticks import TICKS

logger = logging.getLogger("uvicorn.error")

CLOSE_SECONDS: Final = 10.0
"""How long a client may take to answer a close frame."""

MOST_WAITING: Final = 4
"""Messages that are read ahead of the application."""

SLICE_BYTES: Final = 2_048
"""That are parsed before anybody looks how many frames were in them."""

MOST_FRAMES: Final = 64
"""From which on the rest of what was read waits for the event loop's next turn."""

MOST_FRAGMENTS: Final = 4_096
"""Of one message, which may be empty and cost memory all the same."""

SHORT, MEDIUM = 126, 65_536
"""Lengths from which a frame's header is longer."""


class WireProtocol(asyncio.Protocol):
    """To be given to uvicorn as its `ws`; it is also the `Wire` of its application."""

    __slots__ = (
        "_accepted",
        "_conn",
        "_inbox",
        "_kind",
        "_left",
        "_parts",
        "_paused",
        "_response",
        "_settings",
        "_state",
        "_transport",
        "_turn",
        "_unread",
        "_waiting",
        "_writing",
        "is_writable",
        "on_crowded",
        "on_writable",
    )

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """As uvicorn makes it."""
        self._settings = config
        self._state = server_state, app_state
        self._conn = ServerProtocol(max_size=config.ws_max_size, logger=logger)
        self._transport = cast("asyncio.Transport", None)
        self._response: Response | None = None
        self._accepted = False
        self._inbox: list[Message] = []
        self._kind = Opcode.TEXT
        self._parts: list[bytes] = []
        """Of a message that has not come to its end."""
        self._unread = b""
        """What has come and is not parsed yet."""
        self._paused = False
        """Whether no more is read."""
        self._turn: asyncio.Handle | None = None
        """When more of it is parsed."""
        self._left = False
        """Whether the application has been told, or will be, that there is nobody any more."""
        self._waiting: asyncio.Future[None] | None = None
        """The application, until there is a message."""
        self._writing: asyncio.Future[None] | None = None
        """The application, until more can be sent."""
        self.is_writable = True
        self.on_writable: Callable[[], None] | None = None
        self.on_crowded: Callable[[], None] | None = None

    @property
    def transport(self) -> asyncio.Transport:
        """Of the connection, under the name that uvicorn's own protocols have it under."""
        return self._transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports are none of asyncio's classes
        # The set knows uvicorn's own classes; all that it asks of them is `shutdown`.
        self._state[0].connections.add(cast("Any", self))

    def connection_lost(self, exc: Exception | None) -> None:
        self._state[0].connections.discard(cast("Any", self))
        if self._turn is not None:
            self._turn.cancel()
        self._unread = b""
        self._disconnected(int(CloseCode.ABNORMAL_CLOSURE))
        self.is_writable = True
        _wake(self._writing)

    def pause_writing(self) -> None:
        self.is_writable = False
        if self.on_crowded is not None:
            self.on_crowded()

    def resume_writing(self) -> None:
        self.is_writable = True
        _wake(self._writing)
        self._go_on()
        if self.on_writable is not None:
            self.on_writable()

    def shutdown(self) -> None:
        """The server ends."""
        self._disconnected(int(CloseCode.SERVICE_RESTART))
        if self._conn.state is State.OPEN:
            self._conn.send_close(CloseCode.SERVICE_RESTART)
            self._flush()
        self._transport.close()

    def write(self, text: bytes) -> None:
        """Send a text message, at once; on a socket that is closed it is lost."""
        length = len(text)
        if length < SHORT:
            head = b"\x81%c" % length
        elif length < MEDIUM:
            head = b"\x81\x7e" + length.to_bytes(2)
        else:
            head = b"\x81\x7f" + length.to_bytes(8)
        if self._conn.state is State.OPEN and not self._transport.is_closing():
            self._transport.write(head + text)

    def data_received(self, data: bytes) -> None:
        self._unread = self._unread + data if self._unread else data
        if self._turn is None:
            self._parse()

    def _parse(self) -> None:
        """Parse some of what is there: tens of thousands of tiny frames may have come at once."""
        self._turn = None
        frames = begin = 0
        while begin < len(self._unread) and frames < MOST_FRAMES and not self._is_full:
            frames += self._parse_slice(self._unread[begin : begin + SLICE_BYTES])
            begin += SLICE_BYTES
        self._unread = b"" if self._transport.is_closing() else self._unread[begin:]
        if self._unread and not self._is_full:
            self._turn = asyncio.get_running_loop().call_soon(self._parse)
        self._pause(paused=bool(self._unread) or self._is_full)

    def _parse_slice(self, data: bytes) -> int:
        """Parse a little; returns how many frames came to their end in it."""
        self._conn.receive_data(data)
        events = self._conn.events_received()
        for event in events:
            if isinstance(event, Request):
                self._begin(event)
            else:
                self._take(cast("Frame", event))
        self._flush()
        if self._conn.parser_exc is not None:
            self._disconnected(int(CloseCode.PROTOCOL_ERROR))
        return len(events)

    @property
    def _is_full(self) -> bool:
        """Whether enough waits to be read by the application, or by the client; one that closes is heard to the end."""
        return self._conn.state is State.OPEN and (len(self._inbox) >= MOST_WAITING or not self.is_writable)

    def _pause(self, *, paused: bool) -> None:
        if paused is not self._paused and not self._transport.is_closing():
            self._paused = paused
            if paused:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def _go_on(self) -> None:
        """Whoever had enough to read has read it."""
        if self._paused and self._turn is None and not self._transport.is_closing():
            self._turn = asyncio.get_running_loop().call_soon(self._parse)

    def _flush(self) -> None:
        """Send what the library has to say; nothing at all means that the connection is to end."""
        for data in self._conn.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()

    def _begin(self, request: Request) -> None:
        """Ask the application whether it accepts."""
        self._response = self._conn.accept(request)
        if self._response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._conn.send_response(self._response)
            return
        self._inbox.append({"type": "websocket.connect"})
        tasks = self._state[0].tasks
        task = asyncio.get_running_loop().create_task(self._run(self._scope(request)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def _scope(self, request: Request) -> dict[str, Any]:
        path, _, query = request.path.partition("?")
        root = self._settings.root_path
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        return {
            "type": "websocket",
            "asgi": {"version": self._settings.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(self._transport) else "ws",
            "server": get_local_addr(self._transport),
            "client": get_remote_addr(self._transport),
            "root_path": root,
            "path": root + unquote(path),
            "raw_path": (root + path).encode("ascii"),
            "query_string": query.encode("ascii"),
            "headers": [
                (name.lower().encode(), value.encode("latin-1")) for name, value in request.headers.raw_items()
            ],
            "subprotocols": [each.strip() for each in offered.split(",") if each.strip()],
            "state": self._state[1].copy(),
            "extensions": {EXTENSION: {"wire": self}},
        }

    def _take(self, frame: Frame) -> None:
        """Take a frame of the client; what the protocol itself has to answer, the library does."""
        match frame.opcode:
            case Opcode.TEXT | Opcode.BINARY | Opcode.CONT:
                if frame.opcode is not Opcode.CONT:
                    self._kind = frame.opcode
                self._parts.append(bytes(frame.data))
                if len(self._parts) > MOST_FRAGMENTS:
                    self._fail(CloseCode.MESSAGE_TOO_BIG)
                elif frame.fin:
                    self._put_message()
            case Opcode.CLOSE:
                received = self._conn.close_rcvd
                self._disconnected(int(CloseCode.NO_STATUS_RCVD) if received is None else int(received.code))
            case _:
                pass

    def _put_message(self) -> None:
        data, self._parts = b"".join(self._parts), []
        if self._conn.state is not State.OPEN:
            return  # the application has closed
        if self._kind is Opcode.BINARY:
            self._inbox.append({"type": "websocket.receive", "bytes": data})
        else:
            try:
                self._inbox.append({"type": "websocket.receive", "text": data.decode()})
            except UnicodeDecodeError:
                self._fail(CloseCode.INVALID_DATA)
                return
        _wake(self._waiting)

    def _fail(self, code: CloseCode) -> None:
        """End the connection of a client that sends what nobody may."""
        self._parts = []
        if self._conn.state is State.OPEN:
            self._conn.fail(code)
        self._disconnected(int(code))

    def _disconnected(self, code: int) -> None:
        if not self._left:
            self._left = True
            self._inbox.append({"type": "websocket.disconnect", "code": code})
            _wake(self._waiting)

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            app = cast("ASGIApp", self._settings.loaded_app)  # pyright: ignore[reportUnknownMemberType]  # of many types
            await app(scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            logger.exception("Exception in ASGI application\n")
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
        else:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
        if not self.is_writable:
            self._transport.abort()  # who does not read would keep what is left for ever
        elif self._conn.close_sent is None:
            self._transport.close()  # otherwise the client may still answer the close frame

    async def receive(self) -> Message:
        """As ASGI has it."""
        while not self._inbox:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        self._waiting = None
        message = self._inbox.pop(0)
        if not self._inbox:
            self._go_on()
        return message

    async def send(self, message: Message) -> None:
        """As ASGI has it."""
        while not self.is_writable:
            self._writing = self._writing or asyncio.get_running_loop().create_future()
            await self._writing
        self._writing = None
        match message["type"]:
            case "websocket.send":
                if self._left or self._conn.state is not State.OPEN:
                    raise ClientDisconnected
                self._send(message)
            case "websocket.accept":
                self._accept(message)
            case "websocket.close":
                self._close(message)
            case other:
                raise RuntimeError(f"There is nothing that {other} could mean for a WebSocket.")

    def _send(self, message: Message) -> None:
        text: str | None = message.get("text")
        if text is not None:
            self.write(text.encode())
        else:
            self._conn.send_binary(message["bytes"])
            self._flush()

    def _accept(self, message: Message) -> None:
        response = self._response
        if response is None or self._accepted:
            raise RuntimeError("A WebSocket is accepted once.")
        self._accepted, self._response = True, None
        for name, value in (*self._state[0].default_headers, *message.get("headers", ())):
            response.headers[name.decode("latin-1")] = value.decode("latin-1")
        if message.get("subprotocol"):
            response.headers["Sec-WebSocket-Protocol"] = message["subprotocol"]
        if not self._transport.is_closing():
            self._conn.send_response(response)
            self._flush()

    def _close(self, message: Message) -> None:
        if not self._accepted:
            self._refuse(HTTPStatus.FORBIDDEN)
        elif self._conn.state is State.OPEN and not self._transport.is_closing():
            self._conn.send_close(message.get("code", CloseCode.NORMAL_CLOSURE), message.get("reason") or "")
            self._flush()
            self._go_on()  # for its answer
            TICKS.after(CLOSE_SECONDS, self._transport.close)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer a handshake that nobody has accepted."""
        if not self._accepted and self._response is not None:
            self._response = None
            if not self._transport.is_closing():
                self._conn.send_response(self._conn.reject(status, ""))
                self._flush()


def _wake(future: "asyncio.Future[None] | None") -> None:
    if future is not None and not future.done():
        future.set_result(None)
