"""A subgraph that takes federation's contract at its word.

It is graphql-core over its own SDL. It refuses a document that is not valid against it, a representation without a key
that it can be entered by, and to resolve what is external to it, what it needs and was not sent, and what another
subgraph has taken over.
"""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, cast

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldDefinitionNode,
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    build_ast_schema,
    execute_sync,
    parse,
    validate,
)
from graphql.validation import (
    FieldsOnCorrectTypeRule,
    FragmentsOnCompositeTypesRule,
    KnownArgumentNamesRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    NoUndefinedVariablesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    OverlappingFieldsCanBeMergedRule,
    PossibleFragmentSpreadsRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    UniqueVariableNamesRule,
    ValuesOfCorrectTypeRule,
    VariablesAreInputTypesRule,
    VariablesInAllowedPositionRule,
)

from router.execute.transport import SubgraphUnreachable
from tests.conformance.monolith.data import Thing, World
from tests.conformance.monolith.overriding import Place, label_of
from tests.conformance.monolith.selections import digest, fields_of, known_of, selection, sent_of

_ROOTS = ("Query", "Mutation")

_RULES = (
    FieldsOnCorrectTypeRule,
    FragmentsOnCompositeTypesRule,
    KnownArgumentNamesRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    NoUndefinedVariablesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    OverlappingFieldsCanBeMergedRule,
    PossibleFragmentSpreadsRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    UniqueVariableNamesRule,
    ValuesOfCorrectTypeRule,
    VariablesAreInputTypesRule,
    VariablesInAllowedPositionRule,
)
"""All that a planner may break; the rest costs as much again."""


