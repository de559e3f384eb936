"""An operation as it is posted.

Source: https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters
"""

import json

import orjson

from router.execute.json import JSONObject
from router.execute.transport.base import SubgraphRequest


def parameters_of(request: SubgraphRequest) -> JSONObject:
    """The parameters of a request, without those that say nothing."""
    parameters: JSONObject = {"query": request.query}
    if request.variables:
        parameters["variables"] = request.variables
    if request.operation_name is not None:
        parameters["operationName"] = request.operation_name
    if request.cursor is not None:
        parameters["extensions"] = {"cursor": request.cursor}
    return parameters


def payload_of(request: SubgraphRequest) -> bytes:
    """The body of a request.

    Raises:
        TypeError: there is something in the variables that JSON has no words for, as a file.
    """
    return written(parameters_of(request))


def written(value: JSONObject) -> bytes:
    """JSON.

    Raises:
        TypeError: it has no words for the value.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()  # integers of more than 64 bits
