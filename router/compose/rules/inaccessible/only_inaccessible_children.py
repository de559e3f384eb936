"""ONLY_INACCESSIBLE_CHILDREN: a type clients see, but nothing of it."""

from collections.abc import Iterator

from router.compose.model import Element, ScalarType, UnionType
from router.compose.rules.inaccessible.visible import Visible, is_hidden, parts
from router.federation.errors import CompositionError, ErrorCode


def check(visible: Visible) -> Iterator[CompositionError]:
    """A type must keep a field, a value or a member, or be hidden itself."""
    for type_ in visible.schema.types.values():
        if is_hidden(type_) or isinstance(type_, ScalarType) or "__" in type_.name:
            continue
        if isinstance(type_, UnionType):
            members = (visible.schema.types.get(name) for name in type_.members)
            children: list[Element] = [member for member in members if member is not None]
        else:
            children = parts(type_)
        if all(is_hidden(child) for child in children):
            message = f'All of "{type_.name}" is @inaccessible, but the type itself is not. Hide it, too.'
            yield visible.error(ErrorCode.ONLY_INACCESSIBLE_CHILDREN, message, type_)
