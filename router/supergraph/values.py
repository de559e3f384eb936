"""Arguments of directives as plain values."""

from collections.abc import Mapping

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    EnumValueNode,
    StringValueNode,
    ValueNode,
)


def arguments_of(directive: DirectiveNode) -> Mapping[str, ValueNode]:
    """The values by argument name."""
    return {argument.name.value: argument.value for argument in directive.arguments or ()}


def text(value: ValueNode | None) -> str | None:
    """A string or an enum value; None for anything else."""
    return value.value if isinstance(value, StringValueNode | EnumValueNode) else None


def flag(value: ValueNode | None, *, default: bool = False) -> bool:
    """A boolean; `default` for anything else."""
    return value.value if isinstance(value, BooleanValueNode) else default
