"""From the merged data to the client's answer: its keys, its order, its nulls."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from graphql import (
    GraphQLAbstractType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from router.execute.budget import Budget
from router.execute.errors import MAX_ERRORS
from router.execute.generated.projection import GeneratedProjection
from router.execute.generated.source import Unsuitable
from router.execute.generated.unsure import Unsure
from router.execute.json import JSONObject, PathKey
from router.execute.leaves import admission, admit_anything
from router.execute.paths import Position, keys_of
from router.execute.shapes import (
    INVALID,
    DeniedShape,
    FieldShape,
    LeafShape,
    ListShape,
    ObjectShape,
    Projection,
    Shape,
)
from router.execute.transport.base import MalformedResponse
from router.plan.nodes import DeferredSelections, ProjectedField, QueryPlan

TYPENAME = "__typename"
MALFORMED = MalformedResponse.code

UNAUTHORIZED: Final = "UNAUTHORIZED_FIELD_OR_TYPE"
UNAUTHORIZED_MESSAGE: Final = "Unauthorized field or type"


@dataclass(slots=True)
class Projector:
    """A plan's projection, prepared once and used for every answer."""

    root: ObjectShape
    _generated: GeneratedProjection | None = field(init=False, default=None)

    @classmethod
    def of(cls, plan: QueryPlan, schema: GraphQLSchema) -> "Projector":
        preparer = _Preparer(schema, plan.inaccessible_enum_values or {})
        name = plan.root_type
        return cls(preparer.object(name, name, frozenset({name}), TYPENAME, plan.projection, plan.deferred_selections))

    def compile(self) -> None:
        """Make code for answers that are in order."""
        with suppress(Unsuitable):
            self._generated = GeneratedProjection.of(self.root)

    def project(
        self, data: JSONObject, variables: Mapping[str, Any], errors: list[JSONObject], budget: Budget
    ) -> JSONObject | None:
        """The client's data; adds to `errors`, whose paths are the client's, what they do not explain yet.

        Raises:
            TooManyObjects: there are more objects than `budget` has left.
        """
        if self._generated is not None:
            try:
                return self._generated.project(data, variables, budget)
            except Unsure:
                pass
        state = Projection(variables, budget, errors)
        completed = self.root.complete_object(data, None, state)
        explain(state, errors)
        return None if completed is INVALID else completed


def explain(state: Projection, errors: list[JSONObject]) -> None:
    """Add to `errors` what went wrong in a projection and they do not explain yet."""
    if state.denied:
        errors.extend(_error(UNAUTHORIZED_MESSAGE, UNAUTHORIZED, position) for position in state.denied[:MAX_ERRORS])
    if state.malformed:
        errors.extend(_error(message, MALFORMED, position) for position, message in state.malformed[:MAX_ERRORS])
    if state.violations:
        errors.extend(islice(_unexplained(state.violations, errors), MAX_ERRORS))


def _unexplained(violations: Iterable[tuple[Position, str]], errors: Iterable[JSONObject]) -> Iterator[JSONObject]:
    """Errors for nulls that no known error lies at, above or below."""
    known = [tuple[PathKey, ...](error.get("path", ())) for error in errors]
    exact = set(known)
    above = {path[:length] for path in known for length in range(len(path) + 1)}
    for position, name in violations:
        path = tuple(keys_of(position))
        if path not in above and not any(path[:length] in exact for length in range(len(path) + 1)):
            yield _error(f"Cannot return null for non-nullable field {name}.", "NON_NULL_VIOLATION", position)


def _error(message: str, code: str, position: Position) -> JSONObject:
    return {"message": message, "path": keys_of(position), "extensions": {"code": code}}


@dataclass(frozen=True, slots=True)
class _Preparer:
    schema: GraphQLSchema
    inaccessible: Mapping[str, frozenset[str]]

    def fields(
        self, selections: Sequence[ProjectedField], parent: str, possible: frozenset[str]
    ) -> tuple[FieldShape, ...]:
        return tuple(self._field(each, parent, possible) for each in selections)

    def _field(self, projected: ProjectedField, parent: str, possible: frozenset[str]) -> FieldShape:
        name = f"{parent}.{projected.field_name}"
        nullable, shape = self._shape(projected.type, projected, name)
        shape = DeniedShape() if projected.denied else shape
        constant = projected.field_name == TYPENAME and parent in possible
        return FieldShape(
            key=projected.key,
            source=projected.source,
            name=name,
            shape=shape,
            nullable=nullable,
            on=projected.on,
            when=projected.when,
            default=parent if constant else None,
            denied=projected.denied,
        )

    def _shape(self, type_: GraphQLOutputType, projected: ProjectedField, name: str) -> tuple[bool, Shape]:
        if is_non_null_type(type_):
            return False, self._shape(type_.of_type, projected, name)[1]
        if is_list_type(type_):
            nullable, of = self._shape(type_.of_type, projected, name)
            return True, ListShape(of, nullable, name)
        if is_leaf_type(type_):
            admit = admission(type_, self.inaccessible.get(type_.name, frozenset()))
            return True, LeafShape(type_.name, name, admit)
        return True, self._object(type_, projected, name)

    def _object(self, type_: GraphQLOutputType, projected: ProjectedField, name: str) -> Shape:
        named = get_named_type(type_)
        if named.name.startswith("__"):
            return LeafShape(named.name, name, admit_anything)  # introspection: answered complete
        possible = self._possible(named) if is_abstract_type(named) else frozenset({named.name})
        shape = self.object(
            name, named.name, possible, projected.typename_key, projected.selections, projected.deferred
        )
        shape.unseen = projected.unseen
        return shape

    def object(
        self,
        name: str,
        type_name: str,
        possible: frozenset[str],
        typename_key: str,
        selections: Sequence[ProjectedField],
        deferred: Sequence[DeferredSelections] = (),
    ) -> ObjectShape:
        """The shape of an object, with those of what comes later of it."""
        fields = self.fields(selections, type_name, possible)
        later = tuple(
            (each.part, self.object(name, type_name, possible, typename_key, each.selections)) for each in deferred
        )
        return ObjectShape(name, type_name, possible, typename_key, fields, later)

    def _possible(self, abstract: GraphQLAbstractType) -> frozenset[str]:
        return frozenset(each.name for each in self.schema.get_possible_types(abstract))
