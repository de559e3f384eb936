"""How many objects an operation may ask for: sizes of lists, multiplied along the path.

The size of a list is what its `first`, `last` or `limit` says; the lists in a connection have the size that the
connection's arguments say. The estimate is known before any subgraph is asked.
"""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from router.serve.cache import LruCache
from router.serve.errors import TOO_COMPLEX, Refused
from router.serve.limits import Limits
from router.serve.limits.measure import fragments_of

SLICING = ("first", "last", "limit")
"""Arguments, of type Int, that say how many items a list has."""

CACHED_ESTIMATES = 100
"""Per operation: sizes that clients give in variables are few."""


class Objects(NamedTuple):
    """How many objects a selection set gives below one parent.

    Attributes:
        per_item: those in lists that the parent's own argument sizes, per item. That they are kept apart lets a
            fragment be estimated once, wherever it is spread.
    """

    fixed: int = 0
    per_item: int = 0

    def __add__(self, other: object) -> "Objects":
        assert isinstance(other, Objects)  # noqa: S101  # a tuple's own operator takes any
        return Objects(self.fixed + other.fixed, self.per_item + other.per_item)

    def with_items(self, size: int) -> int:
        return self.fixed + self.per_item * size


class Estimate:
    """The estimates of one operation, which may depend on its variables."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, limits: Limits
    ) -> None:
        """Raises: Refused: whatever the variables, the operation asks for too many objects."""
        self._schema = schema
        self._fragments = fragments_of(document)
        self._operation = operation
        self._limits = limits
        self._known: LruCache[tuple[Any, ...], int] = LruCache(CACHED_ESTIMATES, CACHED_ESTIMATES)
        least = _Estimator(schema, self._fragments, {}, limits.list_size, unknown=0)
        self._check(least.operation(operation))
        self._variables = tuple(sorted(least.asked))

    def check(self, variables: Mapping[str, Any]) -> None:
        """Refuse variables with which the operation asks for too many objects; `variables` are coerced.

        Raises:
            Refused: it does.
        """
        if not self._variables:
            return
        key = tuple(variables.get(name) for name in self._variables)
        known = self._known.get(key)
        if known is None:
            estimator = _Estimator(self._schema, self._fragments, variables, self._limits.list_size)
            known = estimator.operation(self._operation)
            self._known.put(key, known, 1)
        self._check(known)

    def _check(self, objects: int) -> None:
        limit = self._limits.estimated_objects
        if objects > limit:
            message = f"The operation asks for more than {limit} objects: ask for shorter lists, or nest fewer."
            raise Refused.because(message, TOO_COMPLEX)


@dataclass(slots=True)
class _Estimator:
    """One estimate.

    Attributes:
        unknown: stands for sizes in variables; None if the variables are known.
        asked: variables that sizes depend on.
    """

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    list_size: int
    unknown: int | None = None
    asked: set[str] = field(default_factory=set[str])
    _known: dict[str, Objects] = field(default_factory=dict[str, Objects])

    def operation(self, definition: OperationDefinitionNode) -> int:
        root = self.schema.get_root_type(definition.operation)
        return self._below(definition.selection_set, root.name).with_items(self.list_size) if root else 0

    def _below(self, selections: SelectionSetNode | None, parent: str) -> Objects:
        total = Objects()
        for selection in selections.selections if selections else ():
            total += self._part(selection, parent)
        return total

    def _part(self, selection: SelectionNode, parent: str) -> Objects:
        match selection:
            case FieldNode():
                return self._field(selection, parent)
            case InlineFragmentNode(type_condition=condition, selection_set=nested):
                return self._below(nested, condition.name.value if condition else parent)
            case FragmentSpreadNode(name=name):
                return self._fragment(name.value)
            case _:
                return Objects()

    def _fragment(self, name: str) -> Objects:
        known = self._known.get(name)
        if known is None:
            definition = self.fragments[name]
            known = self._below(definition.selection_set, definition.type_condition.name.value)
            self._known[name] = known
        return known

    def _field(self, node: FieldNode, parent: str) -> Objects:
        """The objects of a field and below; introspection costs no subgraph anything and counts as nothing."""
        type_: Any = self.schema.get_type(parent)
        definition = None if node.name.value.startswith("__") else self.schema.get_field(type_, node.name.value)
        if definition is None or not is_composite_type(named := get_named_type(definition.type)):
            return Objects()
        size = self._size(node, definition)
        below = self._below(node.selection_set, named.name)
        lists = _lists(definition.type)
        if not lists:
            return Objects(1 + below.with_items(self.list_size if size is None else size))
        items = self.list_size ** (lists - 1) * (1 + below.with_items(self.list_size))
        return Objects(per_item=items) if size is None else Objects(size * items)

    def _size(self, node: FieldNode, definition: GraphQLField) -> int | None:
        """What the field's arguments say, the client's before the schema's defaults."""
        slicing = {name for name in SLICING if name in definition.args and _is_int(definition.args[name].type)}
        if not slicing:
            return None
        given = [self._given(argument) for argument in node.arguments or () if argument.name.value in slicing]
        sizes = [size for size in given if size is not None]
        if not sizes:
            sizes = [size for name in slicing if (size := _default(definition.args[name])) is not None]
        return max(0, *sizes) if sizes else None

    def _given(self, argument: ArgumentNode) -> int | None:
        match argument.value:
            case IntValueNode(value=text):
                return int(text)
            case VariableNode(name=name):
                self.asked.add(name.value)
                value = self.variables.get(name.value) if self.unknown is None else self.unknown
                return value if isinstance(value, int) else None
            case _:
                return None


def _default(argument: GraphQLArgument) -> int | None:
    """The default in the schema, which has it as text where the schema was one."""
    default = argument.default
    if default is None:
        return None
    return int(default.literal.value) if isinstance(default.literal, IntValueNode) else None


def _is_int(type_: Any) -> bool:
    return get_named_type(type_).name == "Int" and not is_list_type(get_nullable_type(type_))


def _lists(type_: Any) -> int:
    """How many lists a type wraps into each other."""
    count = 0
    inner = get_nullable_type(type_)
    while is_list_type(inner):
        count += 1
        inner = get_nullable_type(inner.of_type)
    return count
