"""Subtyping between references, as composition understands it."""

from router.compose.model import InterfaceType, ObjectType, Schema, UnionType
from router.federation.type_ref import ListOf, Named, NonNull, TypeRef


def is_strict_subtype(schema: Schema, sub: TypeRef, of: TypeRef) -> bool:
    """Whether every value of `sub` is one of `of`, and the two are not the same.

    Source: GraphQL, IsValidImplementationFieldType.
    """
    match sub, of:
        case NonNull(of=inner), NonNull(of=outer):
            return is_strict_subtype(schema, inner, outer)
        case NonNull(of=inner), _:
            return inner == of or is_strict_subtype(schema, inner, of)
        case ListOf(of=inner), ListOf(of=outer):
            return is_strict_subtype(schema, inner, outer)
        case Named(name=name), Named(name=above):
            return _is_possible(schema, name, above)
        case _:
            return False


def is_subtype(schema: Schema, sub: TypeRef, of: TypeRef) -> bool:
    """Whether every value of `sub` is one of `of`."""
    return sub == of or is_strict_subtype(schema, sub, of)


def _is_possible(schema: Schema, name: str, above: str) -> bool:
    parent, child = schema.types.get(above), schema.types.get(name)
    if isinstance(parent, UnionType):
        return name in parent.members
    return (
        isinstance(parent, InterfaceType)
        and isinstance(child, ObjectType | InterfaceType)
        and above in child.interfaces
    )
