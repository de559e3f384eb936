"""From an HTTP request or a WebSocket message to a GraphQL request.

Source: https://graphql.github.io/graphql-over-http/draft/#sec-Request
"""

from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qsl

import orjson
from starlette.types import Scope

from router.execute.json import JSONObject
from router.serve.errors import Refused
from router.serve.limits import Limits
from router.serve.request import GraphQLRequest

DOCUMENT_IDS = ("documentId", "id", "doc_id")
"""Parameters that name a document: of the specification's draft, of Relay's examples, and of older ones."""

QUERY_FIELDS = 50
"""Most parameters that a query string may have."""


def check_content_type(content_type: str | None) -> None:
    """Only JSON in UTF-8 is read: other types could be sent by a page on another site without asking first.

    Raises:
        Refused: it is something else.
    """
    if content_type == "application/json":
        return
    name, *parameters = (each.strip().lower() for each in (content_type or "").split(";"))
    charsets = [each.removeprefix("charset=").strip('"') for each in parameters if each.startswith("charset=")]
    if name != "application/json" or any(charset not in {"utf-8", "utf8"} for charset in charsets):
        raise Refused.because(
            "The Content-Type must be application/json in UTF-8.", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        )


def parse_post(body: bytes) -> GraphQLRequest:
    """The request in a JSON body.

    Raises:
        Refused: there is none.
    """
    return parse_parameters(parse_json(body, "The body"))


def check_query_string(scope: Scope, limits: Limits) -> None:
    """Look at nothing too long: decoding it holds the event loop.

    Raises:
        Refused: it is.
    """
    if len(scope["query_string"]) > limits.query_string_bytes:
        raise Refused.because("The query string is too long.", status=HTTPStatus.REQUEST_URI_TOO_LONG)


def parse_get(query_string: bytes) -> GraphQLRequest:
    """The request in a query string.

    Raises:
        Refused: there is none.
    """
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, max_num_fields=QUERY_FIELDS)
    except ValueError as error:
        raise Refused.because("The query string cannot be read.", status=HTTPStatus.BAD_REQUEST) from error
    parameters: JSONObject = dict(pairs)
    if len(parameters) < len(pairs):
        raise Refused.because("The query string gives a parameter twice.", status=HTTPStatus.BAD_REQUEST)
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = parse_json(parameters[name], f"The parameter {name}") if parameters[name] else None
    parameters["operationName"] = parameters.get("operationName") or None
    return parse_parameters(parameters)


def parse_parameters(parameters: object) -> GraphQLRequest:
    """The request in decoded JSON.

    Raises:
        Refused: a parameter is missing or of the wrong type.
    """
    if not isinstance(parameters, dict):
        raise Refused.because("The request must be a JSON object.", status=HTTPStatus.BAD_REQUEST)
    given = cast("JSONObject", parameters)
    query = _optional(given, "query", str, "a string") or ""
    extensions = _optional(given, "extensions", dict, "an object")
    document_id = _document_id(given)
    if not query and not document_id and not (extensions and extensions.get("persistedQuery")):
        raise Refused.because("The request needs a query, as a string.", status=HTTPStatus.BAD_REQUEST)
    return GraphQLRequest(
        query,
        _optional(given, "operationName", str, "a string"),
        _optional(given, "variables", dict, "an object"),
        extensions,
        document_id,
    )


def _document_id(given: JSONObject) -> str | None:
    """The name of a document, which clients give under several names.

    Raises:
        Refused: they give two names, or what is none.
    """
    if given.keys().isdisjoint(DOCUMENT_IDS):
        return None
    names = [name for name in DOCUMENT_IDS if given.get(name) is not None]
    if len(names) > 1:
        raise Refused.because(f"The request has both {' and '.join(names)}.", status=HTTPStatus.BAD_REQUEST)
    return _optional(given, names[0], str, "a string") if names else None


def _optional(given: JSONObject, name: str, type_: type, described: str) -> Any:
    value: Any = given.get(name)
    if value is not None and not isinstance(value, type_):
        raise Refused.because(f"The parameter {name} must be {described}.", status=HTTPStatus.BAD_REQUEST)
    return value


def parse_json(text: bytes | str, what: str) -> Any:
    """Decoded JSON.

    Raises:
        Refused: `what` is not valid JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused.because(f"{what} is not valid JSON.", status=HTTPStatus.BAD_REQUEST) from error
