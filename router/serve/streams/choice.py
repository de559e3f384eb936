"""Whether an operation's answer becomes a stream, for clients that take streams over HTTP."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from router.execute.incremental import IncrementalResponse
from router.execute.json import JSONObject
from router.execute.response import Response
from router.plan.nodes import OperationKind
from router.serve.engine import Engine
from router.serve.operation import Operation
from router.serve.request import GraphQLRequest, RequestContext
from router.serve.streams.cursor import cursor_asked
from router.serve.streams.formats import Format, Formats
from router.serve.streams.framing import FRAMINGS
from router.serve.streams.keeper import StreamKeeper
from router.serve.streams.over_http import Feed, Stream
from router.serve.streams.sources.reader import Reader
from router.serve.streams.sources.sources import Subscription
from router.serve.telemetry.sighting import SIGHTING


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks over HTTP.

    Attributes:
        host: its network address.
        headers: of its request, by names in lower case.
    """

    context: RequestContext
    host: str
    headers: Mapping[str, str]


class Streams:
    """Begins the streams of one router over HTTP."""

    def __init__(self, engine: Engine, keeper: StreamKeeper) -> None:
        self._engine = engine
        self._keeper = keeper

    async def answer(
        self, formats: Formats, request: GraphQLRequest, operation: Operation, client: Client
    ) -> Stream | Response | None:
        """The answer, if this client gets a stream for it or might have got one; None for an ordinary answer.

        Args:
            formats: what the client takes.
            request: what it asks.
            operation: the same, prepared.
            client: who it is.

        Raises:
            Refused: the cursor is none.
        """
        if operation.kind is OperationKind.SUBSCRIPTION and formats.events is not None:
            cursor = cursor_asked(request, client.headers)
            events = Subscription(self._engine, self._keeper.sources, operation, request, cursor)
            return self._stream(formats.events, events, client, lasting=True)
        if operation.deferring is not None and formats.incremental is not None:
            incremental = await self._engine.execute_incrementally(request, client.context)
            if incremental.has_next:
                parts = Parts(_parts(incremental, formats.incremental))
                return self._stream(formats.incremental, parts, client, lasting=False)
            return incremental.initial
        return None

    def _stream(self, format_: Format, feed: Feed, client: Client, *, lasting: bool) -> Stream:
        seen = SIGHTING.get()
        if seen is not None:
            seen.transport = "sse" if format_ is Format.EVENT_STREAM else "multipart"
        return Stream(self._keeper, FRAMINGS[format_], feed, client.context, client.host, lasting)


@dataclass(frozen=True, slots=True)
class Parts:
    """Those of one client's answer, one after the other: the feed of a stream."""

    parts: AsyncGenerator[JSONObject]

    async def pour(self, reader: Reader) -> None:
        """Give them to their reader."""
        async for part in self.parts:
            await reader.put(part)

    async def aclose(self) -> None:
        """Make no more of them."""
        await self.parts.aclose()


async def _parts(response: IncrementalResponse, format_: Format) -> AsyncGenerator[JSONObject]:
    old = format_ is Format.INCREMENTAL_2022
    async with aclosing(response.updates):
        yield response.as_json_2022() if old else response.as_json()
        async for update in response.updates:
            yield update.as_json_2022() if old else update.as_json()
