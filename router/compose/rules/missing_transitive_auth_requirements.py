"""MISSING_TRANSITIVE_AUTH_REQUIREMENTS: a field that lets clients reach what they may not ask for themselves.

`@requires` and `@fromContext` fetch data on a client's behalf, and the field that uses it tells something of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from router.compose.facts import parse_context
from router.compose.merge.composed import all_of_any
from router.compose.merge.context import Merge
from router.compose.model import CompositeType, Element, Field, FieldsType, Schema
from router.compose.rules.auth_requirements_applied_on_interface import ACCESS
from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.field_sets import parse_field_set
from router.federation.type_ref import base_name
from router.federation.values import Value

_ARGUMENTS = {"requiresScopes": "scopes", "policy": "policies"}


@dataclass(frozen=True)
class Access:
    """What a client needs to be allowed: conditions in disjunctive normal form, `[[]]` for none."""

    authenticated: bool
    scopes: Value
    policies: Value

    @classmethod
    def to(cls, *elements: Element) -> "Access":
        """What is needed for all of `elements` together."""
        return cls(
            any(element.has("authenticated") for element in elements),
            _condition("requiresScopes", elements),
            _condition("policy", elements),
        )

    def implies(self, other: "Access") -> bool:
        """Whether who is allowed this is allowed the other, too."""
        return (
            (self.authenticated or not other.authenticated)
            and _implies(self.scopes, other.scopes)
            and _implies(self.policies, other.policies)
        )


def _condition(meaning: str, elements: Sequence[Element]) -> Value:
    given = [applied.arguments.get(_ARGUMENTS[meaning]) for element in elements for applied in element.applied(meaning)]
    merged = all_of_any(given)
    return merged if isinstance(merged, list) else [[]]


def _implies(one: Value, other: Value) -> bool:
    return all(any(stronger >= weaker for weaker in _options(other)) for stronger in _options(one))


def _options(condition: Value) -> list[frozenset[str]]:
    options = condition if isinstance(condition, list) else []
    return [frozenset(str(item) for item in option) for option in options if isinstance(option, list)] or [frozenset()]


def check(merge: Merge) -> Iterator[CompositionError]:
    """Compare each field that fetches others with all that it fetches."""
    if not any(directive.meaning in ACCESS for directive in merge.composed.values()):
        return
    schema = merge.supergraph
    for index, subgraph in enumerate(merge.subgraphs):
        for type_ in subgraph.schema.with_fields():
            start = schema.fields_type(type_.name)
            for field in type_.fields.values():
                merged = start.fields.get(field.name) if start else None
                if start is None or merged is None:
                    continue
                allowed = Access.to(start, merged)
                for origin, selections in _fetched(merge, index, start, field):
                    for coordinate in _forbidden(schema, origin, selections, allowed):
                        yield CompositionError(
                            ErrorCode.MISSING_TRANSITIVE_AUTH_REQUIREMENTS,
                            f'"{field.coordinate}" uses "{coordinate}", which asks for more than itself. Repeat '
                            "the @authenticated, @requiresScopes or @policy of what it uses.",
                            locations(field.node),
                            subgraph.name,
                        )


def _fetched(
    merge: Merge, index: int, type_: FieldsType, field: Field
) -> Iterator[tuple[CompositeType, SelectionSetNode]]:
    """What a field has fetched for it, and from which types."""
    for applied in field.applied("requires"):
        yield type_, parse_field_set(str(applied.arguments.get("fields")))
    for argument in field.arguments.values():
        for applied in argument.applied("fromContext"):
            context, selection = parse_context(applied.arguments.get("field"))
            name = f"{merge.name(index)}__{context}"
            for origin in merge.supergraph.types.values():
                if isinstance(origin, CompositeType) and any(
                    each.arguments.get("name") == name for each in origin.applied("context")
                ):
                    yield origin, parse_field_set(selection)


def _forbidden(schema: Schema, type_: CompositeType, selections: SelectionSetNode, allowed: Access) -> Iterator[str]:
    """What of the selections asks for more than `allowed`."""
    for selection in selections.selections:
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            inner = type_ if condition is None else schema.composite(condition.name.value)
            if inner is None:
                continue
            if condition is not None and not allowed.implies(Access.to(inner)):
                yield inner.coordinate
            yield from _forbidden(schema, inner, selection.selection_set, allowed)
        elif isinstance(selection, FieldNode):
            field = type_.fields.get(selection.name.value) if isinstance(type_, FieldsType) else None
            if field is None:
                continue
            returned = schema.types.get(base_name(field.type))
            if not all(allowed.implies(Access.to(each)) for each in (field, returned) if each is not None):
                yield field.coordinate
            if isinstance(returned, CompositeType) and selection.selection_set is not None:
                yield from _forbidden(schema, returned, selection.selection_set, allowed)
