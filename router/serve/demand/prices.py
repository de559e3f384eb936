"""What single fields and arguments of a schema cost."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLSchema,
    IntValueNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_input_object_type,
    is_list_type,
)

from router.serve.demand.config import Demand
from router.supergraph.costs import Costs, ListSize


@dataclass(frozen=True, slots=True)
class Price:
    """What one field of a type costs.

    Attributes:
        type_name: of its values.
        own: of one value, without what is selected below it.
        lists: how many lists wrap the values into each other.
        size: what says how long they are.
        guessed: nobody stated `size`: arguments that usually say it are taken to say it for every list below.
        defaults: of the arguments that say it, where they are not given.
        arguments: those that cost anything, with the type and the price of each.
    """

    type_name: str
    own: float
    lists: int
    size: ListSize
    guessed: bool
    defaults: Mapping[str, int]
    arguments: Mapping[str, tuple[str, float]]


@dataclass(frozen=True)
class Prices:
    """The prices of one schema, with the configured assumptions."""

    schema: GraphQLSchema
    costs: Costs
    demand: Demand
    _known: dict[tuple[str, str], Price | None] = field(default_factory=dict[tuple[str, str], "Price | None"])

    def of_schema(self, schema: GraphQLSchema) -> "Prices":
        """The prices of a schema that is a part of this one."""
        return Prices(schema, self.costs, self.demand)

    def up_to(self, operation_cost: float) -> "Prices":
        """The same prices where one operation may cost so much."""
        return Prices(self.schema, self.costs, replace(self.demand, operation_cost=operation_cost), self._known)

    def of(self, parent: str, name: str) -> Price | None:
        """The price of a field; None for what no subgraph is asked for, which costs nothing."""
        key = (parent, name)
        if key not in self._known:
            type_: Any = self.schema.get_type(parent)
            definition = None if name.startswith("__") else self.schema.get_field(type_, name)
            self._known[key] = None if definition is None else self._price(parent, name, definition)
        return self._known[key]

    def _price(self, parent: str, name: str, definition: GraphQLField) -> Price:
        places = self._places(parent, name)
        stated = [self.costs.fields[place] for place in places if place in self.costs.fields]
        sizes = [self.costs.list_sizes[place] for place in places if place in self.costs.list_sizes]
        size = sizes[0] if sizes else ListSize(None, tuple(self._usual_slicing(definition)), require_one=False)
        named = get_named_type(definition.type).name
        return Price(
            named,
            max(stated) if stated else self._type(named),
            _list_depth(definition.type),
            size,
            not sizes,
            {each: default for each in size.slicing if (default := _default(definition.args.get(each))) is not None},
            dict(self._arguments(places, definition)),
        )

    def _type(self, name: str) -> float:
        """The price of one value of a type: that of an interface's or union's is that of the dearest object."""
        type_: Any = self.schema.get_type(name)
        if is_abstract_type(type_):
            possible = [each.name for each in self.schema.get_possible_types(type_)]
            return max((self.costs.types.get(each, 1.0) for each in possible), default=1.0)
        return self.costs.types.get(name, 1.0 if is_composite_type(type_) else 0.0)

    def _usual_slicing(self, definition: GraphQLField) -> Iterator[str]:
        for each in self.demand.slicing_arguments:
            if each in definition.args and _is_int(definition.args[each].type):
                yield each

    def _arguments(
        self, places: Sequence[tuple[str, str]], definition: GraphQLField
    ) -> Iterator[tuple[str, tuple[str, float]]]:
        for argument, details in definition.args.items():
            keys = [(*place, argument) for place in places]
            stated = [self.costs.arguments[key] for key in keys if key in self.costs.arguments]
            named = get_named_type(details.type).name
            price = max(stated) if stated else self.costs.types.get(named, 0.0)
            if price or named in self._dear_inputs:
                yield argument, (named, price)

    def input_fields(self, name: str) -> Iterator[tuple[str, float, str]]:
        """The fields of an input type that cost anything: name, price of itself, name of its type."""
        type_: Any = self.schema.get_type(name)
        if not is_input_object_type(type_):
            return
        for each, details in type_.fields.items():
            named = get_named_type(details.type).name
            price = self.costs.input_fields.get((name, each), self.costs.types.get(named, 0.0))
            if price or named in self._dear_inputs:
                yield each, price, named

    @cached_property
    def _dear_inputs(self) -> frozenset[str]:
        """The input types that something costs in, at any depth."""
        inputs = {name: type_ for name, type_ in self.schema.type_map.items() if is_input_object_type(type_)}
        found = {type_ for type_, _ in self.costs.input_fields}
        grown = True
        while grown:
            dear = {
                name
                for name, type_ in inputs.items()
                for each in cast("Any", type_).fields.values()
                if (named := get_named_type(each.type).name) in found or named in self.costs.types
            }
            grown = not dear <= found
            found |= dear
        return frozenset(found)

    def _places(self, parent: str, name: str) -> list[tuple[str, str]]:
        """Where something may be stated of a field: at itself, or for an interface's at its objects'."""
        type_: Any = self.schema.get_type(parent)
        if not is_abstract_type(type_):
            return [(parent, name)]
        return [(parent, name), *((each.name, name) for each in self.schema.get_possible_types(type_))]


def _list_depth(type_: Any) -> int:
    """How many lists a type wraps into each other."""
    count = 0
    inner = get_nullable_type(type_)
    while is_list_type(inner):
        count += 1
        inner = get_nullable_type(inner.of_type)
    return count


def _default(argument: GraphQLArgument | None) -> int | None:
    """The default in the schema, which has it as text where the schema was one."""
    default = None if argument is None else argument.default
    literal = None if default is None else default.literal
    return int(literal.value) if isinstance(literal, IntValueNode) else None


def _is_int(type_: Any) -> bool:
    return get_named_type(type_).name == "Int" and not is_list_type(get_nullable_type(type_))
