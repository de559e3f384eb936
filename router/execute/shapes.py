"""What each place of an answer may hold, and how the merged data becomes it.

Completing follows https://spec.graphql.org/draft/#sec-Value-Completion, with one difference: subgraphs have
resolved and serialised already, so that what is left is to check, to choose and to put in order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol, cast

from router.execute.budget import Budget
from router.execute.json import JSONObject, PathKey
from router.execute.paths import Position, keys_of
from router.plan.nodes import Condition


class Invalid:
    """The type of `INVALID`."""


INVALID: Final = Invalid()
"""Stands for a value that cannot be given, for a reason on record: the nearest place that may be null becomes null."""


@dataclass(slots=True)
class Projection:
    """The state of projecting one answer.

    Attributes:
        variables: coerced, for the conditions of fields.
        violations: positions where null was found although the type forbids it, and the field as `Type.field`.
        malformed: positions of values that their type does not admit, and what is wrong with them.
        denied: positions of what the caller may not see.
        postponed: what comes later of the objects met.
        errors: those that are known already, at the client's paths.
    """

    variables: Mapping[str, Any]
    budget: Budget = field(default_factory=Budget)
    errors: Sequence[JSONObject] = ()
    violations: list[tuple[Position, str]] = field(default_factory=list[tuple[Position, str]])
    malformed: list[tuple[Position, str]] = field(default_factory=list[tuple[Position, str]])
    denied: list[Position] = field(default_factory=list[Position])
    postponed: list["Postponed"] = field(default_factory=list["Postponed"])
    _applying: dict[tuple[int, str | None], Sequence["FieldShape"]] = field(
        default_factory=dict[tuple[int, str | None], Sequence["FieldShape"]]
    )
    _failing: set[tuple[PathKey, ...]] | None = None

    def applying(self, shape: "ObjectShape", typename: str | None) -> Sequence["FieldShape"]:
        """The fields of a shape with conditions, evaluated once per answer and type."""
        key = (id(shape), typename)
        known = self._applying.get(key)
        if known is None:
            known = [each for each in shape.of_type(typename) if applies(each.when, self.variables)]
            self._applying[key] = known
        return known

    def fails_below(self, position: Position | None) -> bool:
        """Whether an error is known of a field of the object at a position, or of something below one."""
        if self._failing is None:
            paths = (tuple[PathKey, ...](error.get("path", ())) for error in self.errors)
            self._failing = {path[:length] for path in paths for length in range(len(path))}
        return tuple(keys_of(position)) in self._failing

    def may_apply(self, shape: "ObjectShape", typename: str | None) -> bool:
        """Whether an object has any of the fields; one of unknown type may turn out to be of a type that has them."""
        if typename is not None:
            return bool(self.applying(shape, typename))
        return any(applies(each.when, self.variables) for each in shape.fields)


def applies(alternatives: Sequence[Iterable[Condition]], variables: Mapping[str, Any]) -> bool:
    """Whether any alternative holds; no alternatives mean always."""
    return not alternatives or any(holds(conditions, variables) for conditions in alternatives)


def holds(conditions: Iterable[Condition], variables: Mapping[str, Any]) -> bool:
    """Whether every condition holds."""
    return all(variables.get(condition.variable) is condition.value for condition in conditions)


class Shape(Protocol):
    """What a place of the answer may hold, null aside."""

    def complete(self, value: Any, parent: Position | None, key: PathKey, state: Projection) -> Any:
        """The value as the client gets it: None if it is to be hidden, `INVALID` after putting a problem on record."""
        ...


@dataclass(frozen=True, slots=True)
class LeafShape:
    """A scalar or an enum.

    Attributes:
        admit: gives the value, None for one to be hidden, `INVALID` for one that the type does not have.
    """

    type_name: str
    name: str
    admit: Callable[[Any], Any]

    def complete(self, value: Any, parent: Position | None, key: PathKey, state: Projection) -> Any:
        admitted = self.admit(value)
        if admitted is INVALID:
            message = f"Expected a value of type {self.type_name} for field {self.name}."
            state.malformed.append((Position(parent, key), message))
        return admitted


@dataclass(slots=True)
class ListShape:
    """A list of one shape."""

    of: Shape
    nullable: bool
    name: str
    of_leaves: bool = field(init=False)

    def __post_init__(self) -> None:
        self.of_leaves = isinstance(self.of, LeafShape)

    def complete(self, value: Any, parent: Position | None, key: PathKey, state: Projection) -> Any:
        position = Position(parent, key)
        if not isinstance(value, list):
            state.malformed.append((position, f"Expected a list for field {self.name}."))
            return INVALID
        if self.of_leaves:
            state.budget.spend(len(cast("list[Any]", value)))
        completed: list[Any] = []
        for index, item in enumerate(cast("list[Any]", value)):
            result = None if item is None else self.of.complete(item, position, index, state)
            if not self.nullable:
                if result is None:
                    state.violations.append((Position(position, index), self.name))
                    return INVALID
                if result is INVALID:
                    return INVALID
            completed.append(None if result is INVALID else result)
        return completed


@dataclass(frozen=True, slots=True)
class DeniedShape:
    """What the caller may not see, whatever it is: there is no value, but the place is put on record."""

    def complete(self, value: Any, parent: Position | None, key: PathKey, state: Projection) -> Any:
        state.denied.append(Position(parent, key))
        return INVALID


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field of an object.

    Attributes:
        name: as `Type.field`, for messages.
        default: the value where the data has none: the name of the type, for `__typename` where no other is possible.
        denied: the caller may not see it, and the data has nothing of it.
    """

    key: str
    source: str
    name: str
    shape: Shape
    nullable: bool
    on: frozenset[str] | None
    when: tuple[tuple[Condition, ...], ...]
    default: str | None = None
    denied: bool = False


