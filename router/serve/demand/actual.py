"""What an operation has cost, by what is in its answer: one pass, past everything that costs nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from router.execute.json import JSONObject
from router.serve.demand.inputs import price_of_arguments
from router.serve.demand.prices import Price, Prices
from router.serve.limits.measure import fragments_of


@dataclass(frozen=True, slots=True)
class Metered:
    """A key of an answer's objects whose value costs something.

    Where objects of several types have different fields under it, the dearest counts for all.

    Attributes:
        own: price of one value.
        lists: how many lists wrap the values.
        called: the fields that have arguments with a price.
        below: of one value.
    """

    key: str
    own: float
    lists: int
    called: tuple[tuple[FieldNode, Price], ...]
    below: tuple["Metered", ...]


@dataclass(frozen=True, slots=True)
class Meter:
    """Measures the answers of one operation."""

    prices: Prices
    base: float
    fields: tuple[Metered, ...]

    @classmethod
    def of(cls, prices: Prices, document: DocumentNode, operation: OperationDefinitionNode) -> "Meter":
        """The meter of a valid operation."""
        root = prices.schema.get_root_type(operation.operation)
        base = prices.demand.mutation_cost if operation.operation is OperationType.MUTATION else 0
        metering = _Metering(prices, fragments_of(document))
        fields = metering.fields([(root.name, operation.selection_set)]) if root else ()
        return cls(prices, base, fields)

    def measure(self, data: JSONObject | None, variables: Mapping[str, Any]) -> float:
        """What an answer has cost; `variables` are coerced."""
        return self.base + (self._object(self.fields, data, variables) if data else 0)

    def _object(self, fields: Sequence[Metered], value: JSONObject, variables: Mapping[str, Any]) -> float:
        total = 0.0
        for each in fields:
            if each.key in value:
                if each.called:
                    total += max(price_of_arguments(self.prices, *called, variables) for called in each.called)
                found = value[each.key]
                if found is not None:
                    total += self._value(each, found, each.lists, variables)
        return total

    def _value(self, metered: Metered, value: Any, lists: int, variables: Mapping[str, Any]) -> float:
        if lists and isinstance(value, list):
            items = cast("list[Any]", value)
            if lists == 1 and not metered.below:
                return metered.own * (len(items) - items.count(None))
            return sum(self._value(metered, each, lists - 1, variables) for each in items if each is not None)
        if metered.below and isinstance(value, dict):
            return metered.own + self._object(metered.below, cast("JSONObject", value), variables)
        return metered.own


@dataclass(frozen=True, slots=True)
class _Metering:
    prices: Prices
    fragments: Mapping[str, FragmentDefinitionNode]

    def fields(self, selections: Iterable[tuple[str, SelectionSetNode]]) -> tuple[Metered, ...]:
        """What costs something of an object that all of the selections are of."""
        found: dict[str, list[tuple[FieldNode, Price]]] = {}
        seen: set[str] = set()
        for parent, selection in selections:
            self._collect(parent, selection, found, seen)
        metered = (self._metered(key, fields) for key, fields in found.items())
        return tuple(each for each in metered if each.own or each.called or each.below)

    def _collect(
        self, parent: str, selections: SelectionSetNode, found: dict[str, list[tuple[FieldNode, Price]]], seen: set[str]
    ) -> None:
        for node in selections.selections:
            match node:
                case FieldNode():
                    price = self.prices.of(parent, node.name.value)
                    if price is not None:
                        key = node.alias.value if node.alias else node.name.value
                        found.setdefault(key, []).append((node, price))
                case InlineFragmentNode(type_condition=condition, selection_set=nested):
                    self._collect(condition.name.value if condition else parent, nested, found, seen)
                case FragmentSpreadNode(name=name) if name.value not in seen:
                    seen.add(name.value)
                    fragment = self.fragments[name.value]
                    self._collect(fragment.type_condition.name.value, fragment.selection_set, found, seen)
                case _:
                    pass

    def _metered(self, key: str, fields: Sequence[tuple[FieldNode, Price]]) -> Metered:
        below = [(price.type_name, node.selection_set) for node, price in fields if node.selection_set]
        return Metered(
            key,
            max(price.own for _, price in fields),
            max(price.lists for _, price in fields),
            tuple((node, price) for node, price in fields if price.arguments and node.arguments),
            self.fields(below) if below else (),
        )
