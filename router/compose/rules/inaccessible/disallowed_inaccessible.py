"""DISALLOWED_INACCESSIBLE: hiding what is not the graph's own, or what type system directives take."""

from collections.abc import Iterator

from router.compose.model import BUILT_IN_SCALARS, Element
from router.compose.rules.inaccessible.visible import Visible, is_hidden, parts
from router.federation.errors import CompositionError, ErrorCode

_EXECUTABLE = frozenset({
    "QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
})  # fmt: skip


def check(visible: Visible) -> Iterator[CompositionError]:
    """Built-in types, types of linked features and arguments of type system directives stay as they are."""
    links = {str(applied.arguments.get("url")).split("/")[-2] for applied in visible.schema.itself.named("link")}
    for type_ in visible.schema.types.values():
        feature, separator, _ = type_.name.partition("__")
        if type_.name in BUILT_IN_SCALARS or (separator and feature in links):
            for element in (type_, *parts(type_)):
                yield from _refuse(visible, element)
    for definition in visible.schema.directives.values():
        for argument in definition.arguments.values():
            if not set(definition.locations) <= _EXECUTABLE:
                yield from _refuse(visible, argument)
            elif argument.required and is_hidden(argument):
                message = f'"{argument.coordinate}" is required and cannot be @inaccessible. Give it a default value.'
                yield visible.error(ErrorCode.REQUIRED_INACCESSIBLE, message, argument)


def _refuse(visible: Visible, element: Element) -> Iterator[CompositionError]:
    if is_hidden(element):
        message = f'"{element.coordinate}" cannot be @inaccessible: it is not part of the graph itself. Show it.'
        yield visible.error(ErrorCode.DISALLOWED_INACCESSIBLE, message, element)
