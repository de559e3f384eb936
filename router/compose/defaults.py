"""Write default values as their types have them: enum values as names, all else as strings, whatever was written."""

from router.compose.model import EnumType, InputType, InputValue, Schema, elements
from router.federation.type_ref import ListOf, NonNull, TypeRef
from router.federation.values import MISSING, EnumName, Value


def normalize_defaults(schema: Schema) -> None:
    """Change the default values of all arguments and input fields in place."""
    of_directives = (argument for each in schema.directives.values() for argument in each.arguments.values())
    for element in (*of_directives, *elements(schema)):
        if isinstance(element, InputValue) and element.default is not MISSING:
            element.default = _normalized(schema, element.default, element.type)


def _normalized(schema: Schema, value: Value, ref: TypeRef) -> Value:
    match ref:
        case NonNull(of=inner):
            return _normalized(schema, value, inner)
        case ListOf(of=inner):
            if isinstance(value, list):
                return [_normalized(schema, item, inner) for item in value]
            return _normalized(schema, value, inner)
        case _:
            return _normalized_named(schema, value, ref.name)


def _normalized_named(schema: Schema, value: Value, name: str) -> Value:
    type_ = schema.types.get(name)
    if isinstance(type_, EnumType) and isinstance(value, str):
        return EnumName(value)
    if isinstance(type_, InputType) and isinstance(value, dict):
        fields = type_.fields
        return {
            key: _normalized(schema, item, fields[key].type) if key in fields else item for key, item in value.items()
        }
    return _with_strings(value)


def _with_strings(value: Value) -> Value:
    """The value with strings for names, as scalars have no enum values; what is no name is a number too big for us."""
    match value:
        case EnumName() if value.isidentifier():
            return str(value)
        case list():
            return [_with_strings(item) for item in value]
        case dict():
            return {name: _with_strings(item) for name, item in value.items()}
        case _:
            return value