class Seen(NamedTuple):
    """An object as a subgraph sees it.

    Attributes:
        type_name: what the subgraph takes it for; an interface object goes by the name of its interface.
        sent: the representation it was described by.
        provided: the external fields that the fields which led here bring along.
    """

    thing: Thing
    type_name: str
    sent: Mapping[str, Any]
    provided: tuple[SelectionSetNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Local:
    """A field as a subgraph has it."""

    is_external: bool
    requires: SelectionSetNode | None
    provides: SelectionSetNode | None
    label: str | None


class Simulated:
    """One subgraph over the world.

    Attributes:
        taken: the types and names of its fields that other subgraphs override at present.
        labels: those that hold at present.
    """

    def __init__(self, name: str, sdl: str, world: World) -> None:
        self.name = name
        self.taken: frozenset[Place] = frozenset()
        self.labels: frozenset[str] = frozenset()
        self._world = world
        document = parse(sdl.replace("extend type", "type"), no_location=True)
        self._definitions = _objects(document)
        self._schema = _executable(document, self._entity_types())
        self._documents: dict[str, DocumentNode | list[GraphQLError]] = {}
        self._fields = {
            (type_name, node.name.value): _local(node, is_key=node.name.value in _names(definition))
            for type_name, definition in self._definitions.items()
            for node in definition.fields or ()
        }

    def answer(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The response to a request."""
        document = self._documents.get(query)
        if document is None:
            document = parse(query, no_location=True)
            document = self._documents[query] = validate(self._schema, document, _RULES) or document
        if isinstance(document, list):
            raise SubgraphUnreachable(f"{self.name} was sent an invalid document: {query}: {document[0].message}")
        result = execute_sync(
            self._schema,
            document,
            variable_values=dict(variables),
            field_resolver=self._resolve,
            type_resolver=_type_of,
        )
        return cast("dict[str, Any]", result.formatted)

    def _resolve(self, source: Seen | None, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        name, type_name = info.field_name, info.parent_type.name
        if name == "_entities":
            return [self._entity(each) for each in arguments["representations"]]
        if type_name in _ROOTS:
            source = Seen(Thing(type_name, "root"), type_name, {})
        assert source is not None
        local = self._fields[type_name, name]
        assert (type_name, name) not in self.taken, f"{self.name} was asked for {type_name}.{name}, which is overridden"
        assert local.label in {None, *self.labels}, f"{self.name} does not override {type_name}.{name} yet"
        provided = [node for each in source.provided for node in fields_of(each) if node.name.value == name]
        assert not local.is_external or provided, f"{self.name} does not resolve {type_name}.{name}"
        if local.requires is not None and not source.thing.is_missing:
            return digest(name, sent_of(source.sent, local.requires))
        below = (local.provides, *(each.selection_set for each in provided))
        value = self._world.value(source.thing, name, arguments)
        return _wrapped(value, tuple(each for each in below if each is not None))

    def _entity(self, representation: Mapping[str, Any]) -> Seen | None:
        type_name = representation["__typename"]
        keys = [each for each in self._keys.get(type_name, ()) if _is_given(each, representation)]
        assert keys, f"{self.name} cannot be entered with {representation}"
        found = [self._find(type_name, each, representation) for each in keys]
        assert len(set(found)) == 1, f"{representation} describes several objects"
        if found[0] is None:
            return None
        is_object = isinstance(self._definitions[type_name], ObjectTypeDefinitionNode)
        return Seen(found[0], type_name if is_object else found[0].type_name, representation)

    def _find(self, type_name: str, key: SelectionSetNode, representation: Mapping[str, Any]) -> Thing | None:
        wanted = sent_of(representation, key)
        return next(
            (each for each in self._world.things(type_name) if known_of(self._world, each, key) == wanted), None
        )

    def _entity_types(self) -> list[str]:
        return [name for name, definition in self._definitions.items() if _field_sets(definition.directives, "key")]

    @cached_property
    def _keys(self) -> dict[str, list[SelectionSetNode]]:
        """The keys by which the subgraph can be entered."""
        return {
            name: [selection(text) for text in _field_sets(definition.directives, "key", resolvable=True)]
            for name, definition in self._definitions.items()
        }


def _wrapped(value: Any, provided: tuple[SelectionSetNode, ...]) -> Any:
    if isinstance(value, Thing):
        return Seen(value, value.type_name, {}, provided)
    if isinstance(value, list):
        return [_wrapped(each, provided) for each in cast("list[Any]", value)]
    return value


def _is_given(key: SelectionSetNode, representation: Mapping[str, Any]) -> bool:
    try:
        given = sent_of(representation, key)
    except (KeyError, TypeError):
        return False
    return None not in given.values()


def _type_of(value: Seen, *_: Any) -> str:
    return value.type_name


def _objects(document: DocumentNode) -> dict[str, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode]:
    return {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)
    }


def _names(definition: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode) -> set[str]:
    """The fields that keys begin with."""
    keys = map(selection, _field_sets(definition.directives, "key"))
    return {node.name.value for key in keys for node in key.selections if isinstance(node, FieldNode)}


def _local(node: FieldDefinitionNode, *, is_key: bool) -> Local:
    names = {each.name.value for each in node.directives or ()}
    requires, provides = _field_sets(node.directives, "requires"), _field_sets(node.directives, "provides")
    return Local(
        "external" in names and not is_key,
        selection(requires[0]) if requires else None,
        selection(provides[0]) if provides else None,
        next((label_of(each) for each in node.directives or () if each.name.value == "override"), None),
    )


def _field_sets(directives: Sequence[DirectiveNode] | None, name: str, *, resolvable: bool = False) -> list[str]:
    found: list[str] = []
    for each in directives or ():
        arguments = {argument.name.value: argument.value for argument in each.arguments or ()}
        fields = arguments.get("fields")
        is_wanted = each.name.value == name and not (resolvable and "resolvable" in arguments)
        if is_wanted and isinstance(fields, StringValueNode):
            found.append(fields.value)
    return found


def _executable(document: DocumentNode, entities: Sequence[str]) -> GraphQLSchema:
    """The schema without federation's directives and with its fields."""
    definitions = [_plain(node) for node in document.definitions if hasattr(node, "name")]
    if not any(node.name.value == "Query" for node in definitions):
        definitions += cast("list[Any]", parse("type Query { _unused: Int }", no_location=True).definitions)
    schema = build_ast_schema(DocumentNode(definitions=tuple(definitions)), assume_valid=True)
    members = {each.name for name in entities for each in _objects_of(schema, name)}
    if not members:
        return schema
    added = f"""
        scalar _Any
        union _Entity = {" | ".join(sorted(members))}
        extend type Query {{ _entities(representations: [_Any!]!): [_Entity]! }}
    """
    extensions = parse(added, no_location=True).definitions
    definitions = [_with_entities(node, extensions[2]) for node in definitions]
    return build_ast_schema(DocumentNode(definitions=(*definitions, *extensions[:2])), assume_valid=True)


def _with_entities(node: Any, extension: Any) -> Any:
    return replace(node, fields=(*node.fields, *extension.fields)) if node.name.value == "Query" else node


def _objects_of(schema: GraphQLSchema, name: str) -> Sequence[Any]:
    type_: Any = schema.type_map[name]
    return schema.get_possible_types(type_) if hasattr(type_, "resolve_type") else [type_]


def _plain(node: Any) -> Any:
    """Without directives."""
    changes: dict[str, Any] = {"directives": ()}
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        changes["fields"] = tuple(
            replace(
                each, directives=(), arguments=tuple(replace(given, directives=()) for given in each.arguments or ())
            )
            for each in node.fields or ()
        )
    return replace(node, **changes)
