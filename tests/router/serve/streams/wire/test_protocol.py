"""What a WebSocket does behind uvicorn, with a client that is not ours and with one that breaks the protocol."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from router.serve.streams.wire.protocol import WireProtocol
from router.serve.streams.wire.wire import EXTENSION, Wire
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.server import serving, started

A, B = Subprotocol("a"), Subprotocol("b")
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Echo:
    """An application that says again what it hears, by the wire or as ASGI has it.

    Attributes:
        ends: what it was told last.
    """

    def __init__(self, *, by_wire: bool = True) -> None:
        self._by_wire = by_wire
        self.scope: Scope = {}
        self.ends: asyncio.Queue[Message] = asyncio.Queue()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        assert await receive() == {"type": "websocket.connect"}
        await send({"type": "websocket.accept", "subprotocol": "b", "headers": [(b"x-made-by", b"echo")]})
        while (message := await receive())["type"] == "websocket.receive":
            if self._by_wire and message.get("text") is not None:
                self.wire.write(message["text"].encode())
            else:
                await send({**message, "type": "websocket.send"})
        self.ends.put_nowait(message)

    @property
    def wire(self) -> Wire:
        return self.scope["extensions"][EXTENSION]["wire"]

    async def end(self) -> Message:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.ends.get()


@asynccontextmanager
async def opened(echo: Echo) -> AsyncGenerator[ClientConnection]:
    async with serving(echo) as address, connect(f"ws://{address}/a%20b?q=1", subprotocols=[A, B]) as socket:
        yield socket


@asynccontextmanager
async def raw(echo: Echo) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection after the handshake, for what no library would send."""
    async with serving(echo) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(UPGRADE)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        yield reader, writer
        writer.close()


def frame(opcode: int, data: bytes, *, fin: bool = True) -> bytes:
    assert len(data) < 126
    return bytes([(0x80 if fin else 0) | opcode, 0x80 | len(data), 0, 0, 0, 0]) + data


async def rest(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await reader.read()


class TestMessages:
    @pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536, 200_000])
    @pytest.mark.parametrize("by_wire", [True, False], ids=["by wire", "by ASGI"])
    async def test_of_any_length_arrive_as_they_were_sent(self, length: int, *, by_wire: bool) -> None:
        async with opened(Echo(by_wire=by_wire)) as socket:
            text = "ü" * (length // 2) + "x" * (length % 2)
            await socket.send(text)
            assert await socket.recv() == text

    async def test_many_at_once_keep_their_order(self) -> None:
        async with opened(Echo()) as socket:
            for number in range(50):
                await socket.send(str(number))
            assert [await socket.recv() for _ in range(50)] == [str(number) for number in range(50)]

    async def test_bytes_stay_bytes(self) -> None:
        async with opened(Echo()) as socket:
            await socket.send(b"\0\xff")
            assert await socket.recv() == b"\0\xff"

    async def test_one_may_come_in_pieces(self) -> None:
        async with raw(Echo()) as (reader, writer):
            writer.write(frame(1, "ü".encode()[:1], fin=False) + frame(9, b"ping") + frame(0, "ü".encode()[1:]))
            assert await reader.readexactly(6) == b"\x8a\x04ping"
            assert await reader.readexactly(4) == b"\x81\x02\xc3\xbc"


class TestHandshakes:
    async def test_the_application_learns_what_was_asked(self) -> None:
        echo = Echo()
        async with opened(echo) as socket:
            assert socket.subprotocol == "b"
            assert socket.response is not None
            assert socket.response.headers["x-made-by"] == "echo"
        assert echo.scope["path"] == "/a b"
        assert echo.scope["raw_path"] == b"/a%20b"
        assert echo.scope["query_string"] == b"q=1"
        assert echo.scope["subprotocols"] == ["a", "b"]
        assert dict(echo.scope["headers"])[b"upgrade"] == b"websocket"
        assert echo.scope["client"][0] == "127.0.0.1"

    @pytest.mark.parametrize("status", [403, 500])
    async def test_one_that_is_not_accepted_is_refused(self, status: int) -> None:
        async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            if status == 403:
                await send({"type": "websocket.close"})

        async with serving(refuse) as address:
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://{address}/")
            assert refused.value.response.status_code == status

    async def test_one_that_is_none_is_refused_by_itself(self) -> None:
        async with serving(Echo()) as address:
            host, port = address.split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(UPGRADE.replace(b"Version: 13", b"Version: 7"))
            assert b" 400 " in (await rest(reader)).split(b"\r\n")[0]
            writer.close()


class TestEnds:
    async def test_the_client_leaves(self) -> None:
        echo = Echo()
        async with opened(echo) as socket:
            await socket.close(4001, "enough")
        assert await echo.end() == {"type": "websocket.disconnect", "code": 4001}

    async def test_or_vanishes(self) -> None:
        echo = Echo()
        async with raw(echo) as (_, writer):
            writer.transport.abort()
            assert await echo.end() == {"type": "websocket.disconnect", "code": 1006}

    async def test_the_application_closes(self) -> None:
        async def close(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4403, "reason": "no"})

        async with serving(close) as address, connect(f"ws://{address}/") as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert (socket.close_code, socket.close_reason) == (4403, "no")

    async def test_the_server_goes(self) -> None:
        servers: list[uvicorn.Server] = []
        async with started(Echo(), servers) as address, connect(f"ws://{address}/", subprotocols=[B]) as socket:
            servers[0].should_exit = True
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1012

    @pytest.mark.parametrize(
        ("sent", "code"),
        [
            (frame(1, b"\xff"), 1007),
            (frame(0, b"x"), 1002),
            (frame(3, b"x"), 1002),
            (b"\x81\x01x", 1002),
            (b"\x81\xff" + struct.pack("!Q", 1 << 40) + b"\0\0\0\0", 1009),
        ],
        ids=["no text", "nothing to continue", "no such opcode", "without a mask", "huge"],
    )
    async def test_the_protocol_is_broken(self, sent: bytes, code: int) -> None:
        echo = Echo()
        async with raw(echo) as (reader, writer):
            writer.write(sent)
            closing = await rest(reader)
            assert closing[0] == 0x88
            assert int.from_bytes(closing[2:4]) == code
        assert (await echo.end())["type"] == "websocket.disconnect"


