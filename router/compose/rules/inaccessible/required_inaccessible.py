"""REQUIRED_INACCESSIBLE: clients must give what they do not see."""

from collections.abc import Iterator

from router.compose.model import Field, FieldsType, InputType, InterfaceType, NamedType
from router.compose.rules.inaccessible.visible import Visible, is_hidden
from router.federation.errors import CompositionError, ErrorCode


def check(visible: Visible) -> Iterator[CompositionError]:
    """What is hidden must be optional, here and in every implementation."""
    for type_ in visible.schema.types.values():
        if is_hidden(type_):
            continue
        if isinstance(type_, InputType):
            for field in type_.fields.values():
                if is_hidden(field) and field.required:
                    message = f'"{field.coordinate}" is required and cannot be @inaccessible. Give it a default value.'
                    yield visible.error(ErrorCode.REQUIRED_INACCESSIBLE, message, field)
        elif isinstance(type_, FieldsType):
            for field in type_.fields.values():
                if not is_hidden(field):
                    yield from _arguments(visible, type_, field)


def _arguments(visible: Visible, type_: NamedType, field: Field) -> Iterator[CompositionError]:
    for argument in field.arguments.values():
        if not is_hidden(argument):
            continue
        if argument.required:
            message = f'"{argument.coordinate}" is required and cannot be @inaccessible. Give it a default value.'
            yield visible.error(ErrorCode.REQUIRED_INACCESSIBLE, message, argument)
        for implementing in visible.schema.with_fields() if isinstance(type_, InterfaceType) else ():
            other = implementing.fields.get(field.name) if type_.name in implementing.interfaces else None
            own = other.arguments.get(argument.name) if other else None
            if own is not None and own.required and visible.sees(own):
                message = (
                    f'"{argument.coordinate}" is @inaccessible, but "{own.coordinate}" implementing it is required. '
                    "Make that optional, or hide it, too."
                )
                yield visible.error(ErrorCode.REQUIRED_INACCESSIBLE, message, argument, own)
