"""A graph twice: split into subgraphs behind the router, and in one piece."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson
from graphql import DocumentNode, GraphQLError, GraphQLResolveInfo, GraphQLSchema, execute_sync, parse, validate
from graphql.validation import OverlappingFieldsCanBeMergedRule, ValuesOfCorrectTypeRule

from router.compose import Composed, Refused, Subgraph, compose
from router.execute import Executor, Response
from router.execute.incremental import IncrementalExecutor
from router.execute.variables import InvalidVariables, coerce_variables
from router.plan import Labels, Planner, Rollout
from router.supergraph import Supergraph
from router.supergraph.api_schema import with_defer
from tests.conformance.monolith.compare import Answer
from tests.conformance.monolith.data import Thing, World, below
from tests.conformance.monolith.direct import Direct
from tests.conformance.monolith.operations import Operation
from tests.conformance.monolith.overriding import overridden
from tests.conformance.monolith.subgraphs import Simulated
from tests.router.execute.increments import collect

_RULES = (OverlappingFieldsCanBeMergedRule, ValuesOfCorrectTypeRule)
"""All that a drawn operation may break; `is_valid` asks for everything."""


class Invalid(Exception):
    """The operation is none of the graph's."""


class Federation:
    """Subgraphs composed by our composer and answered by our router, beside graphql-core over all the data."""

    def __init__(self, composed: Composed, sdls: Mapping[str, str], world: World) -> None:
        self.world = world
        supergraph = Supergraph.from_sdl(composed.supergraph_sdl)
        self.schema = supergraph.api_schema
        self._deferring = with_defer(self.schema)
        self._planner = Planner(supergraph)
        self._labels = Labels(supergraph)
        self._taken = {name: overridden(name, sdls) for name in sdls}
        self.transports = {name: Direct(Simulated(name, sdl, world)) for name, sdl in sdls.items()}

    @classmethod
    def of(cls, sdls: Mapping[str, str], world: World) -> "Federation | Refused":
        """The federation, or why the subgraphs do not compose."""
        composed = compose([Subgraph(name, f"http://{name}", sdl) for name, sdl in sdls.items()])
        return composed if isinstance(composed, Refused) else cls(composed, sdls, world)

    async def answers(self, operation: Operation, *, compiled: bool = True) -> dict[str, Answer]:
        """What the router answers, by the way it is done: by reading the plan, by code made of it, and as text.

        The latter two only if `compiled`.

        Raises:
            Invalid: there is nothing to answer.
        """
        document, variables, labels = self._prepared(operation)
        plan = self._planner.plan(document, None, labels)
        read = Executor(plan, self.transports, self.schema, compile_after=None)
        ways = [("plan", read, False)]
        if compiled:
            made = Executor(plan, self.transports, self.schema, compile_after=0)
            ways = [("code", made, False), ("text", made, True), *ways]
        answers: dict[str, Answer] = {}
        for how, executor, raw in ways:
            self._begin(labels)
            answers[how] = _answer(await executor.execute(variables, {}, raw=raw))
        return answers

    async def merged(self, operation: Operation) -> Answer:
        """All that comes bit by bit, put together.

        Raises:
            Invalid: there is nothing to answer.
        """
        document, variables, labels = self._prepared(operation, self._deferring)
        deferring = frozenset(name for name, value in variables.items() if value is True)
        plan = self._planner.plan(document, None, labels, deferring)
        self._begin(labels)
        response = await IncrementalExecutor(plan, self.transports, self._deferring).execute(variables, {})
        return Answer(*await collect(response))

    def expected(self, operation: Operation) -> Answer:
        """What the graph in one piece answers."""
        self.world.done.clear()
        self.world.lost = False
        result = execute_sync(
            self.schema,
            parse(operation.query, no_location=True),
            variable_values=dict(operation.variables),
            field_resolver=self._resolve,
            type_resolver=_type_of,
        )
        return Answer(result.data, [each.formatted for each in result.errors or ()], is_lossy=self.world.lost)

    def is_valid(self, query: str) -> bool:
        """Whether a text is a valid operation."""
        try:
            return not validate(self._deferring, parse(query, no_location=True))
        except GraphQLError:
            return False

    def repeated(self) -> int:
        """How many different requests of the last answer were sent more than once."""
        asked = Counter((name, *request) for name, each in self.transports.items() for request in each.asked)
        return sum(count > 1 for count in asked.values())

    @property
    def requests(self) -> int:
        """How many requests the last answer took."""
        return sum(len(each.asked) for each in self.transports.values())

    def _prepared(
        self, operation: Operation, schema: GraphQLSchema | None = None
    ) -> tuple[DocumentNode, dict[str, Any], frozenset[str]]:
        document = parse(operation.query, no_location=True)
        definition: Any = document.definitions[0]
        try:
            variables = coerce_variables(self.schema, definition, operation.variables)
        except InvalidVariables as invalid:
            raise Invalid from invalid
        if validate(schema or self.schema, document, _RULES):
            raise Invalid
        for each in self.transports.values():
            each.forget()
        return document, variables, self._labels.outcome(Rollout(operation.labels, operation.share))

    def _begin(self, labels: frozenset[str]) -> None:
        self.world.done.clear()
        for name, each in self.transports.items():
            each.asked.clear()
            each.subgraph.taken = frozenset(place for place, label in self._taken[name] if label in {None, *labels})
            each.subgraph.labels = labels

    def _resolve(self, source: Thing | None, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        thing = Thing(info.parent_type.name, "root") if source is None else source
        return below(thing, self.world.visible(thing, info.field_name, arguments))


def _answer(response: Response) -> Answer:
    data = response.data if response.raw is None else orjson.loads(response.raw)
    return Answer(data, list(response.errors))


def _type_of(value: Thing, *_: Any) -> str:
    return value.type_name
