"""DEFAULT_VALUE_USES_INACCESSIBLE: a default value that tells of what clients do not see."""

from collections.abc import Iterator

from router.compose.model import Element, EnumType, InputType, Schema
from router.compose.rules.inaccessible.visible import Visible, is_hidden
from router.federation.errors import CompositionError, ErrorCode
from router.federation.type_ref import ListOf, NonNull, TypeRef
from router.federation.values import MISSING, Value


def check(visible: Visible) -> Iterator[CompositionError]:
    """Hiding a value or an input field asks for defaults without it."""
    for element in visible.inputs():
        if element.default is MISSING:
            continue
        for used in _used(visible.schema, element.default, element.type):
            owner = visible.schema.types.get(used.coordinate.partition(".")[0])
            if is_hidden(used) and owner is not None and not is_hidden(owner):
                message = (
                    f'The default value of "{element.coordinate}" uses "{used.coordinate}", which is @inaccessible. '
                    "Choose another default, or hide what has it, too."
                )
                yield visible.error(ErrorCode.DEFAULT_VALUE_USES_INACCESSIBLE, message, element, used)


def _used(schema: Schema, value: Value, ref: TypeRef) -> Iterator[Element]:
    """The enum values and input fields that a constant is made of."""
    if isinstance(ref, NonNull):
        yield from _used(schema, value, ref.of)
    elif isinstance(ref, ListOf):
        for item in value if isinstance(value, list) else [value]:
            yield from _used(schema, item, ref.of)
    else:
        type_ = schema.types.get(ref.name)
        if isinstance(type_, EnumType) and isinstance(value, str) and value in type_.values:
            yield type_.values[value]
        elif isinstance(type_, InputType) and isinstance(value, dict):
            for name, field in type_.fields.items():
                if name in value:
                    yield field
                    yield from _used(schema, value[name], field.type)
