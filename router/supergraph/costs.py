"""What the subgraphs say that their fields cost: `@cost` and `@listSize`, by whatever names the supergraph has them.

Source: https://ibm.github.io/graphql-specs/cost-spec.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    FloatValueNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    IntValueNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    StringValueNode,
    ValueNode,
)

from router.supergraph.access.names import directive_names
from router.supergraph.values import arguments_of

_FEATURE = "cost"


@dataclass(frozen=True, slots=True)
class ListSize:
    """How many items a field's lists have.

    Attributes:
        assumed: without an argument that says so.
        slicing: arguments that say so.
        sized: the lists are these fields of the field's value; none means that the field is a list itself.
        require_one: clients must give exactly one of the arguments.
    """

    assumed: int | None = None
    slicing: tuple[str, ...] = ()
    sized: frozenset[str] = frozenset()
    require_one: bool = True


@dataclass(frozen=True, slots=True)
class Costs:
    """Every weight and size that is stated.

    Attributes:
        types: of objects, scalars and enums.
        fields: by type and field.
        arguments: by type, field and argument.
        input_fields: by type and field.
        list_sizes: by type and field.
    """

    types: dict[str, float] = field(default_factory=dict[str, float])
    fields: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    arguments: dict[tuple[str, str, str], float] = field(default_factory=dict[tuple[str, str, str], float])
    input_fields: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    list_sizes: dict[tuple[str, str], ListSize] = field(default_factory=dict[tuple[str, str], ListSize])


def read_costs(document: DocumentNode) -> Costs:
    """The costs that a supergraph states."""
    reader = _Reader(directive_names(document, _FEATURE), directive_names(document, _FEATURE, "listSize"), Costs())
    for node in document.definitions:
        match node:
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                reader.type(node)
                for each in node.fields or ():
                    reader.field(node.name.value, each)
            case InputObjectTypeDefinitionNode():
                for each in node.fields or ():
                    reader.put(reader.costs.input_fields, (node.name.value, each.name.value), each.directives)
            case ScalarTypeDefinitionNode() | EnumTypeDefinitionNode():
                reader.type(node)
            case _:
                pass
    return reader.costs


@dataclass(frozen=True, slots=True)
class _Reader:
    cost: frozenset[str]
    list_size: frozenset[str]
    costs: Costs

    def type(self, node: Any) -> None:
        self.put(self.costs.types, node.name.value, node.directives)

    def field(self, type_name: str, node: FieldDefinitionNode) -> None:
        name = node.name.value
        self.put(self.costs.fields, (type_name, name), node.directives)
        for each in node.arguments or ():
            self.put(self.costs.arguments, (type_name, name, each.name.value), each.directives)
        for directive in node.directives or ():
            if directive.name.value in self.list_size:
                self.costs.list_sizes[type_name, name] = _list_size(directive)

    def put(self, into: dict[Any, float], key: object, directives: Iterable[DirectiveNode] | None) -> None:
        for directive in directives or ():
            weight = _number(arguments_of(directive).get("weight")) if directive.name.value in self.cost else None
            if weight is not None:
                into[key] = weight


def _number(value: ValueNode | None) -> float | None:
    """A weight: the federation's are integers, those of the specification text."""
    if not isinstance(value, IntValueNode | FloatValueNode | StringValueNode):
        return None
    try:
        return float(value.value)
    except ValueError:
        return None


def _list_size(directive: DirectiveNode) -> ListSize:
    given = arguments_of(directive)
    assumed = given.get("assumedSize")
    require_one = given.get("requireOneSlicingArgument")
    return ListSize(
        int(assumed.value) if isinstance(assumed, IntValueNode) else None,
        tuple(_texts(given.get("slicingArguments"))),
        frozenset(_texts(given.get("sizedFields"))),
        require_one.value if isinstance(require_one, BooleanValueNode) else True,
    )


def _texts(value: ValueNode | None) -> Sequence[str]:
    """The items of a list of strings; one that stands alone is a list."""
    items = cast("Sequence[ValueNode]", value.values) if isinstance(value, ListValueNode) else (value,)
    return [each.value for each in items if isinstance(each, StringValueNode)]
