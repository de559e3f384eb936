"""What an operation will cost, before any subgraph is asked: sizes of lists, multiplied along the path.

Fragments are looked at once each, wherever they are spread: what a fragment costs depends on its place only in the
sizes of its own lists, so that these are kept apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from router.serve.cache import LruCache
from router.serve.demand.config import Demand
from router.serve.demand.inputs import price_given, price_of_value
from router.serve.demand.prices import Price, Prices
from router.serve.errors import COST_UNKNOWN, TOO_EXPENSIVE, Refused
from router.serve.limits.measure import fragments_of

CACHED_ESTIMATES: Final = 100
"""Per operation: sizes that clients give in variables are few."""

DEAREST: Final = 1e300
"""No cost is more, so that adding and multiplying costs always makes sense."""


@dataclass(slots=True)
class Lists:
    """What the lists under one name cost.

    Attributes:
        per_item: all of them, for each item.
        free: of these, the lists of which nothing says how long they are.
        held: what the others cost in all.
    """

    per_item: float = 0
    free: float = 0
    held: float = 0


@dataclass(slots=True)
class Cost:
    """What a selection set costs below one object; `lists` are those of the object itself, by the fields' names."""

    fixed: float = 0
    lists: dict[str, Lists] = field(default_factory=dict[str, Lists])

    def add(self, other: "Cost") -> None:
        self.fixed += other.fixed
        for name, lists in other.lists.items():
            own = self.lists.setdefault(name, Lists())
            own.per_item += lists.per_item
            own.free += lists.free
            own.held += lists.held

    def sized(self, default: int, size: int | None = None, names: frozenset[str] | None = None) -> float:
        """With every list as long as is known.

        Args:
            default: for lists of which nothing else is known.
            size: that the parent knows; None if it knows none.
            names: of the lists whose size that is; None for all of which nothing else is known.
        """
        total = self.fixed
        for name, lists in self.lists.items():
            if size is not None and names is not None and name in names:
                total += lists.per_item * size
            elif size is not None and names is None:
                total += lists.free * size + lists.held
            else:
                total += lists.free * default + lists.held
        return min(total, DEAREST)


class Estimate:
    """The estimates of one operation, which may depend on its variables."""

    def __init__(
        self,
        prices: Prices,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        *,
        names_arguments: bool = True,
    ) -> None:
        """Raises: Refused: whatever the variables, the operation costs too much."""
        self._names_arguments = names_arguments
        self._prices = prices
        self._fragments = fragments_of(document)
        self._operation = operation
        self._known: LruCache[tuple[Any, ...], float] = LruCache(CACHED_ESTIMATES, CACHED_ESTIMATES)
        least = Estimator(prices, self._fragments, None, names_arguments)
        self._fixed = least.operation(operation)
        self._check(self._fixed)
        self._variables = tuple(sorted(least.asked))
        self._dear_variables = frozenset(least.priced)

    def of(self, variables: Mapping[str, Any]) -> float:
        """What the operation costs with these variables, coerced.

        Raises:
            Refused: more than one operation may, or it cannot be told.
        """
        if not self._variables:
            return self._fixed
        if any(isinstance(variables.get(name), dict | list) for name in self._dear_variables):
            return self._check(self._estimated(variables))
        key = tuple(variables.get(name) for name in self._variables)
        known = self._known.get(key)
        if known is None:
            known = self._estimated(variables)
            self._known.put(key, known, 1)
        return self._check(known)

    def _estimated(self, variables: Mapping[str, Any]) -> float:
        estimator = Estimator(self._prices, self._fragments, variables, self._names_arguments)
        return estimator.operation(self._operation)

    def _check(self, cost: float) -> float:
        limit = self._prices.demand.operation_cost
        if limit is not None and cost > limit:
            message = (
                f"The operation costs {cost:,.0f}, and none may cost more than {limit:,.0f}:"
                " ask for shorter lists, or nest fewer."
            )
            raise Refused.because(message, TOO_EXPENSIVE)
        return cost


