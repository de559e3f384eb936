"""Hide by tag, and then what is left without content."""

from collections.abc import Collection, Iterable, Iterator

from router.compose.contracts.contract import Contract
from router.compose.model import (
    Element,
    Field,
    FieldsType,
    InterfaceType,
    ObjectType,
    ScalarType,
    Schema,
    TypeDefinition,
    UnionType,
)
from router.compose.rules.inaccessible.visible import is_hidden, parts

Reasons = dict[str, str]
"""Why each hidden element is hidden, by coordinate, to follow "hidden"."""


class Mask:
    """The elements of a supergraph that a contract hides, growing rule by rule."""

    def __init__(self, schema: Schema, contract: Contract, types: Iterable[str]) -> None:
        self.schema = schema
        self.hidden: Reasons = {}
        self._contract = contract
        self._types = [schema.types[name] for name in types]

    def is_hidden(self, element: Element) -> bool:
        return element.coordinate in self.hidden or is_hidden(element)

    def by_tags(self) -> None:
        """Hide what is excluded, and what is not included."""
        for type_ in self._types:
            tags = _tags(type_)
            self._exclude(type_, tags)
            if isinstance(type_, UnionType):
                self._include(type_, tags)
            for part in parts(type_):
                own = tags | _tags(part)
                self._exclude(part, own if isinstance(type_, FieldsType) else _tags(part))
                if isinstance(part, Field):
                    self._include(part, own)
                    for argument in part.arguments.values():
                        self._exclude(argument, _tags(argument))

    def _exclude(self, element: Element, tags: Collection[str]) -> None:
        # a root is as visible as its fields
        tag = self._contract.excluded_by(tags)
        if tag is not None and element.coordinate not in self.schema.roots.values():
            self._hide(element, f'for its tag "{tag}"')

    def _include(self, element: Element, tags: Collection[str]) -> None:
        if not self._contract.includes(tags):
            self._hide(element, "for want of an included tag")

    def _hide(self, element: Element, why: str) -> None:
        if not is_hidden(element):
            self.hidden.setdefault(element.coordinate, why)

    def what_is_left_empty(self) -> None:
        """Hide fields of interfaces that an implementation hides, and types all of whose content is hidden."""
        before = -1
        while len(self.hidden) != before:
            before = len(self.hidden)
            for type_ in self._types:
                if not self.is_hidden(type_):
                    self._empty(type_)

    def _empty(self, type_: TypeDefinition) -> None:
        if isinstance(type_, InterfaceType):
            for field in type_.fields.values():
                if not self.is_hidden(field) and any(self._hides(each, field) for each in self._implementing(type_)):
                    self._hide(field, "as an implementation of it is")
        if isinstance(type_, ScalarType) or type_.name == self.schema.roots.get("query"):
            return
        content = self._members(type_) if isinstance(type_, UnionType) else parts(type_)
        if all(self.is_hidden(each) for each in content):
            self._hide(type_, "as all its content is")

    def _members(self, union: UnionType) -> list[Element]:
        return [self.schema.types[name] for name in union.members if name in self.schema.types]

    def _implementing(self, interface: InterfaceType) -> Iterator[ObjectType | InterfaceType]:
        for type_ in self.schema.with_fields():
            if interface.name in type_.interfaces and not self.is_hidden(type_):
                yield type_

    def _hides(self, type_: FieldsType, field: Field) -> bool:
        own = type_.fields.get(field.name)
        return own is not None and self.is_hidden(own)


def _tags(element: Element) -> frozenset[str]:
    return frozenset(str(applied.arguments.get("name")) for applied in element.applied("tag"))
