"""Bytes on a connection: HTTP and WebSocket frames as no library writes them, in pieces, and left half open.

Sources: https://www.rfc-editor.org/rfc/rfc9112, https://www.rfc-editor.org/rfc/rfc6455#section-5.2
"""

import asyncio
import random
import struct
from dataclasses import dataclass, field
from typing import Final

import orjson

from tests.conformance.inputs.documents import draw_document
from tests.conformance.inputs.requests import parameters
from tests.conformance.inputs.tokens import scrambled
from tests.conformance.inputs.values import storable

IDLE_SECONDS: Final = 0.01
"""Without a byte from the server, after which the client goes."""

_UPGRADE: Final = (
    b"GET /graphql HTTP/1.1\r\nHost: router\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_LINES: Final = (
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Content-Length: 5", b"Content-Length: -1"),
    *(b"Content-Length: 99999999999999999999", b": x", b"X", b"X : y", b" folded", b"X: \x00", b"X: \xff", b"Host: a"),
    *(b"Connection: close", b"Expect: 100-continue", b"X: " + b"y" * 70_000, b"Upgrade: h2c", b"\r", b"\n"),
)  # fmt: skip
_ENDS: Final = (b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\r\n", b"")
_CHUNKS: Final = (
    b"5\r\n{fail\r\n",
    b"0\r\n\r\n",
    b"-1\r\n",
    b"fffffffffffffffff\r\n",
    b"x\r\n",
    b"5;a=b\r\n{fail",
    b"0\r\nX: y\r\n\r\n",
)


@dataclass(slots=True)
class Bytes:
    """What a client writes.

    Attributes:
        pieces: one after the other, each on its own.
        shuts: the client says that it has no more, and goes on listening.
        aborts: it goes without a word.
    """

    pieces: list[bytes] = field(default_factory=list[bytes])
    shuts: bool = False
    aborts: bool = False


def draw_bytes(chance: random.Random) -> Bytes:
    """All that a client writes on one connection."""
    data = _http(chance) if chance.random() < 0.4 else _socket(chance)
    if chance.random() < 0.3:
        data = scrambled(data, chance)
    if chance.random() < 0.2:
        data = data[: chance.randrange(len(data) + 1)]
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.choice((0, 0, 1, 3, 20))))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return Bytes(pieces, shuts=chance.random() < 0.2, aborts=chance.random() < 0.3)


async def answered(address: str, drawn: Bytes) -> bytes:
    """What the server says to a client; it has gone when this returns."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    said = b""
    try:
        for piece in drawn.pieces:
            writer.write(piece)
            await asyncio.sleep(0)
        if drawn.shuts and writer.can_write_eof():
            writer.write_eof()
        said = b"" if drawn.aborts else await _heard(reader)
    except OSError:
        pass  # the server wants no more of it
    finally:
        writer.transport.abort()
    return said


async def _heard(reader: asyncio.StreamReader) -> bytes:
    said = b""
    while len(said) < 1_000_000:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                more = await reader.read(65_536)
        except TimeoutError:
            break
        if not more:
            break
        said += more
    return said


def _http(chance: random.Random) -> bytes:
    requests: list[bytes] = []
    for _ in range(chance.choice((1, 1, 2, 5))):
        body = orjson.dumps(storable(parameters(draw_document(chance), chance)))
        head = [
            chance.choice(
                (
                    b"POST /graphql HTTP/1.1",
                    b"GET /graphql?query=%7Bfailing%7D HTTP/1.0",
                    b"GET / HTTP/9.9",
                    b"\x16\x03\x01",
                )
            )
        ]
        head += [b"Host: router", b"Content-Type: application/json"]
        head += [b"Content-Length: %d" % len(body)] if chance.random() < 0.7 else [b"Transfer-Encoding: chunked"]
        while chance.random() < 0.4:
            head.insert(chance.randrange(len(head) + 1), chance.choice(_LINES))
        if b"Transfer-Encoding: chunked" in head:
            body = b"%x\r\n%b\r\n" % (len(body), body) + b"".join(chance.choices(_CHUNKS, k=chance.choice((1, 3))))
        requests.append(b"".join(line + chance.choice(_ENDS) for line in head) + b"\r\n" + body)
    return b"".join(requests)


def _socket(chance: random.Random) -> bytes:
    texts = [b'{"type":"connection_init"}']
    for number in range(chance.choice((0, 1, 3, 10))):
        payload = parameters(draw_document(chance), chance)
        texts.append(orjson.dumps(storable({"id": str(number), "type": "subscribe", "payload": payload})))
    frames = [piece for text in texts for piece in _frames(text, chance)]
    for _ in range(chance.choice((0, 1, 1, 3))):
        frames.insert(chance.randrange(len(frames) + 1), _odd(chance))
    head = _UPGRADE if chance.random() < 0.9 else scrambled(_UPGRADE, chance)
    return head + b"".join(frames)


def _frames(text: bytes, chance: random.Random) -> list[bytes]:
    """A message, in fragments or whole."""
    if chance.random() < 0.7:
        return [_frame(0x81, text, chance)]
    at = chance.randrange(len(text) + 1)
    return [_frame(0x01, text[:at], chance), _frame(0x80, text[at:], chance)]


def _odd(chance: random.Random) -> bytes:  # noqa: PLR0911 - a kind of frame, a line
    """A frame that breaks a rule, or is at the edge of one."""
    match chance.randrange(8):
        case 0:
            return _frame(chance.randrange(256), chance.randbytes(chance.choice((0, 5, 125, 126, 300))), chance)
        case 1:
            return _frame(0x81, chance.choice((b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80")), chance)
        case 2:
            return struct.pack("!BBQ", 0x81, 0xFF, chance.choice((2**63, 2**62, 2**40, 3_000_000))) + b"abcd"
        case 3:
            code = chance.choice((0, 999, 1000, 1004, 1005, 1006, 1015, 2999, 3000, 4999, 5000, 65535))
            return _frame(
                0x88, struct.pack("!H", code) + chance.choice((b"", b"bye", b"\xff" * 10, b"x" * 123)), chance
            )
        case 4:
            return _frame(0x88, b"\x03", chance)
        case 5:
            return _frame(chance.choice((0x09, 0x89, 0x8A)), b"p" * chance.choice((0, 125, 126)), chance)
        case 6:
            return b"".join(_frame(0x00 if at else 0x01, b"", chance) for at in range(chance.choice((2, 100))))
        case _:
            return b"\x81\x05hello"


def _frame(first: int, data: bytes, chance: random.Random) -> bytes:
    mask = chance.randbytes(4)
    size = len(data)
    length = (
        bytes([0x80 | size])
        if size < 126
        else b"\xfe" + struct.pack("!H", size)
        if size < 65_536
        else b"\xff" + struct.pack("!Q", size)
    )
    return bytes([first]) + length + mask + bytes(each ^ mask[at % 4] for at, each in enumerate(data))
