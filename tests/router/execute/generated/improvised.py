"""Subgraphs that make up their answers: mostly what was asked for, sometimes anything."""

import json
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

import orjson
from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldNode,
    InlineFragmentNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeNode,
    UnionTypeDefinitionNode,
    VariableNode,
    parse,
)

from router.execute import SubgraphRequest, SubgraphResponse
from router.execute.transport import MalformedResponse

ODDITIES: Sequence[Any] = (
    None,
    0,
    1,
    1.0,
    -0.5,
    True,
    "",
    "1",
    "__typename",
    3_000_000_000,
    [],
    {},
    [None],
    [[]],
    [{}, None],
    {"__typename": []},
    {"__typename": "Nobody", "id": None},
)


@dataclass(frozen=True)
class Vocabulary:
    """The types of all subgraphs of a topic, as far as answers need them."""

    fields: dict[str, dict[str, TypeNode]] = field(default_factory=dict[str, dict[str, TypeNode]])
    members: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    enums: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def read(self, document: DocumentNode) -> None:
        for each in document.definitions:
            match each:
                case ObjectTypeDefinitionNode() | ObjectTypeExtensionNode():
                    self._read_fields(each)
                    for interface in each.interfaces or ():
                        self.members.setdefault(interface.name.value, set()).add(each.name.value)
                case InterfaceTypeDefinitionNode() | InterfaceTypeExtensionNode():
                    self._read_fields(each)
                case UnionTypeDefinitionNode(name=name, types=types):
                    self.members.setdefault(name.value, set()).update(each.name.value for each in types or ())
                case EnumTypeDefinitionNode(name=name, values=values):
                    self.enums.setdefault(name.value, []).extend(value.name.value for value in values or ())
                case _:
                    pass

    def _read_fields(
        self,
        node: ObjectTypeDefinitionNode
        | ObjectTypeExtensionNode
        | InterfaceTypeDefinitionNode
        | InterfaceTypeExtensionNode,
    ) -> None:
        known = self.fields.setdefault(node.name.value, {})
        known.update({each.name.value: each.type for each in node.fields or ()})


parsed = cache(parse)


@dataclass
class Improvised:
    """A transport for every subgraph.

    Attributes:
        oddity: how often a value is anything instead of what was asked for.
        wired: its answers are texts.
        asked: the requests, as text.
    """

    vocabulary: Vocabulary
    seed: int
    oddity: float
    wired: bool = False
    asked: list[str] = field(default_factory=list[str])

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        text = json.dumps([request.subgraph, request.query, dict(request.variables or {})])
        self.asked.append(text)
        answer = _Answer(self.vocabulary, Random(f"{self.seed}{text}"), self.oddity, request.variables or {})
        response = answer.response(parsed(request.query))
        if not self.wired or request.rewrite is None:
            return response
        text = _text(response)
        raw = request.rewrite(text)
        return response if raw is None else SubgraphResponse(None, raw=raw, size=len(text))

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        yield await self.fetch(request)

    async def aclose(self) -> None:
        pass


def _text(response: SubgraphResponse) -> bytes:
    """What the response is read from."""
    said = {"data": response.data, "errors": list(response.errors), "extensions": response.extensions}
    return orjson.dumps({key: value for key, value in said.items() if value or key == "data"})


@dataclass
class _Answer:
    vocabulary: Vocabulary
    random: Random
    oddity: float
    variables: Mapping[str, Any]

    def response(self, document: DocumentNode) -> SubgraphResponse:
        """The same for the same request."""
        (operation,) = document.definitions
        assert isinstance(operation, OperationDefinitionNode)
        if self._is_odd():
            raise MalformedResponse("not today")
        root = operation.operation.value.title()
        data = self._object(root, operation.selection_set)
        errors = tuple(self._errors(data)) if self._is_odd() else ()
        extensions = {"cost": {operation.operation.value: 1}} if self._is_odd() else {}
        given = None if errors and self._is_odd() else orjson.loads(orjson.dumps(data))
        return SubgraphResponse(given, errors, extensions)

    def _is_odd(self) -> bool:
        return self.random.random() < self.oddity

    def _errors(self, data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"message": "somewhere"}
        for key in data:
            yield {"message": "there", "path": [key, 0, "id"], "extensions": {"code": "ODD"}}
            yield {"message": "there", "path": [key, 1]}

    def _object(self, typename: str, selections: SelectionSetNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in selections.selections:
            if not all(self._lets_through(directive) for directive in each.directives or ()):
                continue
            if isinstance(each, FieldNode):
                key = each.alias.value if each.alias else each.name.value
                if self._is_odd():
                    if self.random.random() < 0.5:
                        found[key] = self._anything()
                else:
                    found[key] = self._field(typename, each)
            elif isinstance(each, InlineFragmentNode) and self._fits(typename, each.type_condition):
                assert each.selection_set is not None
                found.update(self._object(typename, each.selection_set))
        if self._is_odd():
            found[self.random.choice(["extra", "id", "__typename", "name"])] = self._anything()
        return found

    def _lets_through(self, directive: DirectiveNode) -> bool:
        (value,) = [each.value for each in directive.arguments or ()]
        given = (
            self.variables[value.name.value]
            if isinstance(value, VariableNode)
            else value == BooleanValueNode(value=True)
        )
        return given is (directive.name.value == "include")

    def _fits(self, typename: str, condition: NamedTypeNode | None) -> bool:
        if condition is None or condition.name.value == typename:
            return True
        return typename in self.vocabulary.members.get(condition.name.value, ())

    def _field(self, typename: str, node: FieldNode) -> Any:
        if node.name.value == "__typename":
            return typename
        if node.name.value == "_entities":
            return self._entities(node)
        type_ = self.vocabulary.fields.get(typename, {}).get(node.name.value)
        return self._anything() if type_ is None else self._value(type_, node.selection_set, may_be_null=True)

    def _entities(self, node: FieldNode) -> Any:
        variables: list[Any] = [each.value for each in node.arguments or ()]
        representations = self.variables[variables[0].name.value]
        if self._is_odd():
            representations = representations[1:]
        assert node.selection_set is not None
        return [
            self._anything() if self._is_odd() else self._object(each["__typename"], node.selection_set)
            for each in representations
        ]

    def _value(self, type_: TypeNode, selections: SelectionSetNode | None, *, may_be_null: bool) -> Any:
        if isinstance(type_, NonNullTypeNode):
            return self._value(type_.type, selections, may_be_null=False)
        if may_be_null and self.random.random() < 0.1:
            return None
        if isinstance(type_, ListTypeNode):
            return [self._value(type_.type, selections, may_be_null=True) for _ in range(self.random.randrange(4))]
        assert isinstance(type_, NamedTypeNode)
        name = type_.name.value
        if selections is None:
            return self._leaf(name)
        return self._object(self.random.choice(sorted(self.vocabulary.members.get(name, {name}))), selections)

    def _leaf(self, name: str) -> Any:
        if name in self.vocabulary.enums:
            return self.random.choice(self.vocabulary.enums[name])
        match name:
            case "Int":
                return self.random.randrange(3)
            case "Float":
                return self.random.choice([0, 0.5])
            case "Boolean":
                return self.random.random() < 0.5
            case "String" | "ID":
                return self.random.choice("ab")
            case _:
                return self._anything()

    def _anything(self) -> Any:
        return json.loads(json.dumps(self.random.choice(ODDITIES)))
