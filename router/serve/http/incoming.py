"""From what came over HTTP to GraphQL requests."""

from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus
from typing import Any, TypeAlias, cast

from starlette.types import Receive, Scope

from router.plan.nodes import OperationKind
from router.serve.errors import Refused
from router.serve.http.batch import check_size
from router.serve.http.body import read_body
from router.serve.http.config import HttpPolicy, Uploads
from router.serve.http.cross_site import CrossSiteCheck
from router.serve.http.parse import check_content_type, check_query_string, parse_get, parse_json, parse_parameters
from router.serve.http.places import check_places
from router.serve.http.uploads import Form, is_form, read_form
from router.serve.limits import Limits
from router.serve.operation import Operation
from router.serve.request import GraphQLRequest

Asked: TypeAlias = GraphQLRequest | list[object]
"""An operation, or several that nobody has looked at yet."""


class Kind(Enum):
    """How a request was sent."""

    GET = "in the query string"
    JSON = "as JSON"
    FORM = "as a form with files"


class Incoming:
    """Reads requests, of which nothing is believed."""

    def __init__(self, limits: Limits, policy: HttpPolicy) -> None:
        self._limits = limits
        self._batch = policy.batch
        self._uploads = policy.uploads
        self._cross_site = CrossSiteCheck(policy.cross_site, policy.cors)

    def check(self, scope: Scope, headers: Mapping[str, str]) -> Kind:
        """Look at everything before the body.

        Raises:
            Refused: it is not for us, or too much, or another site may be behind it.
        """
        content_type = headers.get("content-type")
        match scope["method"]:
            case "POST":
                if self._uploads is not None and is_form(content_type):
                    self._cross_site.check_form(headers)
                    return Kind.FORM
                check_content_type(content_type)
                return Kind.JSON
            case "GET":
                if content_type is not None:
                    check_content_type(content_type)
                check_query_string(scope, self._limits)
                self._cross_site.check_get(headers)
                return Kind.GET
            case _:
                raise not_allowed("GET, POST", "GraphQL is served by GET and POST.")

    async def read(self, kind: Kind, scope: Scope, headers: Mapping[str, str], receive: Receive) -> Asked:
        """What a client that was let in asks.

        Raises:
            Refused: there is nothing, or it is too large.
        """
        if kind is Kind.GET:
            return parse_get(scope["query_string"])
        body = await read_body(receive, self._limits.body_bytes, headers.get("content-encoding"))
        return self.parsed(parse_json(body, "The body"))

    async def read_form(self, headers: Mapping[str, str], receive: Receive) -> Form:
        """What a client that was let in sends with files; whoever takes it closes it.

        Raises:
            Refused: it is no such form, or too large.
        """
        return await read_form(receive, headers, self._uploads or Uploads(), self._limits.body_bytes)

    def parsed(self, content: Any) -> Asked:
        """What decoded JSON asks.

        Raises:
            Refused: it is neither an operation, nor as many as there may be.
        """
        if not isinstance(content, list):
            return parse_parameters(content)
        entries = cast("list[object]", content)
        check_size(entries, self._batch)
        return entries

    def check_files(self, operation: Operation, request: GraphQLRequest) -> None:
        """Look at where the files of a form are.

        Raises:
            Refused: they cannot be there.
        """
        if operation.kind is OperationKind.SUBSCRIPTION:
            raise Refused.because("A subscription cannot come with files.")
        if self._uploads is not None:
            check_places(operation.schema, operation.definition, request.variables, self._uploads.scalar)


def not_allowed(allow: str, message: str) -> Refused:
    """The refusal of a method."""
    return Refused.because(message, status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"allow": allow})
