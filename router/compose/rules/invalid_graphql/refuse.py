"""The error of this package."""

from graphql import Node

from router.federation.errors import CompositionError, ErrorCode, locations


def invalid(message: str, *nodes: Node | None) -> CompositionError:
    return CompositionError(ErrorCode.INVALID_GRAPHQL, message, locations(*nodes))
