"""Under random rules, an answer is the unprotected graph's with what is denied null, and nobody is asked for that."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from graphql import (
    FieldNode,
    GraphQLResolveInfo,
    GraphQLSchema,
    ObjectTypeDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    execute_sync,
    get_named_type,
    is_abstract_type,
    is_non_null_type,
    parse,
    print_ast,
    validate,
    visit,
)

from router.execute import InProcessTransport
from router.serve import Engine, GraphQLRequest, Identity, RequestContext
from router.supergraph.api_schema import with_defer
from tests.router.execute.increments import collect
from tests.router.execute.test_defer_random import LONGEST, DeferringGenerator
from tests.router.harness import Federation, Seen
from tests.router.plan.test_random_queries import Generator, federation

CODE = "UNAUTHORIZED_FIELD_OR_TYPE"
FETCHED = {
    ("Book", "volume"): [("Book", "size"), ("Size", "width"), ("Size", "height")],
    ("Book", "euro"): [("Book", "price")],
    ("Book", "dollar"): [("Book", "price"), ("Book", "size"), ("Size", "width")],
    ("Book", "note"): [("Book", "title")],
    ("Film", "note"): [("Film", "title")],
}
"""What `@requires` has fetched for a field."""

OWN_NEEDS = {"id", "mail", "title", "price", "size", "width", "height", "__typename"}
"""Fields that subgraphs may be asked for on behalf of others."""


@dataclass(frozen=True)
class Rules:
    """Who may see what: a scope by type, and by type and field."""

    types: Mapping[str, str]
    fields: Mapping[tuple[str, str], str]

    @classmethod
    def at_random(cls, schema: GraphQLSchema, chance: random.Random) -> "Rules":
        objects = [each for each in ("Book", "Film", "Person", "Review", "Size") if chance.random() < 0.2]
        places = [
            (name, field)
            for name in ("Query", "Book", "Film", "Person", "Review", "Size")
            for field in cast("Any", schema.type_map[name]).fields
            if chance.random() < 0.12
        ]
        return cls(
            {each: f"s{chance.randrange(3)}" for each in objects}, {each: f"s{chance.randrange(3)}" for each in places}
        )

    def denied(self, type_name: str, field: str, scopes: frozenset[str]) -> bool:
        places = [(type_name, field), *FETCHED.get((type_name, field), ())]
        return any(
            self.fields.get(each, "") not in {"", *scopes} or self.types.get(each[0], "") not in {"", *scopes}
            for each in places
        )

    def unseen(self, type_name: str, scopes: frozenset[str]) -> bool:
        return self.types.get(type_name, "") not in {"", *scopes}

    def written_into(self, sdl: str) -> str:
        """The supergraph with the rules, its directive renamed by the link."""
        return print_ast(visit(parse(sdl), _Writing(self)))


class _Writing(Visitor):
    def __init__(self, rules: Rules) -> None:
        super().__init__()
        self._rules = rules

    def leave_schema_definition(self, node: Any, *_: object) -> Any:
        link = (
            'type A @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", as: "needs", for: SECURITY) { a: Int }'
        )
        return replace(node, directives=(*node.directives, *cast("Any", parse(link).definitions[0]).directives))

    def leave_object_type_definition(self, node: ObjectTypeDefinitionNode, *_: object) -> Any:
        name = node.name.value
        fields = [_needing(each, self._rules.fields.get((name, each.name.value))) for each in node.fields or ()]
        return replace(_needing(node, self._rules.types.get(name)), fields=tuple(fields))


def _needing(node: Any, scope: str | None) -> Any:
    if scope is None:
        return node
    definition: Any = parse(f'type A @needs(scopes: [["{scope}"], ["admin", "{scope}"]]) {{ a: Int }}').definitions[0]
    return replace(node, directives=(*(node.directives or ()), *definition.directives))


def _denying(world: Federation, rules: Rules, scopes: frozenset[str], query: str, variables: Any) -> Any:
    """What the graph in one piece answers, whose resolvers deny."""
    schema = world.supergraph.api_schema

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if rules.denied(info.parent_type.name, info.field_name, scopes) or all_unseen(get_named_type(info.return_type)):
            raise PermissionError
        record = world._world.roots.get(info.parent_type.name, {}) if source is None else source  # pyright: ignore[reportPrivateUsage]
        seen = Seen(record, {}, lambda _: False)
        value = seen[info.field_name]
        return hidden(value(seen, **arguments) if callable(value) else value)

    def all_unseen(type_: Any) -> bool:
        types = schema.get_possible_types(type_) if is_abstract_type(type_) else [type_]
        return all(rules.unseen(each.name, scopes) for each in types)

    def hidden(value: Any) -> Any:
        if isinstance(value, list):
            return [hidden(each) for each in value]
        return PermissionError() if isinstance(value, dict) and rules.unseen(value["__typename"], scopes) else value

    return execute_sync(
        schema,
        parse(query),
        variable_values=variables,
        field_resolver=resolve,
        type_resolver=_type_of,
    )


def _type_of(value: Any, *_: Any) -> str:
    return value["__typename"]


def _asked(world: Federation) -> Iterator[tuple[str, str]]:
    """The fields of object types that subgraphs were asked for."""
    for subgraph in world.subgraphs.values():
        info = TypeInfo(subgraph.schema)
        seen: list[tuple[Any, str]] = []

        class Fields(Visitor):
            def enter_field(self, node: FieldNode, *_: object) -> None:
                seen.append((info.get_parent_type(), node.name.value))  # noqa: B023  # used up within the loop

        for text in subgraph.asked:
            visit(parse(text), TypeInfoVisitor(info, Fields()))
        for parent, field in seen:
            types = subgraph.schema.get_possible_types(parent) if is_abstract_type(parent) else [parent]
            yield from ((each.name, field) for each in types)


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_denied_is_null_and_not_asked_for(seed: int) -> None:
    world, chance = federation(), random.Random(seed)
    schema = world.supergraph.api_schema
    rules = Rules.at_random(schema, chance)
    transports = {name: InProcessTransport(each.execute, each.subscribe) for name, each in world.subgraphs.items()}
    engine = Engine.from_sdl(rules.written_into(print_ast(world.supergraph.document)), transports)
    generator = Generator(schema, seed)
    for _ in range(6):
        query, variables = generator.operation()
        if validate(schema, parse(query)):
            continue
        for _ in range(2):
            scopes = frozenset(each for each in ("s0", "s1", "s2") if chance.random() < 0.4)
            for subgraph in world.subgraphs.values():
                subgraph.asked.clear()
            context = RequestContext(identity=Identity("ada", scopes=scopes) if scopes else None)
            found = await engine.execute(GraphQLRequest(query, variables=variables), context)
            expected = _denying(world, rules, scopes, query, variables)
            assert json.dumps(found.data) == json.dumps(expected.data), (query, scopes, rules)
            assert {error["extensions"]["code"] for error in found.errors} <= {CODE}
            assert _paths(found.errors) == _paths([each.formatted for each in expected.errors or ()]), (query, scopes)
            asked = {each for each in _asked(world) if each[1] not in OWN_NEEDS}
            assert not [each for each in asked if rules.denied(*each, scopes)], (query, scopes, rules)


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_deferred_is_denied_alike(seed: int) -> None:
    world, chance = federation(), random.Random(seed)
    schema = with_defer(world.supergraph.api_schema)
    rules = Rules.at_random(schema, chance)
    nullable = {each: scope for each, scope in rules.fields.items() if not is_non_null_type(_type(schema, each))}
    rules = Rules({}, nullable)  # what may not be null fails a fragment, which is more than its field
    transports = {name: InProcessTransport(each.execute, each.subscribe) for name, each in world.subgraphs.items()}
    engine = Engine.from_sdl(rules.written_into(print_ast(world.supergraph.document)), transports, defer=True)
    generator = DeferringGenerator(schema, seed)
    answered = 0
    while answered < 3:
        query, variables = generator.operation()
        if "@defer" not in query or len(query) > LONGEST or validate(schema, parse(query)):
            continue
        answered += 1
        request = GraphQLRequest(query, variables=variables)
        data, errors = await collect(await engine.execute_incrementally(request, RequestContext()))
        whole = await engine.execute(request, RequestContext())
        assert data == whole.data, query
        assert _paths(errors) == _paths(whole.errors), query


def _type(schema: GraphQLSchema, place: tuple[str, str]) -> Any:
    return cast("Any", schema.type_map[place[0]]).fields[place[1]].type


def _paths(errors: Any) -> list[str]:
    return sorted(json.dumps(each["path"]) for each in errors)