@dataclass(slots=True)
class Estimator:
    """One estimate.

    Attributes:
        variables: None if they are not known yet: the estimate is then the least that any can make it.
        names_arguments: whether clients are told which arguments they lack.
        asked: variables that the estimate depends on.
        priced: of these, the ones that cost by what is in them.
    """

    prices: Prices
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any] | None
    names_arguments: bool = True
    asked: set[str] = field(default_factory=set[str])
    priced: set[str] = field(default_factory=set[str])
    _known: dict[str, Cost] = field(default_factory=dict[str, Cost])

    @property
    def demand(self) -> Demand:
        return self.prices.demand

    def operation(self, definition: OperationDefinitionNode) -> float:
        """What the whole operation costs."""
        root = self.prices.schema.get_root_type(definition.operation)
        base = self.demand.mutation_cost if definition.operation is OperationType.MUTATION else 0
        if root is None:
            return base
        return base + self._below(definition.selection_set, root.name).sized(self.demand.list_size)

    def _below(self, selections: SelectionSetNode | None, parent: str) -> Cost:
        total = Cost()
        for selection in selections.selections if selections else ():
            if not selection.directives or self._is_included(selection.directives):
                self._add(total, selection, parent)
        return total

    def _add(self, total: Cost, selection: SelectionNode, parent: str) -> None:
        match selection:
            case FieldNode():
                price = self.prices.of(parent, selection.name.value)
                if price is not None:
                    self._add_field(total, selection, price)
            case InlineFragmentNode(type_condition=condition, selection_set=nested):
                total.add(self._below(nested, condition.name.value if condition else parent))
            case FragmentSpreadNode(name=name):
                total.add(self._fragment(name.value))
            case _:
                pass

    def _fragment(self, name: str) -> Cost:
        known = self._known.get(name)
        if known is None:
            definition = self.fragments[name]
            known = self._known[name] = self._below(definition.selection_set, definition.type_condition.name.value)
        return known

    def _add_field(self, total: Cost, node: FieldNode, price: Price) -> None:
        if price.arguments:
            total.fixed += price_given(self.prices, node, price, self._variable)
        if not price.own and node.selection_set is None:
            self._size(node, price)  # which may still be refused
            return
        size = self._size(node, price)
        below = self._below(node.selection_set, price.type_name)
        value = price.own + below.sized(self.demand.list_size, size, None if price.guessed else price.size.sized)
        if not price.lists:
            total.fixed = min(total.fixed + value, DEAREST)
            return
        if not price.guessed and price.size.sized:
            size = None
        value = min(value * float(self.demand.list_size) ** (price.lists - 1), DEAREST)
        lists = total.lists.setdefault(node.name.value, Lists())
        lists.per_item += value
        if size is None:
            lists.free += value
        else:
            lists.held += value * size

    def _size(self, node: FieldNode, price: Price) -> int | None:
        """What is known of the size of the field's lists: the client's arguments before the schema's defaults.

        Raises:
            Refused: there has to be one argument that says it.
        """
        stated = price.size
        if not stated.slicing:
            return stated.assumed
        given = {each.name.value: each for each in node.arguments or () if each.name.value in stated.slicing}
        sizes = [size for each in given.values() if (size := self._given(each)) is not None]
        sizes = sizes or [default for name, default in price.defaults.items() if name not in given]
        is_open = self.variables is None and any(isinstance(each.value, VariableNode) for each in given.values())
        if stated.require_one and not is_open and len(sizes) != 1:
            names = f"arguments {' and '.join(stated.slicing)}" if self.names_arguments else "arguments for its size"
            message = f"The field {node.name.value} has to be given exactly one of the {names}."
            raise Refused.because(message, COST_UNKNOWN)
        return max(0, *sizes) if sizes else stated.assumed

    def _given(self, argument: ArgumentNode) -> int | None:
        match argument.value:
            case IntValueNode(value=text):
                return min(int(text), 2**31)
            case VariableNode(name=name):
                self.asked.add(name.value)
                value = 0 if self.variables is None else self.variables.get(name.value)
                return value if isinstance(value, int) else None
            case _:
                return None

    def _variable(self, name: str, type_name: str, price: float) -> float:
        self.asked.add(name)
        self.priced.add(name)
        value = None if self.variables is None else self.variables.get(name)
        return price_of_value(self.prices, value, type_name, price)

    def _is_included(self, directives: Sequence[DirectiveNode]) -> bool:
        """Whether `@skip` and `@include` let the selection be; what is not known yet does not."""
        for directive in directives:
            wanted = {"include": True, "skip": False}.get(directive.name.value)
            if wanted is not None and any(
                self._flag(each, default=not wanted) is not wanted for each in _ifs(directive)
            ):
                return False
        return True

    def _flag(self, argument: ArgumentNode, *, default: bool) -> bool:
        match argument.value:
            case BooleanValueNode(value=value):
                return value
            case VariableNode(name=name):
                self.asked.add(name.value)
                return default if self.variables is None else self.variables.get(name.value) is True
            case _:
                return default


def _ifs(directive: DirectiveNode) -> Sequence[ArgumentNode]:
    return [each for each in directive.arguments or () if each.name.value == "if"]
