"""TYPE_WITH_ONLY_UNUSED_EXTERNAL: a type of which nothing is left, but which something refers to."""

from collections.abc import Iterator

from router.compose.model import FieldsType, InputType, Schema, UnionType
from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.type_ref import base_name


def check(schema: Schema, type_: FieldsType) -> Iterator[CompositionError]:
    """Refuse to drop a type in use."""
    if _is_referenced(schema, type_.name):
        yield CompositionError(
            ErrorCode.TYPE_WITH_ONLY_UNUSED_EXTERNAL,
            f'Type "{type_.name}" has nothing but @external fields that no @key, @requires or @provides uses, '
            "and yet is referred to. Remove it, or have this subgraph resolve some field of it.",
            locations(type_.node),
        )


def _is_referenced(schema: Schema, name: str) -> bool:
    for type_ in schema.types.values():
        match type_:
            case UnionType(members=members) if name in members:
                return True
            case InputType():
                continue
            case _:
                if isinstance(type_, FieldsType) and (
                    name in type_.interfaces or any(base_name(field.type) == name for field in type_.fields.values())
                ):
                    return True
    return name in schema.roots.values()
