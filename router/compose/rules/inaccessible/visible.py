"""What clients see of a supergraph."""

from collections.abc import Callable, Iterable, Iterator

from graphql import Node

from router.compose.model import (
    Element,
    EnumType,
    Field,
    FieldsType,
    InputType,
    InputValue,
    Schema,
    TypeDefinition,
)
from router.federation.errors import CompositionError, ErrorCode, locations

Declarations = Callable[[str], Iterable[Node]]


class Visible:
    """A supergraph, with what `@inaccessible` hides of it told apart."""

    def __init__(self, schema: Schema, declarations: Declarations) -> None:
        self.schema = schema
        self._declarations = declarations
        self._seen = frozenset(element.coordinate for element in _seen(schema))

    def sees(self, element: Element) -> bool:
        """Whether neither the element nor what it is part of is hidden."""
        return element.coordinate in self._seen

    def inputs(self) -> Iterator[InputValue]:
        """The arguments and input fields that clients see."""
        for type_ in self.schema.types.values():
            if isinstance(type_, InputType):
                yield from (field for field in type_.fields.values() if self.sees(field))
            elif isinstance(type_, FieldsType):
                for field in type_.fields.values():
                    yield from (argument for argument in field.arguments.values() if self.sees(argument))

    def fields(self) -> Iterator[Field]:
        """The fields of objects and interfaces that clients see."""
        for type_ in self.schema.with_fields():
            yield from (field for field in type_.fields.values() if self.sees(field))

    def error(self, code: ErrorCode, message: str, *elements: Element) -> CompositionError:
        """The error at every declaration of `elements`."""
        nodes = [node for element in elements for node in self._declarations(element.coordinate)]
        return CompositionError(code, message, locations(*nodes))


def is_hidden(element: Element) -> bool:
    return element.has("inaccessible")


def _seen(schema: Schema) -> Iterator[Element]:
    for type_ in schema.types.values():
        if not is_hidden(type_):
            yield type_
            for part in parts(type_):
                if not is_hidden(part):
                    yield part
                    if isinstance(part, Field):
                        yield from (argument for argument in part.arguments.values() if not is_hidden(argument))


def parts(type_: TypeDefinition) -> list[Element]:
    """The fields or values of a type."""
    if isinstance(type_, FieldsType | InputType):
        return list(type_.fields.values())
    return list(type_.values.values()) if isinstance(type_, EnumType) else []
