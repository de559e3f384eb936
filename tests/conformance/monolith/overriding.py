"""Which fields of a subgraph others have taken over, and for whom."""

from collections.abc import Mapping
from typing import TypeAlias

from graphql import DirectiveNode, ObjectTypeDefinitionNode, StringValueNode, parse

Place: TypeAlias = tuple[str, str]
"""A type and one of its fields."""


def overridden(name: str, sdls: Mapping[str, str]) -> frozenset[tuple[Place, str | None]]:
    """The fields of a subgraph that others override, each with the label under which they do; None for always."""
    return frozenset(
        found
        for sdl in sdls.values()
        for node in parse(sdl, no_location=True).definitions
        if isinstance(node, ObjectTypeDefinitionNode)
        for field in node.fields or ()
        for directive in field.directives or ()
        if (found := _overrides(directive, name, (node.name.value, field.name.value))) is not None
    )


def label_of(directive: DirectiveNode) -> str | None:
    """The label of an `@override`; None if it always holds."""
    return _given(directive).get("label")


def _overrides(directive: DirectiveNode, name: str, place: Place) -> tuple[Place, str | None] | None:
    is_meant = directive.name.value == "override" and _given(directive).get("from") == name
    return (place, label_of(directive)) if is_meant else None


def _given(directive: DirectiveNode) -> dict[str, str]:
    given = {each.name.value: each.value for each in directive.arguments or ()}
    return {name: value.value for name, value in given.items() if isinstance(value, StringValueNode)}
