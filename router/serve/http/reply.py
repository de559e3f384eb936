"""What one client is sent: an answer, a stream or a refusal, in the format that it takes."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.types import Receive, Send

from router.execute.response import Response
from router.serve.errors import Refused, masked
from router.serve.http.challenge import challenged
from router.serve.http.compress import Compressor, compressed
from router.serve.http.negotiate import MediaType, negotiate, status_of
from router.serve.streams.formats import Format, Formats, accepted_formats
from router.serve.streams.framing import FRAMINGS
from router.serve.streams.over_http import Stream, send_alone
from router.serve.telemetry.sighting import SIGHTING

CONTENT_TYPES = {
    media_type: f"{media_type.value}; charset=utf-8".encode()
    for media_type in (MediaType.JSON, MediaType.GRAPHQL_RESPONSE)
}

VARY = (b"vary", b"accept, accept-encoding")


class Reply:
    """The reply to one request. Until the client has said what it takes, it gets JSON."""

    __slots__ = ("_compressor", "_headers", "_media_type", "_metadata", "_send", "_whole", "formats")

    def __init__(self, send: Send, compressor: Compressor | None, metadata: str | None = None) -> None:
        """Args: `metadata` is where those of the graph as a protected resource are."""
        self._send = send
        self._compressor = compressor
        self._metadata = metadata
        self._headers: Mapping[str, str] = {}
        self._media_type = MediaType.JSON
        self._whole: Format | None = None
        self.formats: Formats | None = None

    def accept(self, headers: Mapping[str, str]) -> None:
        """Take from the request's headers how the client wants its answer.

        Raises:
            Refused: it takes nothing that there is.
        """
        self._headers = headers
        accept = headers.get("accept")
        self.formats = accepted_formats(accept)
        if self.formats is None or self.formats.whole is None:
            self._media_type = negotiate(accept)
        else:
            self._whole = self.formats.whole

    async def answer(self, answer: Response | Stream | list[Response], receive: Receive) -> None:
        """Send the answer to an operation, or to several.

        Raises:
            Refused: a stream may not begin; nothing was sent.
            Left: the client has gone.
        """
        match answer:
            case Response() if self._whole is None:
                await self._write(answer.as_bytes(), status_of(answer, self._media_type), answer.headers)
            case Response():
                await self._one(answer, HTTPStatus.OK, {})
            case Stream():
                await answer.respond(receive, self._send)
            case _:
                bodies = b",".join(each.as_bytes() for each in answer)
                headers = {name: value for each in answer for name, value in each.headers.items()}
                headers |= _together(answer)
                await self._write(b"[%b]" % bodies, HTTPStatus.OK, headers)

    async def refuse(self, refused: Refused) -> None:
        """Send a refusal."""
        seen = SIGHTING.get()
        if seen is not None:
            seen.refused(refused.errors)
        response = refused.response()
        if refused.status is None:
            await self._one(response, status_of(response, self._media_type), refused.headers)
            return
        await self._write(response.as_bytes(), refused.status, challenged(refused, self._metadata))

    async def fail(self, error: Exception) -> None:
        """Send what a client may know of a bug."""
        response = Response(errors=[masked(error)])
        await self._write(response.as_bytes(), HTTPStatus.INTERNAL_SERVER_ERROR, {})

    async def _one(self, response: Response, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        if self._whole is not None:
            await send_alone(response, FRAMINGS[self._whole], self._send)
        else:
            await self._write(response.as_bytes(), status, headers)

    async def _write(self, body: bytes, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        raw = [(b"content-type", CONTENT_TYPES[self._media_type]), VARY]
        if self._compressor is not None:
            coding = self._compressor.coding(len(body), self._headers)
            if coding is not None:
                body = await compressed(body, coding)
                raw.append((b"content-encoding", coding.encode()))
        raw.append((b"content-length", str(len(body)).encode()))
        if headers:
            raw.extend((name.encode(), value.encode()) for name, value in headers.items())
        await self._send({"type": "http.response.start", "status": int(status), "headers": raw})
        await self._send({"type": "http.response.body", "body": body})


def _together(answers: Sequence[Response]) -> Mapping[str, str]:
    """What holds for a list of answers that would say each for itself how long it may be kept."""
    return {"cache-control": "no-store"} if any("cache-control" in each.headers for each in answers) else {}
