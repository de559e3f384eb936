"""`__schema` and `__type`, answered from the public schema."""

# graphql-core types the executor class of `execute_sync` in part only.
# pyright: reportUnknownVariableType=false

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, execute_sync

from router.execute.json import JSONObject


@dataclass(slots=True)
class Introspection:
    """The introspective part of one operation; its answer is kept where no variable can change it."""

    schema: GraphQLSchema
    document: DocumentNode
    _known: tuple[JSONObject, list[JSONObject]] | None = field(init=False, default=None)

    def answer(self, variables: Mapping[str, Any]) -> tuple[JSONObject, list[JSONObject]]:
        """Data and errors; the data is shared between answers and must not be changed."""
        if self._known is not None:
            return self._known
        result = execute_sync(self.schema, self.document, variable_values=dict(variables))
        answer = (result.data or {}, [{**error.formatted} for error in result.errors or ()])
        if not self._uses_variables():
            self._known = answer
        return answer

    def _uses_variables(self) -> bool:
        return any(
            definition.variable_definitions
            for definition in self.document.definitions
            if isinstance(definition, OperationDefinitionNode)
        )
