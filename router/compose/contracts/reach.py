"""Which types a client can come to."""

from collections.abc import Callable, Iterator

from router.compose.model import Element, Field, FieldsType, InputType, InterfaceType, Schema, TypeDefinition, UnionType
from router.federation.type_ref import base_name

Sees = Callable[[Element], bool]


def reachable_types(schema: Schema, sees: Sees) -> frozenset[str]:
    """The types that the roots, and what clients may apply, lead to by what is seen of them.

    An interface that is only implemented, and never the type of a field, does not lead to its other implementations.
    """
    reached: set[str] = set()
    entered: set[str] = set()
    pending = [*schema.roots.values(), *_directive_types(schema)]
    while pending:
        name = pending.pop()
        type_ = schema.types.get(name)
        if type_ is None or name in entered or not sees(type_):
            continue
        entered.add(name)
        if name not in reached:
            reached.add(name)
            pending.extend(_of_parts(type_, sees))
        pending.extend(_values(schema, type_))
        for interface in _all_interfaces(schema, type_):
            if interface.name not in reached and sees(interface):
                reached.add(interface.name)
                pending.extend(_of_parts(interface, sees))
    return frozenset(reached)


def _directive_types(schema: Schema) -> Iterator[str]:
    for directive in schema.directives.values():
        yield from (base_name(argument.type) for argument in directive.arguments.values())


def _of_parts(type_: TypeDefinition, sees: Sees) -> Iterator[str]:
    """The types of what is seen of a type."""
    if isinstance(type_, FieldsType | InputType):
        for part in type_.fields.values():
            if sees(part):
                yield base_name(part.type)
                if isinstance(part, Field):
                    yield from (base_name(each.type) for each in part.arguments.values() if sees(each))


def _values(schema: Schema, type_: TypeDefinition) -> Iterator[str]:
    """The types that a value of `type_` may be."""
    if isinstance(type_, UnionType):
        yield from type_.members
    elif isinstance(type_, InterfaceType):
        yield from (each.name for each in schema.with_fields() if type_.name in each.interfaces)


def _all_interfaces(schema: Schema, type_: TypeDefinition) -> Iterator[InterfaceType]:
    for name in type_.interfaces if isinstance(type_, FieldsType) else ():
        interface = schema.types.get(name)
        if isinstance(interface, InterfaceType):
            yield interface
