"""GraphQL over HTTP: POST and GET at one path.

Source: https://graphql.github.io/graphql-over-http/draft/
"""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from router.execute.response import Response
from router.plan.nodes import OperationKind
from router.serve.engine import Engine
from router.serve.errors import Refused, masked
from router.serve.graphiql import Page
from router.serve.http.headers import read_headers
from router.serve.http.leaving import Left, UntilLeft
from router.serve.http.negotiate import MediaType, negotiate, status_of
from router.serve.http.parse import check_content_type, parse_get, parse_post, read_body
from router.serve.operation import Operation
from router.serve.request import GraphQLRequest, Hooks, RequestContext
from router.serve.streams.choice import Client, Streams
from router.serve.streams.formats import Format, Formats, accepted_formats
from router.serve.streams.framing import FRAMINGS
from router.serve.streams.keeper import StreamKeeper
from router.serve.streams.over_http import Stream, send_alone
from router.serve.streams.settings import StreamSettings

CONTENT_TYPES = {
    media_type: f"{media_type.value}; charset=utf-8".encode()
    for media_type in (MediaType.JSON, MediaType.GRAPHQL_RESPONSE)
}

CHALLENGE = {"www-authenticate": "Bearer"}
"""What HTTP wants beside a 401. Source: https://www.rfc-editor.org/rfc/rfc6750#section-3"""


class GraphQLEndpoint:
    """An ASGI application for one path, without the layers that a request object would add."""

    def __init__(self, engine: Engine, hooks: Hooks, page: Page | None, streams: Streams | None = None) -> None:
        """Args: `page` is what a browser gets, or None for nothing; `streams` begins those of the router."""
        self._engine = engine
        self._streams = streams or Streams(engine, StreamKeeper.of(StreamSettings(), hooks.revocations))
        self._hooks = hooks
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        media_type = MediaType.JSON
        whole: Format | None = None
        try:
            headers = read_headers(scope["headers"])
            if self._page is not None and self._wants_page(scope, headers):
                await self._page.send(send)
                return
            formats = accepted_formats(headers.get("accept"))
            if formats is None or formats.whole is None:
                media_type = negotiate(headers.get("accept"))
            else:
                whole = formats.whole
            answer = await self._answer(scope, headers, receive, formats)
            if isinstance(answer, Stream):
                await answer.respond(receive, send)
            elif whole is not None:
                await send_alone(answer, FRAMINGS[whole], send)
            else:
                await _send(send, answer, media_type, status_of(answer, media_type))
        except Refused as refused:
            response = refused.response()
            if whole is not None and refused.status is None:
                await send_alone(response, FRAMINGS[whole], send)
                return
            status = refused.status or status_of(response, media_type)
            challenge = CHALLENGE if status is HTTPStatus.UNAUTHORIZED else {}
            await _send(send, response, media_type, status, {**challenge, **refused.headers})
        except Left:
            return  # nobody is there to be answered
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a masked answer and the log the rest
            response = Response(errors=[masked(error)])
            await _send(send, response, media_type, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _wants_page(self, scope: Scope, headers: Mapping[str, str]) -> bool:
        return (
            scope["method"] == "GET"
            and b"query=" not in scope["query_string"]
            and negotiate(headers.get("accept"), page=True) is MediaType.HTML
        )

    async def _answer(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive, formats: Formats | None
    ) -> Response | Stream:
        request = await self._request(scope, headers, receive)
        context = await self._hooks.authenticate(headers, None)
        operation = await self._engine.prepare(request, context)
        if scope["method"] == "GET" and operation.kind is OperationKind.MUTATION:
            raise _not_allowed("POST", "Mutations may not be sent by GET.")
        if operation.kind is not OperationKind.QUERY:
            # What has begun to change something is done to the end.
            return await self._execute(operation, request, context, formats, scope, headers)
        async with UntilLeft(receive):
            return await self._execute(operation, request, context, formats, scope, headers)

    async def _execute(
        self,
        operation: Operation,
        request: GraphQLRequest,
        context: RequestContext,
        formats: Formats | None,
        scope: Scope,
        headers: Mapping[str, str],
    ) -> Response | Stream:
        if formats is not None:
            client = Client(context, (scope.get("client") or ("",))[0], headers)
            answer = await self._streams.answer(formats, request, operation, client)
            if answer is not None:
                return answer
        return await operation.execute(request.variables, context, raw=True)

    async def _request(self, scope: Scope, headers: Mapping[str, str], receive: Receive) -> GraphQLRequest:
        match scope["method"]:
            case "POST":
                check_content_type(headers.get("content-type"))
                return parse_post(await read_body(receive, self._engine.limits.body_bytes))
            case "GET":
                if "content-type" in headers:
                    check_content_type(headers["content-type"])
                if len(scope["query_string"]) > self._engine.limits.body_bytes:
                    raise Refused.because("The query string is too long.", status=HTTPStatus.REQUEST_URI_TOO_LONG)
                return parse_get(scope["query_string"])
            case _:
                raise _not_allowed("GET, POST", "GraphQL is served by GET and POST.")


def _not_allowed(allow: str, message: str) -> Refused:
    return Refused.because(message, status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"allow": allow})


async def _send(
    send: Send,
    response: Response,
    media_type: MediaType,
    status: HTTPStatus,
    headers: Mapping[str, str] | None = None,
) -> None:
    body = response.as_bytes()
    raw = [(b"content-type", CONTENT_TYPES[media_type]), (b"content-length", str(len(body)).encode())]
    if headers:
        raw.extend((name.encode(), value.encode()) for name, value in headers.items())
    await send({"type": "http.response.start", "status": status.value, "headers": raw})
    await send({"type": "http.response.body", "body": body})
