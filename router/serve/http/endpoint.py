"""GraphQL over HTTP: POST and GET at one path.

Source: https://graphql.github.io/graphql-over-http/draft/
"""

import re
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from router.execute.response import Response
from router.plan.nodes import OperationKind
from router.serve.engine import Engine
from router.serve.errors import Refused
from router.serve.graphiql import Page
from router.serve.http.batch import answer_batch
from router.serve.http.compress import Compressor
from router.serve.http.config import HttpPolicy
from router.serve.http.door import AGAIN, Again
from router.serve.http.headers import read_headers
from router.serve.http.incoming import Asked, Incoming, Kind, not_allowed
from router.serve.http.leaving import Left, UntilLeft
from router.serve.http.negotiate import MediaType, negotiate
from router.serve.http.reply import Reply
from router.serve.operation import Operation
from router.serve.request import GraphQLRequest, Hooks
from router.serve.streams.choice import Client, Streams
from router.serve.streams.formats import Formats
from router.serve.streams.keeper import StreamKeeper
from router.serve.streams.over_http import Stream
from router.serve.streams.settings import StreamSettings
from router.serve.streams.term import require_held
from router.serve.variants.entrance import Entrance, address_of

_ASKS = re.compile(rb"(?:^|&)(?:query|extensions|id|documentId|doc_id)=")
"""A query string with a request, rather than a page's own parameters."""


class GraphQLEndpoint:
    """An ASGI application for one path, without the layers that a request object would add."""

    def __init__(
        self,
        engine: Engine,
        hooks: Hooks,
        page: Page | None,
        streams: Streams | None = None,
        policy: HttpPolicy | None = None,
    ) -> None:
        """Args: `page` is what a browser gets, or None for nothing; `streams` begins those of the router."""
        decided = policy or HttpPolicy()
        self._engine = engine
        self._streams = streams or Streams(engine, StreamKeeper.of(StreamSettings(), hooks.revocations))
        self._entrance = Entrance(engine, hooks)
        self._revocations = hooks.revocations
        self._page = page
        self._incoming = Incoming(engine.limits, decided)
        self._compressor = None if decided.compression is None else Compressor(decided.compression)
        self._metadata = decided.resource_metadata

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        reply = Reply(send, self._compressor, self._metadata)
        try:
            headers = read_headers(scope["headers"])
            if self._page is not None and _wants_page(scope, headers):
                await self._page.send(send)
                return
            reply.accept(headers)
            await self._serve(scope, headers, receive, reply)
        except Refused as refused:
            again = Again.of(refused)
            if again is not None:
                scope[AGAIN] = again
            await reply.refuse(refused)
        except Left:
            return  # nobody is there to be answered
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a masked answer and the log the rest
            await reply.fail(error)

    async def _serve(self, scope: Scope, headers: Mapping[str, str], receive: Receive, reply: Reply) -> None:
        kind = self._incoming.check(scope, headers)
        context = await self._entrance.enter(scope, headers)
        self._engine.control.check(context)
        client = Client(context, address_of(scope), headers)
        if kind is not Kind.FORM:
            asked = await self._incoming.read(kind, scope, headers, receive)
            await reply.answer(await self._answer(asked, kind, client, receive, reply.formats), receive)
            return
        form = await self._incoming.read_form(headers, receive)
        try:
            asked = self._incoming.parsed(form.operations)
            await reply.answer(await self._answer(asked, kind, client, receive, reply.formats), receive)
        finally:
            form.close()

    async def _answer(
        self, asked: Asked, kind: Kind, client: Client, receive: Receive, formats: Formats | None
    ) -> Response | Stream | list[Response]:
        if isinstance(asked, list):
            if formats is not None and formats.whole is not None:
                raise Refused.because("Several operations are answered as JSON only.", status=HTTPStatus.NOT_ACCEPTABLE)
            return await answer_batch(partial(self._prepared, kind, client), asked, client.context, receive)
        operation = await self._prepared(kind, client, asked)
        if operation.kind is OperationKind.QUERY:
            async with UntilLeft(receive):
                return await self._execute(operation, asked, client, formats)
        if operation.kind is OperationKind.MUTATION and kind is Kind.GET:
            raise not_allowed("POST", "Mutations may not be sent by GET.")
        # What has begun to change something is done to the end.
        return await self._execute(operation, asked, client, formats)

    async def _prepared(self, kind: Kind, client: Client, request: GraphQLRequest) -> Operation:
        operation = await self._engine.prepare(request, client.context)
        if kind is Kind.FORM:
            self._incoming.check_files(operation, request)
        require_held(client.context, self._revocations)  # bodies, and plans, may take their time
        return operation

    async def _execute(
        self, operation: Operation, request: GraphQLRequest, client: Client, formats: Formats | None
    ) -> Response | Stream:
        if formats is not None:
            answer = await self._streams.answer(formats, request, operation, client)
            if answer is not None:
                return answer
        return await operation.execute(request.variables, client.context, raw=True)


def _wants_page(scope: Scope, headers: Mapping[str, str]) -> bool:
    return (
        scope["method"] == "GET"
        and _ASKS.search(scope["query_string"]) is None
        and negotiate(headers.get("accept"), page=True) is MediaType.HTML
    )
