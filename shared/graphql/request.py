"""The GraphQL request as it comes over the wire."""

from typing import Any

import msgspec


class GraphQLRequest(msgspec.Struct, frozen=True):
    """A document, its variables and which of its operations to run.

    Source: https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters
    """

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = msgspec.field(name="operationName", default=None)
    extensions: dict[str, Any] | None = None
