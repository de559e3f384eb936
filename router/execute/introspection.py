"""`__schema` and `__type`, answered from the public schema."""

# graphql-core types the executor class of `execute_sync` in part only.
# pyright: reportUnknownVariableType=false

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, execute_sync

from router.execute.json import JSONObject

Answer: TypeAlias = tuple[JSONObject, list[JSONObject]]

KEPT: Final = 20
"""Answers that are kept: each may be as large as the schema, and clients can word the same question in endless ways."""


@dataclass(slots=True)
class Introspection:
    """The introspective part of one operation; its answer is kept where no variable can change it."""

    schema: GraphQLSchema
    document: DocumentNode
    _known: Answer | None = field(init=False, default=None)

    async def answer(self, variables: Mapping[str, Any]) -> Answer:
        """Data and errors; the data is shared between answers and must not be changed.

        A large schema takes a second to be told, for which the event loop must not wait.
        """
        if self._known is not None:
            return self._known
        answer = await asyncio.to_thread(self._answer, variables)
        if self._known is None and not self._uses_variables():
            self._known = answer
            _keeping.append(self)
            if len(_keeping) > KEPT:
                _keeping.popleft().forget()
        return answer

    def forget(self) -> None:
        self._known = None

    def _answer(self, variables: Mapping[str, Any]) -> Answer:
        result = execute_sync(self.schema, self.document, variable_values=dict(variables))
        return result.data or {}, [{**error.formatted} for error in result.errors or ()]

    def _uses_variables(self) -> bool:
        return any(
            definition.variable_definitions
            for definition in self.document.definitions
            if isinstance(definition, OperationDefinitionNode)
        )


_keeping: deque[Introspection] = deque()
"""Those that keep their answers, the oldest first."""
