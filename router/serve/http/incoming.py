"""From what came over HTTP to GraphQL requests."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.types import Receive, Scope

from router.serve.errors import Refused
from router.serve.http.body import read_body
from router.serve.http.config import HttpPolicy
from router.serve.http.cross_site import CrossSiteCheck
from router.serve.http.parse import check_content_type, parse_get, parse_post
from router.serve.limits import Limits
from router.serve.request import GraphQLRequest


class Incoming:
    """Reads requests, of which nothing is believed."""

    def __init__(self, limits: Limits, policy: HttpPolicy) -> None:
        self._limits = limits
        self._cross_site = CrossSiteCheck(policy.cross_site, policy.cors)

    def check(self, scope: Scope, headers: Mapping[str, str]) -> None:
        """Look at everything before the body.

        Raises:
            Refused: it is not for us, or too much, or another site may be behind it.
        """
        match scope["method"]:
            case "POST":
                check_content_type(headers.get("content-type"))
            case "GET":
                if "content-type" in headers:
                    check_content_type(headers["content-type"])
                if len(scope["query_string"]) > self._limits.body_bytes:
                    raise Refused.because("The query string is too long.", status=HTTPStatus.REQUEST_URI_TOO_LONG)
                self._cross_site.check_get(headers)
            case _:
                raise not_allowed("GET, POST", "GraphQL is served by GET and POST.")

    async def read(self, scope: Scope, headers: Mapping[str, str], receive: Receive) -> GraphQLRequest:
        """The request of a client that was let in.

        Raises:
            Refused: there is none, or it is too large.
        """
        if scope["method"] == "GET":
            return parse_get(scope["query_string"])
        return parse_post(await read_body(receive, self._limits.body_bytes, headers.get("content-encoding")))


def not_allowed(allow: str, message: str) -> Refused:
    """The refusal of a method."""
    return Refused.because(message, status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"allow": allow})
