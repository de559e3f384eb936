"""REFERENCED_INACCESSIBLE: something clients see is of a type they do not."""

from collections.abc import Iterator

from router.compose.rules.inaccessible.visible import Visible, is_hidden
from router.federation.errors import CompositionError, ErrorCode
from router.federation.type_ref import base_name


def check(visible: Visible) -> Iterator[CompositionError]:
    """Hiding a type asks for hiding its uses."""
    for element in (*visible.fields(), *visible.inputs()):
        type_ = visible.schema.types.get(base_name(element.type))
        if type_ is not None and is_hidden(type_):
            message = f'"{element.coordinate}" is of type "{type_.name}", which is @inaccessible. Hide it, too.'
            yield visible.error(ErrorCode.REFERENCED_INACCESSIBLE, message, element, type_)