class TestSlowReaders:
    async def test_the_application_is_told_and_waits(self) -> None:
        echo, told = Echo(by_wire=False), asyncio.Event()
        async with raw(echo) as (reader, writer):
            writer.write(frame(1, b"x"))
            await reader.readexactly(3)
            echo.wire.on_crowded, echo.wire.on_writable = told.set, told.clear
            while echo.wire.is_writable:
                echo.wire.write(b"y" * 100_000)
                await asyncio.sleep(0)
            assert told.is_set()
            writer.write(frame(1, b"the end"))
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (await reader.read(1 << 20)).endswith(b"the end"):
                    pass
            assert not told.is_set()
            assert echo.wire.is_writable


class Unread:
    """A transport to a client, of which only is seen what is written and whether more is read."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.reading = True
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def get_extra_info(self, name: str) -> None:
        return None


async def connected(app: ASGIApp) -> tuple[WireProtocol, Unread]:
    """A connection after its handshake, without a socket."""
    config = uvicorn.Config(app, lifespan="off", ws_max_size=1_000_000)
    config.load()
    protocol, transport = WireProtocol(config, ServerState(), {}), Unread()
    protocol.connection_made(cast("asyncio.BaseTransport", transport))
    protocol.data_received(UPGRADE)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not transport.written:  # noqa: ASYNC110  # a transport tells nobody
            await asyncio.sleep(0)
    transport.written.clear()
    return protocol, transport


class TestManyFrames:
    async def test_the_loop_gets_its_turn_between_them_and_nothing_is_lost(self) -> None:
        echo = Echo()
        protocol, transport = await connected(echo)
        protocol.data_received(frame(9, b"") * 20_000)
        assert len(transport.written) < 1_000
        assert not transport.reading
        protocol.data_received(frame(1, b"last"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while b"last" not in transport.written[-1]:  # noqa: ASYNC110  # as above
                await asyncio.sleep(0)
        assert b"".join(transport.written) == b"\x8a\x00" * 20_000 + b"\x81\x04last"
        assert transport.reading
        protocol.connection_lost(None)
        await echo.end()

    async def test_no_more_wait_than_an_application_reads(self) -> None:
        gate, heard = asyncio.Event(), list[Message]()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await gate.wait()
            while (message := await receive())["type"] == "websocket.receive":
                heard.append(message)

        protocol, transport = await connected(app)
        protocol.data_received(frame(1, b"{}") * 20_000)
        for _ in range(100):
            await asyncio.sleep(0)
        assert not transport.reading
        assert len(protocol._inbox) < 1_000  # pyright: ignore[reportPrivateUsage]  # what is in memory
        gate.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not transport.reading:  # noqa: ASYNC110  # as above
                await asyncio.sleep(0)
        assert len(heard) == 20_000
        protocol.connection_lost(None)

    async def test_a_message_has_a_bounded_number_of_fragments(self) -> None:
        echo = Echo()
        protocol, transport = await connected(echo)
        protocol.data_received(frame(1, b"x", fin=False) + frame(0, b"", fin=False) * 20_000)
        assert await echo.end() == {"type": "websocket.disconnect", "code": 1009}
        assert transport.closed

    async def test_a_client_that_does_not_read_is_not_read(self) -> None:
        echo = Echo()
        protocol, transport = await connected(echo)
        protocol.pause_writing()
        protocol.data_received(frame(9, b"") * 2_000)
        assert (transport.written, transport.reading) == ([], False)
        protocol.resume_writing()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(transport.written) < 2_000:  # noqa: ASYNC110  # as above
                await asyncio.sleep(0)
        assert transport.reading
        protocol.connection_lost(None)
        await echo.end()
