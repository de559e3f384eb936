"""Reading from a plan which of its fetches brings which key of which place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    VariableNode,
    parse,
)

from router.execute.generated.records.places import Place, Provider
from router.execute.generated.source import Unsuitable
from router.execute.shapes import ListShape, ObjectShape, Shape, holds
from router.plan.nodes import Condition, QueryPlan


def condition_variables(plan: QueryPlan, root: ObjectShape) -> frozenset[str]:
    """The variables that decide which parts of a plan apply."""
    found = {each.variable for each in _conditions_of(root)}
    for fetch in plan.fetches:
        found.update(each.variable for each in fetch.when)
        found.update(each.variable for group in fetch.entities for each in group.when)
    return frozenset(found)


def places_of(plan: QueryPlan, root: ObjectShape, variables: Mapping[str, Any]) -> Place:
    """The places of a plan, for variables that its conditions depend on.

    Raises:
        Unsuitable: what is in a place depends on more than types.
    """
    if plan.introspection is not None or plan.deferred:
        raise Unsuitable
    place = Place.of(root, variables)
    reader = _Reader(variables)
    for fetch in plan.fetches:
        if fetch.path or any(group.contexts for group in fetch.entities):
            raise Unsuitable
        if not holds(fetch.when, variables):
            continue
        if not fetch.entities:
            reader.read(_selections(fetch.text), [place], Provider(fetch.id))
        for number, group in enumerate(fetch.entities):
            if holds(group.when, variables):
                places = [place.at(each) for each in group.paths]
                reader.read(_selections(group.text), places, Provider(fetch.id, number))
    _check(place)
    return place


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads what is selected."""

    variables: Mapping[str, Any]

    def read(self, selections: Iterable[SelectionNode], places: Sequence[Place], provider: Provider) -> None:
        for node in selections:
            if not all(self._includes(each) for each in node.directives or ()):
                continue
            match node:
                case FieldNode():
                    self._read_field(node, places, provider)
                case InlineFragmentNode(type_condition=condition, selection_set=nested):
                    if condition is not None and not all(
                        each.is_abstract or each.types == (condition.name.value,) for each in places
                    ):
                        raise Unsuitable
                    self.read(nested.selections, places, provider)
                case _:
                    raise Unsuitable

    def _read_field(self, node: FieldNode, places: Sequence[Place], provider: Provider) -> None:
        for each in places:
            each.provide(node, provider)
        if node.selection_set is None:
            return
        key = (node.alias or node.name).value
        inner = [slot.inner for each in places if (slot := each.slots[key]) and slot.inner is not None]
        if inner and len(inner) != len(places):
            raise Unsuitable
        if inner:
            for each in inner:
                each.creator = provider
            self.read(node.selection_set.selections, inner, provider)

    def _includes(self, directive: DirectiveNode) -> bool:
        """Whether a directive lets a field through."""
        wanted = {"include": True, "skip": False}.get(directive.name.value)
        if wanted is None:
            raise Unsuitable
        for argument in directive.arguments or ():
            match argument.value:
                case BooleanValueNode(value=value):
                    return value is wanted
                case VariableNode(name=name) if name.value in self.variables:
                    return self.variables[name.value] is wanted
                case _:
                    break
        raise Unsuitable


def _selections(text: str) -> Sequence[SelectionNode]:
    try:
        (operation,) = parse(text, no_location=True).definitions
    except (GraphQLSyntaxError, ValueError) as error:
        raise Unsuitable from error
    if not isinstance(operation, OperationDefinitionNode):
        raise Unsuitable
    return operation.selection_set.selections


def _conditions_of(shape: Shape) -> Iterator[Condition]:
    while isinstance(shape, ListShape):
        shape = shape.of
    if isinstance(shape, ObjectShape):
        for each in shape.fields:
            yield from (condition for conditions in each.when for condition in conditions)
            yield from _conditions_of(each.shape)


def _check(place: Place) -> None:
    """Somebody has to bring what the client sees."""
    if place.is_abstract:
        telling = place.slots.get(place.typename_key)
        if telling is None or not telling.is_typename or not place.is_surely_there(telling):
            raise Unsuitable
    for each in place.slots.values():
        if not each.providers and (place.is_abstract or not each.is_typename):
            raise Unsuitable
        if each.inner is not None:
            _check(each.inner)
