"""Refusals, with the codes that clients may rely on, and the masking of bugs."""

import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from traceback import format_exception
from typing import Any, Final
from uuid import uuid4

import orjson
from graphql import GraphQLError

from router.execute.budget import TooManyObjects
from router.execute.json import JSONObject
from router.execute.response import Response
from router.plan.errors import TooManyChoices
from router.serve.telemetry.sighting import SIGHTING

logger = logging.getLogger(__name__)

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
UNKNOWN_OPERATION = "OPERATION_RESOLUTION_FAILURE"
BAD_USER_INPUT = "BAD_USER_INPUT"
BAD_REQUEST = "BAD_REQUEST"
TOO_DEEP = "OPERATION_TOO_DEEP"
TOO_COMPLEX = TooManyObjects.code
INTROSPECTION_OFF = "INTROSPECTION_DISABLED"
OVERLOADED = "SERVER_OVERLOADED"
PLANNING_LIMIT = TooManyChoices.code
TOO_EXPENSIVE = "COST_ESTIMATED_TOO_EXPENSIVE"
COST_UNKNOWN = "COST_QUERY_PARSE_FAILURE"
RATE_LIMITED = "RATE_LIMITED"
INTERNAL = "INTERNAL_SERVER_ERROR"

BY_STATUS = {
    HTTPStatus.METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
    HTTPStatus.NOT_ACCEPTABLE: "NOT_ACCEPTABLE",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "PAYLOAD_TOO_LARGE",
    HTTPStatus.REQUEST_URI_TOO_LONG: "URI_TOO_LONG",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "UNSUPPORTED_MEDIA_TYPE",
}
"""Codes of refusals for what stands in HTTP rather than in GraphQL."""


LONGEST_MESSAGE: Final = 500
"""Characters of a message: it may repeat names and values that the client made up."""

MOST_LOCATIONS: Final = 5
"""Of one error: a name that is given a thousand times has as many."""

LARGEST_ERRORS: Final = 8_000
"""Bytes of all errors of a refusal by graphql-core, except the first: beyond, they tell nobody more."""

LONGEST_LOG: Final = 20_000
"""Characters of a bug in the log."""


class Refused(Exception):
    """A request that is not executed.

    Attributes:
        status: of the HTTP response; None where the request was understood but is no valid GraphQL, so that the media
            type of the response decides (200 or 400).
        headers: further headers of the HTTP response.
        holds: tells whether whoever asks in the same way would be refused in the same words; None where that is not
            known before the request is read.
    """

    def __init__(
        self,
        errors: Sequence[JSONObject],
        status: HTTPStatus | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(errors[0]["message"])
        self.errors = list(errors)
        self.status = status
        self.headers = headers or {}
        self.holds: Callable[[], bool] | None = None

    @classmethod
    def because(
        cls,
        message: str,
        code: str | None = None,
        status: HTTPStatus | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "Refused":
        """A refusal for one reason. Without a `code` the status gives it."""
        known = code or (BY_STATUS.get(status, BAD_REQUEST) if status else BAD_REQUEST)
        return cls([coded_error(clipped(message), known)], status, headers)

    @classmethod
    def by_graphql(cls, errors: Sequence[GraphQLError], code: str) -> "Refused":
        """A refusal by graphql-core, its errors under one code; as many of them as fit.

        What is wrong in the same way in several places is one error.
        """
        told: dict[str, JSONObject] = {}
        room = LARGEST_ERRORS
        for error in errors:
            known = with_code(error, code)
            same = told.get(known["message"])
            if same is not None:
                same["locations"] = [*same.get("locations", ()), *known.get("locations", ())][:MOST_LOCATIONS]
                continue
            room -= len(orjson.dumps(known))
            if told and room < 0:
                break
            told[known["message"]] = known
        return cls(list(told.values()))

    def response(self) -> Response:
        """The refusal as a GraphQL response."""
        return Response(errors=self.errors, executed=False)


def coded_error(message: str, code: str, **extensions: Any) -> JSONObject:
    """An error as clients read it."""
    return {"message": message, "extensions": {"code": code, **extensions}}


def with_code(error: GraphQLError, code: str) -> JSONObject:
    """An error of graphql-core under our code, with no more of the client's own text than helps."""
    formatted: JSONObject = {**error.formatted, "message": clipped(error.message)}
    if "locations" in formatted:
        formatted["locations"] = formatted["locations"][:MOST_LOCATIONS]
    formatted["extensions"] = {**(error.extensions or {}), "code": code}
    return formatted


def masked(error: BaseException) -> JSONObject:
    """What a client may know of a bug: an id, under which the log has the rest."""
    id_ = str(uuid4())
    text = "".join(format_exception(error))
    if len(text) > LONGEST_LOG:
        logger.error("Internal error %s\n%s", id_, clipped(text, LONGEST_LOG))
    else:
        logger.error("Internal error %s", id_, exc_info=error)
    told = coded_error("Internal error", INTERNAL, id=id_)
    seen = SIGHTING.get()
    if seen is not None:
        seen.failed([told])
    return told


def clipped(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """The text, of which the middle is left out where it is too long."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}… ({len(text) - 2 * half} characters) …{text[-half:]}"
