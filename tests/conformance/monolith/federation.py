"""A graph twice: split into subgraphs behind the router, and in one piece."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DirectiveNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    ObjectTypeDefinitionNode,
    StringValueNode,
    execute_sync,
    parse,
    validate,
)

from router.compose import Composed, Refused, Subgraph, compose
from router.execute import Response
from router.execute.transport import SubgraphRequest, SubgraphResponse
from router.serve.engine import Engine
from router.serve.limits import Limits
from router.serve.request import GraphQLRequest, RequestContext
from tests.conformance.monolith.data import Thing, World
from tests.conformance.monolith.subgraphs import Simulated

LIMITS = Limits(aliases=5_000, estimated_objects=10**12, objects=10**9)


class Direct:
    """The subgraph, called."""

    def __init__(self, subgraph: Simulated) -> None:
        self._subgraph = subgraph

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        answer = self._subgraph.answer(request.query, request.variables or {})
        return SubgraphResponse(answer.get("data"), tuple(answer.get("errors", ())))

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        yield await self.fetch(request)

    async def aclose(self) -> None:
        """Nothing to release."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Data, and where errors are."""

    data: dict[str, Any] | None
    errors: list[Mapping[str, Any]]


class Federation:
    """Subgraphs composed by our composer and answered by our router, beside graphql-core over all the data."""

    def __init__(self, composed: Composed, sdls: Mapping[str, str], world: World) -> None:
        self.world = world
        taken = {name: frozenset(_taken_from(name, sdls)) for name in sdls}
        self.subgraphs = {name: Simulated(name, sdl, world, taken[name]) for name, sdl in sdls.items()}
        transports = {name: Direct(each) for name, each in self.subgraphs.items()}
        self.engine = Engine.from_sdl(composed.supergraph_sdl, transports, LIMITS)

    @classmethod
    def of(cls, sdls: Mapping[str, str], world: World) -> "Federation | Refused":
        """The federation, or why the subgraphs do not compose."""
        composed = compose([Subgraph(name, f"http://{name}", sdl) for name, sdl in sdls.items()])
        return composed if isinstance(composed, Refused) else cls(composed, sdls, world)

    @property
    def schema(self) -> GraphQLSchema:
        """What clients see."""
        return self.engine.schema

    async def answer(self, query: str, variables: Mapping[str, Any]) -> Answer:
        """What the router answers."""
        self.world.done.clear()
        for each in self.subgraphs.values():
            each.asked.clear()
        response: Response = await self.engine.execute(GraphQLRequest(query, variables=variables), RequestContext())
        return Answer(response.data, list(response.errors))

    def expected(self, query: str, variables: Mapping[str, Any]) -> Answer:
        """What the graph in one piece answers."""
        self.world.done.clear()
        result = execute_sync(
            self.schema,
            parse(query, no_location=True),
            variable_values=dict(variables),
            field_resolver=self._resolve,
            type_resolver=_type_of,
        )
        return Answer(result.data, [each.formatted for each in result.errors or ()])

    def repeated(self) -> list[str]:
        """The requests of the last answer that were sent more than once."""
        counted = Counter((each.name, *asked) for each in self.subgraphs.values() for asked in each.asked)
        return [" ".join(request) for request, count in counted.items() if count > 1]

    @property
    def requests(self) -> int:
        """How many requests the last answer took."""
        return sum(len(each.asked) for each in self.subgraphs.values())

    def _resolve(self, source: Thing | None, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        thing = Thing(info.parent_type.name, "root") if source is None else source
        return self.world.visible(thing, info.field_name, arguments)


def refuses(schema: GraphQLSchema, query: str) -> bool:
    """Whether a text is no valid operation."""
    try:
        return bool(validate(schema, parse(query, no_location=True)))
    except GraphQLError:
        return True


def _type_of(value: Thing, *_: Any) -> str:
    return value.type_name


def _taken_from(name: str, sdls: Mapping[str, str]) -> list[tuple[str, str]]:
    """The fields of a subgraph that others override."""
    return [
        (node.name.value, field.name.value)
        for sdl in sdls.values()
        for node in parse(sdl, no_location=True).definitions
        if isinstance(node, ObjectTypeDefinitionNode)
        for field in node.fields or ()
        if any(_overrides(each, name) for each in field.directives or ())
    ]


def _overrides(directive: DirectiveNode, name: str) -> bool:
    arguments = {each.name.value: each.value for each in directive.arguments or ()}
    from_ = arguments.get("from")
    is_plain = directive.name.value == "override" and "label" not in arguments
    return is_plain and isinstance(from_, StringValueNode) and from_.value == name
