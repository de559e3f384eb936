"""IMPLEMENTED_BY_INACCESSIBLE: clients see an interface's field or argument, but not what implements it."""

from collections.abc import Iterator

from router.compose.model import Element, Field, FieldsType, InterfaceType
from router.compose.rules.inaccessible.visible import Visible, is_hidden
from router.federation.errors import CompositionError, ErrorCode


def check(visible: Visible) -> Iterator[CompositionError]:
    """Hiding an implementation asks for hiding it in the interface."""
    for type_ in visible.schema.with_fields():
        if is_hidden(type_):
            continue
        for field, implemented in _pairs(visible, type_):
            if is_hidden(field):
                if visible.sees(implemented):
                    yield _error(visible, field, implemented)
                continue
            for name, argument in field.arguments.items():
                other = implemented.arguments.get(name)
                if is_hidden(argument) and other is not None and visible.sees(other):
                    yield _error(visible, argument, other)


def _pairs(visible: Visible, type_: FieldsType) -> Iterator[tuple[Field, Field]]:
    for name in type_.interfaces:
        interface = visible.schema.types.get(name)
        if isinstance(interface, InterfaceType):
            for field in type_.fields.values():
                if field.name in interface.fields:
                    yield field, interface.fields[field.name]


def _error(visible: Visible, hidden: Element, seen: Element) -> CompositionError:
    message = f'"{hidden.coordinate}" is @inaccessible, but implements "{seen.coordinate}", which is not. Hide both.'
    return visible.error(ErrorCode.IMPLEMENTED_BY_INACCESSIBLE, message, hidden, seen)