@dataclass(slots=True)
class ObjectShape:
    """An object, or one of several for an interface or a union.

    Attributes:
        name: the field that holds it, as `Type.field`.
        type_name: of the object, interface or union.
        possible: the object types that the public schema admits here.
        typename_key: key of the value's own `__typename` in the merged data.
        deferred: what comes later of the same object, by the part of the plan that brings it.
        unseen: object types of which the caller may not see any object.
    """

    name: str
    type_name: str
    possible: frozenset[str]
    typename_key: str
    fields: tuple[FieldShape, ...]
    deferred: tuple[tuple[int, "ObjectShape"], ...] = ()
    unseen: frozenset[str] = frozenset()
    conditional: bool = field(init=False)
    depends_on_type: bool = field(init=False)
    _by_type: dict[str | None, Sequence[FieldShape]] = field(
        init=False, default_factory=dict[str | None, Sequence[FieldShape]]
    )

    def __post_init__(self) -> None:
        self.conditional = any(each.when for each in self.fields)
        self.depends_on_type = any(each.on is not None for each in self.fields)

    def of_type(self, typename: str | None) -> Sequence[FieldShape]:
        """The fields that objects of this type have, conditions aside."""
        known = self._by_type.get(typename)
        if known is None:
            known = tuple(each for each in self.fields if each.on is None or typename in each.on)
            self._by_type[typename] = known
        return known

    def complete(self, value: Any, parent: Position | None, key: PathKey, state: Projection) -> Any:
        position = Position(parent, key)
        if not isinstance(value, dict):
            state.malformed.append((position, f"Expected an object for field {self.name}."))
            return INVALID
        if self.unseen and str(cast("JSONObject", value).get(self.typename_key)) in self.unseen:
            state.denied.append(position)
            return INVALID
        return self.complete_object(cast("JSONObject", value), position, state)

    def complete_object(self, source: JSONObject, position: Position | None, state: Projection) -> Any:
        """What `complete` gives, of a value that is an object.

        Raises:
            TooManyObjects: the answer has come to its bound.
        """
        state.budget.spend(1)
        typename = self.type_name if self.type_name in self.possible else self._type_told(source)
        if typename == _HIDDEN:
            return None
        if typename is None and self.depends_on_type and state.fails_below(position):
            return INVALID  # who would have told the type has lost the object, because a field failed
        fields = state.applying(self, typename) if self.conditional else self.of_type(typename)
        completed: JSONObject = {}
        for each in fields:
            value = source.get(each.source)
            result = (
                each.default
                if value is None and not each.denied
                else each.shape.complete(value, position, each.key, state)
            )
            if not each.nullable:
                if result is None:
                    state.violations.append((Position(position, each.key), each.name))
                    return INVALID
                if result is INVALID:
                    return INVALID
            completed[each.key] = None if result is INVALID else result
        for part, later in self.deferred:
            if state.may_apply(later, typename):
                state.postponed.append(Postponed(part, later, source, position))
        return completed

    def _type_told(self, source: JSONObject) -> str | None:
        """The object type that the data tells; None if it tells none."""
        typename = source.get(self.typename_key)
        if isinstance(typename, str) and typename in self.possible:
            return typename
        return None if typename is None or typename == self.type_name else _HIDDEN


_HIDDEN = ""
"""Stands for a type that the public schema does not show at a place."""


class Postponed(NamedTuple):
    """An object of which a part of the plan brings more."""

    part: int
    shape: ObjectShape
    source: JSONObject
    position: Position | None
