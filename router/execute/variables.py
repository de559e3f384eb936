"""The client's variables, checked against the public schema and completed with defaults."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, get_variable_values

from router.execute.json import JSONObject

MAX_ERRORS = 20


class InvalidVariables(Exception):
    """The variables do not fit the operation."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


def coerce_variables(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    given: Mapping[str, Any] | None,
    *,
    suggestions: bool = True,
) -> JSONObject:
    """The values of the operation's variables; variables that it does not declare are left out.

    Without `suggestions`, errors name nothing of the schema that the client has not.

    Raises:
        InvalidVariables: a value is missing or does not fit its type.
    """
    definitions = operation.variable_definitions
    if not definitions:
        return {}
    values = get_variable_values(
        schema, definitions, dict(given or {}), max_errors=MAX_ERRORS, hide_suggestions=not suggestions
    )
    if isinstance(values, list):
        raise InvalidVariables(values)
    return values.coerced
