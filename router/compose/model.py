"""Schemas as composition sees them: subgraphs going in, the supergraph coming out.

Unlike an executable schema, a part of one may be wrong or missing, remembers which declaration it stands on, and
keeps the directives applied to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from graphql import DirectiveNode, Node

from router.federation.type_ref import NonNull, TypeRef
from router.federation.values import MISSING, Missing, Value

RootKind: TypeAlias = Literal["query", "mutation", "subscription"]
ROOT_NAMES: dict[RootKind, str] = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
BUILT_IN_SCALARS = frozenset({"Int", "Float", "String", "Boolean", "ID"})


@dataclass(slots=True)
class Applied:
    """A directive applied to an element."""

    name: str
    """As written in its schema."""
    arguments: dict[str, Value]
    meaning: str | None = None
    """What Federation calls it, where it is Federation's."""
    node: DirectiveNode | None = None
    extension: Node | None = None
    """The `extend` declaration it stands on; None on a definition."""


@dataclass(slots=True, kw_only=True)
class Element:
    """Anything with a name that directives and a description can be put on."""

    name: str
    coordinate: str
    description: str | None = None
    directives: list[Applied] = field(default_factory=list[Applied])
    node: Node | None = None

    def applied(self, meaning: str) -> list[Applied]:
        """The applications of Federation's directive `meaning`."""
        return [directive for directive in self.directives if directive.meaning == meaning] if self.directives else []

    def has(self, meaning: str) -> bool:
        # asked of every element several times over, nearly always in vain
        return bool(self.directives) and any(directive.meaning == meaning for directive in self.directives)

    def named(self, name: str) -> list[Applied]:
        """The applications of what the schema calls `@name`."""
        return [directive for directive in self.directives if directive.name == name]


def is_written(element: Element) -> bool:
    """Whether the element stands in a document, and was not added by a linked feature."""
    return element.node is not None and element.node.loc is not None


@dataclass(slots=True, kw_only=True)
class InputValue(Element):
    """An argument or a field of an input object."""

    type: TypeRef
    default: Value | Missing = MISSING

    @property
    def required(self) -> bool:
        return isinstance(self.type, NonNull) and self.default is MISSING


@dataclass(slots=True, kw_only=True)
class Field(Element):
    """A field of an object or an interface."""

    parent: str
    type: TypeRef
    arguments: dict[str, InputValue] = field(default_factory=dict[str, InputValue])
    extension: Node | None = None


@dataclass(slots=True, kw_only=True)
class EnumValue(Element):
    """A value of an enum."""


@dataclass(slots=True, kw_only=True)
class NamedType(Element):
    """What every kind of type has."""

    defined: bool = False
    """Whether it is declared without `extend`, too."""
    extensions: list[Node] = field(default_factory=list[Node])


@dataclass(slots=True, kw_only=True)
class ScalarType(NamedType):
    kind = "Scalar"


@dataclass(slots=True, kw_only=True)
class ObjectType(NamedType):
    kind = "Object"
    fields: dict[str, Field] = field(default_factory=dict[str, Field])
    interfaces: dict[str, Node | None] = field(default_factory=dict[str, Node | None])


@dataclass(slots=True, kw_only=True)
class InterfaceType(NamedType):
    kind = "Interface"
    fields: dict[str, Field] = field(default_factory=dict[str, Field])
    interfaces: dict[str, Node | None] = field(default_factory=dict[str, Node | None])


@dataclass(slots=True, kw_only=True)
class UnionType(NamedType):
    kind = "Union"
    members: dict[str, Node | None] = field(default_factory=dict[str, Node | None])


@dataclass(slots=True, kw_only=True)
class EnumType(NamedType):
    kind = "Enum"
    values: dict[str, EnumValue] = field(default_factory=dict[str, EnumValue])


@dataclass(slots=True, kw_only=True)
class InputType(NamedType):
    kind = "InputObject"
    fields: dict[str, InputValue] = field(default_factory=dict[str, InputValue])


FieldsType: TypeAlias = ObjectType | InterfaceType
CompositeType: TypeAlias = ObjectType | InterfaceType | UnionType
TypeDefinition: TypeAlias = ScalarType | ObjectType | InterfaceType | UnionType | EnumType | InputType


@dataclass(slots=True, kw_only=True)
class DirectiveDefinition(Element):
    """What a directive is called, takes and stands on."""

    arguments: dict[str, InputValue] = field(default_factory=dict[str, InputValue])
    locations: tuple[str, ...] = ()
    repeatable: bool = False


@dataclass(slots=True)
class Schema:
    """A schema: its types, directive definitions, root types and what is applied to itself."""

    types: dict[str, TypeDefinition] = field(default_factory=dict[str, TypeDefinition])
    directives: dict[str, DirectiveDefinition] = field(default_factory=dict[str, DirectiveDefinition])
    roots: dict[RootKind, str] = field(default_factory=dict[RootKind, str])
    itself: Element = field(default_factory=lambda: Element(name="schema", coordinate="schema"))

    def objects(self) -> Iterator[ObjectType]:
        return (type_ for type_ in self.types.values() if isinstance(type_, ObjectType))

    def interfaces(self) -> Iterator[InterfaceType]:
        return (type_ for type_ in self.types.values() if isinstance(type_, InterfaceType))

    def with_fields(self) -> Iterator[FieldsType]:
        return (type_ for type_ in self.types.values() if isinstance(type_, FieldsType))

    def fields_type(self, name: str) -> FieldsType | None:
        """The object or interface `name`."""
        type_ = self.types.get(name)
        return type_ if isinstance(type_, FieldsType) else None

    def composite(self, name: str) -> CompositeType | None:
        """The object, interface or union `name`."""
        type_ = self.types.get(name)
        return type_ if isinstance(type_, CompositeType) else None

    def runtime_types(self, type_: CompositeType) -> list[ObjectType]:
        """The objects a value of `type_` can be."""
        match type_:
            case ObjectType():
                return [type_]
            case UnionType():
                members = (self.types.get(name) for name in type_.members)
                return [member for member in members if isinstance(member, ObjectType)]
            case InterfaceType():
                return [each for each in self.objects() if type_.name in each.interfaces]

    def is_root(self, type_: NamedType) -> bool:
        return type_.name in self.roots.values()


def elements(schema: Schema) -> Iterator[Element]:
    """Everything in a schema that directives can stand on, parents before their parts."""
    yield schema.itself
    for type_ in schema.types.values():
        yield type_
        yield from _parts(type_)


def _parts(type_: TypeDefinition) -> Iterator[Element]:
    match type_:
        case ObjectType() | InterfaceType():
            for each in type_.fields.values():
                yield each
                yield from each.arguments.values()
        case EnumType():
            yield from type_.values.values()
        case InputType():
            yield from type_.fields.values()
        case _:
            return
