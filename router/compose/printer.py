"""Print schemas as SDL, in an order that depends on nothing but their names."""

from collections.abc import Iterable, Iterator
from operator import attrgetter

from graphql.language.block_string import print_block_string

from router.compose.model import (
    BUILT_IN_SCALARS,
    Applied,
    DirectiveDefinition,
    Element,
    EnumType,
    Field,
    FieldsType,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    ScalarType,
    Schema,
    TypeDefinition,
    UnionType,
)
from router.federation.values import MISSING, print_value

_INDENT = "  "
_NAME = attrgetter("name")


def print_schema(schema: Schema) -> str:
    """The SDL of `schema`: itself, then its directive definitions, then its types."""
    parts = [_schema(schema)]
    parts.extend(_directive(each) for each in sorted(schema.directives.values(), key=_NAME))
    parts.extend(_type(each) for each in sorted(schema.types.values(), key=_NAME) if each.name not in BUILT_IN_SCALARS)
    return "\n\n".join(parts) + "\n"


def _schema(schema: Schema) -> str:
    applied = "".join(f"\n{_INDENT}{_applied(each)}" for each in schema.itself.directives)
    roots = "".join(f"\n{_INDENT}{kind}: {name}" for kind, name in schema.roots.items())
    return f"{_description(schema.itself)}schema{applied}\n{{{roots}\n}}"


def _type(type_: TypeDefinition) -> str:
    head = f"{_description(type_)}{_keyword(type_)} {type_.name}"
    if isinstance(type_, FieldsType) and type_.interfaces:
        head += f" implements {' & '.join(sorted(type_.interfaces))}"
    head += "".join(f"\n{_INDENT}{_applied(each)}" for each in type_.directives)
    separator = "\n" if type_.directives else " "
    if isinstance(type_, UnionType):
        return f"{head}{separator}{_INDENT if type_.directives else ''}= {' | '.join(sorted(type_.members))}"
    lines = list(_lines(type_))
    return f"{head}{separator}{{\n{chr(10).join(lines)}\n}}" if lines else head


def _keyword(type_: TypeDefinition) -> str:
    match type_:
        case ScalarType():
            return "scalar"
        case InterfaceType():
            return "interface"
        case UnionType():
            return "union"
        case EnumType():
            return "enum"
        case InputType():
            return "input"
        case _:
            return "type"


def _lines(type_: TypeDefinition) -> Iterator[str]:
    match type_:
        case EnumType():
            for value in sorted(type_.values.values(), key=_NAME):
                yield f"{_description(value, _INDENT)}{_INDENT}{value.name}{_suffix(value)}"
        case InputType():
            for field in sorted(type_.fields.values(), key=_NAME):
                yield f"{_description(field, _INDENT)}{_INDENT}{_input_value(field)}"
        case ObjectType() | InterfaceType():
            for field in sorted(type_.fields.values(), key=_NAME):
                yield f"{_description(field, _INDENT)}{_INDENT}{_field(field)}"
        case _:
            return


def _field(field: Field) -> str:
    return f"{field.name}{_arguments(field.arguments.values(), _INDENT)}: {field.type}{_suffix(field)}"


def _arguments(arguments: Iterable[InputValue], indent: str) -> str:
    ordered = sorted(arguments, key=_NAME)
    if not ordered:
        return ""
    if all(argument.description is None for argument in ordered):
        return f"({', '.join(_input_value(argument) for argument in ordered)})"
    deeper = indent + _INDENT
    lines = "\n".join(f"{_description(argument, deeper)}{deeper}{_input_value(argument)}" for argument in ordered)
    return f"(\n{lines}\n{indent})"


def _input_value(value: InputValue) -> str:
    default = "" if value.default is MISSING else f" = {print_value(value.default)}"
    return f"{value.name}: {value.type}{default}{_suffix(value)}"


def _directive(directive: DirectiveDefinition) -> str:
    repeatable = " repeatable" if directive.repeatable else ""
    arguments = _arguments(directive.arguments.values(), "")
    locations = " | ".join(sorted(directive.locations))
    return f"{_description(directive)}directive @{directive.name}{arguments}{repeatable} on {locations}"


def _suffix(element: Element) -> str:
    return "".join(f" {_applied(each)}" for each in element.directives)


def _applied(applied: Applied) -> str:
    if not applied.arguments:
        return f"@{applied.name}"
    return f"@{applied.name}({', '.join(f'{name}: {print_value(value)}' for name, value in applied.arguments.items())})"


def _description(element: Element, indent: str = "") -> str:
    if element.description is None:
        return ""
    text = print_block_string(element.description)
    return "".join(f"{indent}{line}\n" if line else "\n" for line in text.split("\n"))
