"""One kept-alive HTTP/1.1 connection to a subgraph: one request at a time, and its response.

Source: https://www.rfc-editor.org/rfc/rfc9112
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

import httptools

from router.execute.transport.body import Body
from router.execute.transport.form import FormMessage

MAX_OVERHEAD = 256 * 1024
"""Bytes of a response that may be something else than body, beside as many again as the body has."""


class Unanswered(Exception):
    """The connection ended before the first byte of a response."""


class BrokenOff(Exception):
    """The connection ended in the middle of a response."""


class Garbled(Exception):
    """What came is no HTTP response that we can read; the message is the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response, its body decompressed.

    Attributes:
        retry_after: the header as it came; empty if there was none.
        caching: the headers `cache-control`, `age` and `vary`, names in lower case, as far as there are any.
    """

    status: int
    body: bytes
    retry_after: bytes = b""
    caching: tuple[tuple[bytes, bytes], ...] = ()


class Connection(asyncio.Protocol):
    """Whoever has taken it from the pool uses it alone.

    Attributes:
        reusable: another request may go out on it.
    """

    def __init__(self, max_body_bytes: int) -> None:
        self.reusable = True
        self._max_body_bytes = max_body_bytes
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[Reply] | None = None
        self._received = 0
        self._room = asyncio.Event()
        self._room.set()
        self._begin()

    async def exchange(self, request: bytes | FormMessage) -> Reply:
        """Send a request and wait for its response; whoever stops waiting loses the connection.

        Raises:
            Unanswered: it ended before anything came back.
            BrokenOff: it ended in the middle of the response.
            Garbled: what came is no response.
            OSError: a file of a form cannot be read.
        """
        if not self.reusable:
            raise Unanswered
        self._received = 0
        self._begin()
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            if isinstance(request, bytes):
                self._transport.write(request)
            else:
                await self._write_form(request, waiter)
            return await waiter
        except BaseException:
            self.abort()
            raise

    async def _write_form(self, message: FormMessage, waiter: asyncio.Future[Reply]) -> None:
        """Write as fast as it is read, until all is written or the answer is there."""
        self._transport.write(message.head)
        async with aclosing(message.parts.pieces()) as pieces:
            async for piece in pieces:
                await self._room.wait()
                if waiter.done():
                    self.reusable = False  # what follows would be taken for the rest of this body
                    return
                self._transport.write(piece)

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def abort(self) -> None:
        """End the connection at once."""
        self.reusable = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            self.abort()  # nothing was asked, so whatever this is would be taken for the next answer
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.reusable = False
            self._problem = self._problem or "did not answer in HTTP"
        if self._reply is not None:
            self._succeed(self._reply)
        elif self._problem is not None:
            self._fail(Garbled(self._problem))
        elif self._received > 2 * self._body.size + MAX_OVERHEAD:
            self._fail(Garbled("sent a response that is too large"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        self._room.set()
        if self._status and not self._delimited and exc is None:
            self._end()  # it lasts as long as the connection
        if self._reply is not None:
            self._succeed(self._reply)
        elif self._problem is not None:
            self._fail(Garbled(self._problem))
        else:
            self._fail(BrokenOff() if self._received else Unanswered())

    def on_message_begin(self) -> None:
        """Of the parser."""
        if self._reply is not None:
            self.reusable = False  # a second response, which nobody asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of the parser: a header, or after the body a trailer."""
        if self._status:
            return
        match name.lower():
            case b"content-length":
                self._delimited = True
                if int(value) > self._max_body_bytes:
                    self._problem = "sent a response that is too large"
            case b"transfer-encoding":
                self._delimited = True
                if value.strip().lower() != b"chunked":
                    self._problem = "sent its response in an unknown transfer coding"
            case b"content-encoding":
                self._body.is_coded(value.strip().lower())
            case b"retry-after":
                self._retry_after = value.strip()
            case b"cache-control" | b"age" | b"vary" as known:
                self._caching.append((known, value.strip()))
            case _:
                pass

    def on_headers_complete(self) -> None:
        """Of the parser."""
        status = self._parser.get_status_code()
        if status >= HTTPStatus.OK and self._reply is None:
            self._status = status
            self.reusable = self.reusable and self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """Of the parser."""
        if self._reply is None:
            self._body.add(body)
            self._look_at_body()

    def on_message_complete(self) -> None:
        """Of the parser: the response, or one that only announces it."""
        if not self._status:
            self._begin()
        elif self._reply is None:
            self._end()

    def _begin(self) -> None:
        """Be ready for a response."""
        self._body = Body(self._max_body_bytes)
        self._status = 0
        self._delimited = False
        self._retry_after = b""
        self._caching: list[tuple[bytes, bytes]] = []
        self._problem: str | None = None
        self._reply: Reply | None = None

    def _end(self) -> None:
        content = self._body.end()
        self._look_at_body()
        if self._problem is None:
            self._reply = Reply(self._status, content, self._retry_after, tuple(self._caching))

    def _look_at_body(self) -> None:
        if self._body.too_large:
            self._problem = "sent a response that is too large"
        elif self._body.garbled:
            self._problem = "sent a response that is not compressed as it says"

    def _succeed(self, reply: Reply) -> None:
        if self._waiter is not None:
            # What is left to be written would go out as the beginning of the next request.
            self.reusable = self.reusable and not self._transport.get_write_buffer_size()
            if not self._waiter.done():
                self._waiter.set_result(reply)
            self._waiter = None

    def _fail(self, failure: Exception) -> None:
        if self._waiter is not None:
            if not self._waiter.done():
                self._waiter.set_exception(failure)
            self._waiter = None
