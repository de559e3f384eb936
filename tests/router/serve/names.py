"""The names of a schema, and names that are nearly one of them."""

from collections.abc import Iterator

from graphql import (
    GraphQLSchema,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_introspection_type,
    is_object_type,
    is_specified_directive,
)


def names(schema: GraphQLSchema) -> Iterator[str]:
    """All that the schema has and not every schema."""
    for type_ in schema.type_map.values():
        if is_introspection_type(type_):
            continue
        yield type_.name
        if is_object_type(type_) or is_interface_type(type_):
            for name, field in type_.fields.items():
                yield from (name, *field.args)
        elif is_input_object_type(type_):
            yield from type_.fields
        elif is_enum_type(type_):
            yield from type_.values
    for directive in schema.directives:
        if not is_specified_directive(directive):
            yield from (directive.name, *directive.args)


def nearly(name: str) -> Iterator[str]:
    """Names that are nearly this one."""
    for at in range(len(name)):
        yield name[:at] + name[at + 1 :]
        yield name[:at] + "x" + name[at:]
        yield name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :]
    yield from (name + "s", name.swapcase(), f"_{name}", f"{name}Id")
