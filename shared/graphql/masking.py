"""What a client may learn of an error: refusals keep their code, bugs become an id that leads to the log.

This is done where answers leave (service.py) rather than in a schema extension, because extensions do not see the
errors of parsing, of building the context, or of one another.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from graphql import GraphQLError, GraphQLFormattedError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from shared.errors import DomainError
from shared.ids import uuid7

_log = structlog.get_logger("studium.graphql")


def shown(error: Exception) -> GraphQLFormattedError:
    """Give an error the form in which it leaves: with a stable `extensions.code`, and masked if it is a bug."""
    cause = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    located = error if isinstance(error, GraphQLError) else GraphQLError("", path=None)
    match cause:
        case DomainError():
            return _formatted(located, cause.message, {**cause.extensions, "code": cause.code})
        case GraphQLError():
            return _formatted(located, located.message, {"code": _request_code(located), **(located.extensions or {})})
        case CannotGetOperationTypeError():
            return _formatted(located, cause.as_http_error_reason(), {"code": "OPERATION_RESOLUTION_FAILURE"})
        case InvalidOperationTypeError():
            message = f"A {cause.operation_type.value} is not allowed here"
            return _formatted(located, message, {"code": "BAD_REQUEST"})
        case MissingQueryError():
            return _formatted(located, str(cause), {"code": "BAD_REQUEST"})
        case _:
            return _masked(located, cause)


def _masked(located: GraphQLError, bug: Exception) -> GraphQLFormattedError:
    """Log the bug under a fresh id and say nothing but that id."""
    id_ = str(uuid7())
    _log.error("graphql.bug", id=id_, path=located.path, exc_info=bug)
    return _formatted(located, "Internal error", {"code": "INTERNAL_SERVER_ERROR", "id": id_})


def _formatted(located: GraphQLError, message: str, extensions: Mapping[str, Any]) -> GraphQLFormattedError:
    formatted: GraphQLFormattedError = {"message": message}
    if located.locations:
        formatted["locations"] = [location.formatted for location in located.locations]
    if located.path is not None:
        formatted["path"] = located.path
    formatted["extensions"] = dict(extensions)
    return formatted


def _request_code(error: GraphQLError) -> str:
    """Code an error that has no cause in our code: it is GraphQL's own, about the request."""
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    if error.path is not None or error.message.startswith("Variable "):
        return "BAD_USER_INPUT"
    return "GRAPHQL_VALIDATION_FAILED"
