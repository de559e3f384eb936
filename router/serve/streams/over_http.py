"""One operation's answer in one HTTP response that does not end with its first part."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from starlette.types import Receive, Send

from router.execute.response import Response
from router.serve.errors import Refused, coded_error, masked
from router.serve.http.leaving import UntilLeft
from router.serve.life.draining import CODE
from router.serve.request import RequestContext
from router.serve.streams.cursor import cursor_in
from router.serve.streams.framing import Framing
from router.serve.streams.keeper import StreamKeeper
from router.serve.streams.outbox import End, Event, Outbox
from router.serve.streams.settings import Overflow, StreamSettings
from router.serve.streams.sources.reader import Reader
from router.serve.streams.term import Term
from router.serve.telemetry.sighting import SIGHTING
from router.serve.ticks import TICKS

logger = logging.getLogger(__name__)

HEADERS = [(b"cache-control", b"no-cache, no-transform"), (b"x-accel-buffering", b"no")]
"""Nobody on the way may keep parts back."""

OPERATION = ""
"""The only operation on a connection."""


class Feed(Protocol):
    """Where the parts of an answer come from."""

    async def pour(self, reader: Reader) -> None:
        """Give them to their reader, until the last one.

        Raises:
            Refused: there is a reason to end before.
        """
        ...

    async def aclose(self) -> None:
        """Nobody wants them any more."""
        ...


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer in parts, not yet begun.

    Attributes:
        feed: gives GraphQL responses, or a response and what follows it.
        lasting: a subscription, which counts as a stream of its client, and whose events may be dropped if that was
            chosen.
        host: the client's network address.
    """

    keeper: StreamKeeper
    framing: Framing
    feed: Feed
    context: RequestContext
    host: str
    lasting: bool

    async def respond(self, receive: Receive, send: Send) -> None:
        """Send the parts as they come, until the last one, or the client leaves, or its identity holds no more.

        Raises:
            Refused: the client has too many streams, or its identity has been revoked; nothing was sent.
            Left: the client has gone.
        """
        identity, keeper = self.context.identity, self.keeper
        async with aclosing(self.feed):
            policy = self.context.policy
            with keeper.census.counted(identity, self.host, policy) if self.lasting else nullcontext():
                settings = keeper.settings
                outbox = Outbox(settings.queue, settings.overflow if self.lasting else Overflow.WAIT)
                async with self._pumping(outbox), UntilLeft(receive):
                    with suppress(GivenUp):
                        await _write(self.framing, outbox, settings, send)

    @asynccontextmanager
    async def _pumping(self, outbox: Outbox) -> AsyncGenerator[None]:
        """Fill the outbox within the block."""

        def end(refused: Refused) -> None:
            pump.cancel()
            outbox.forget(OPERATION)
            outbox.put_end(OPERATION, refused.errors)

        def pause() -> None:
            pump.cancel()
            outbox.put_end(OPERATION, [coded_error("The server is about to end; come back.", CODE)], paused=True)

        term = Term(self.context, self.keeper.revocations, end)
        pump = asyncio.create_task(self._pump(outbox))
        try:
            with self.keeper.draining.watching(pause) if self.lasting else nullcontext():
                yield
        finally:
            term.close()
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _pump(self, outbox: Outbox) -> None:
        try:
            await self.feed.pour(Reader(OPERATION, outbox, self.context))
        except Refused as refused:
            seen = SIGHTING.get()
            if seen is not None:
                seen.refused(refused.errors)
            outbox.put_end(OPERATION, refused.errors)
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a masked answer and the log the rest
            outbox.put_end(OPERATION, [masked(error)])
        else:
            outbox.put_end(OPERATION)


async def _write(framing: Framing, outbox: Outbox, settings: StreamSettings, send: Send) -> None:
    """Send what is queued, and something now and then while nothing is, until the end is sent."""
    await begin_stream(framing.content_type, send)
    writer = PatientWriter(send, settings.write_seconds)
    await writer.write(framing.opening)
    while True:
        message = await outbox.get_within(settings.keep_alive_seconds)
        if isinstance(message, End):
            await writer.write(_last(framing, message), more=False)
            return
        if isinstance(message, Event):
            await writer.write(framing.part(message.written(), cursor_in(message.payload)))
        else:
            await writer.write(framing.silence)


def _last(framing: Framing, end: End) -> bytes:
    if not end.errors:
        return framing.end()
    return framing.pause(end.errors) if end.paused else framing.failure(end.errors)


class GivenUp(Exception):
    """The client has not read for too long."""


@dataclass(frozen=True, slots=True)
class PatientWriter:
    """Writes pieces of a response, each of which may wait for a slow reader for some seconds."""

    send: Send
    seconds: float

    async def write(self, text: bytes, *, more: bool = True) -> None:
        """Send a piece; with `more` False it is the last one.

        Raises:
            GivenUp: the client does not read.
        """
        try:
            with TICKS.within(self.seconds):
                await self.send({"type": "http.response.body", "body": text, "more_body": more})
        except TimeoutError as error:
            logger.info("A client did not read its stream for %s seconds and is given up.", self.seconds)
            raise GivenUp from error


async def begin_stream(content_type: bytes, send: Send) -> None:
    """Send the head of a response that comes bit by bit."""
    headers = [(b"content-type", content_type), *HEADERS]
    await send({"type": "http.response.start", "status": HTTPStatus.OK.value, "headers": headers})


async def send_alone(response: Response, framing: Framing, send: Send) -> None:
    """Send a whole response in the format of a stream, to a client that takes no other."""
    body = framing.opening + framing.part(response.as_bytes()) + framing.end()
    await begin_stream(framing.content_type, send)
    await send({"type": "http.response.body", "body": body})
