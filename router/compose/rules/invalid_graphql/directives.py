"""Directives are known, stand where they may, and get the arguments they take.

Source: https://spec.graphql.org/October2021/#sec-Validation.Directives
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cache

from graphql import DirectiveDefinitionNode, parse, specified_directives
from graphql.pyutils import did_you_mean, suggestion_list
from graphql.utilities.print_schema import print_directive

from router.compose.build import Builder
from router.compose.model import (
    Applied,
    DirectiveDefinition,
    Element,
    EnumType,
    EnumValue,
    Field,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    ScalarType,
    Schema,
    UnionType,
    elements,
)
from router.compose.rules.invalid_graphql.refuse import invalid
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError
from router.federation.features import FEATURES, FEDERATION, LATEST

_WITH_FIELD_SETS = ("key", "requires", "provides")
_COMPARED = 200  # names that a misspelt one is compared with


def check_schema_known(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look at what is applied to the schema itself, among which are the links to all others."""
    yield from _known(subgraph, subgraph.schema.itself)


def check_known(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look for applications of what is not defined."""
    for element in _elements(subgraph.schema):
        yield from _known(subgraph, element)


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look at each application of what is."""
    for element in _elements(subgraph.schema):
        if element.directives:
            location = location_of(element)
            for applied in element.directives:
                yield from _check(subgraph, element, applied, location)
            yield from _repeated(subgraph, element)


def _elements(schema: Schema) -> Iterator[Element]:
    """Everything that directives stand on, the arguments of directives included."""
    yield from elements(schema)
    for definition in schema.directives.values():
        yield from definition.arguments.values()


def _known(subgraph: SubgraphSchema, element: Element) -> Iterator[CompositionError]:
    for applied in element.directives:
        if definition_of(subgraph, applied.name) is None:
            yield invalid(_unknown(subgraph, element, applied), applied.node)


def definition_of(subgraph: SubgraphSchema, name: str) -> DirectiveDefinition | None:
    """The subgraph's definition, or GraphQL's own."""
    return subgraph.schema.directives.get(name) or _built_in().get(name)


@cache
def _built_in() -> Mapping[str, DirectiveDefinition]:
    builder = Builder(str, lambda _: None)
    nodes = parse("\n".join(map(print_directive, specified_directives)), no_location=True).definitions
    definitions = [node for node in nodes if isinstance(node, DirectiveDefinitionNode)]
    return {node.name.value: builder.directive(node, node.name.value) for node in definitions}


def _check(subgraph: SubgraphSchema, element: Element, applied: Applied, location: str) -> Iterator[CompositionError]:
    definition = definition_of(subgraph, applied.name)
    if definition is None:
        return
    if location not in definition.locations:
        yield invalid(f'@{applied.name} cannot stand on "{element.coordinate}", a {location}.', applied.node)
    for name in applied.arguments:
        if name not in definition.arguments:
            hint = _alternatives(name, definition.arguments, "")
            yield invalid(f'@{applied.name} on "{element.coordinate}" has no argument "{name}".{hint}', applied.node)
    for name, argument in definition.arguments.items():
        if argument.required and applied.arguments.get(name) is None and not _is_null_field_set(applied, name):
            yield invalid(
                f'@{applied.name} on "{element.coordinate}" lacks its argument "{name}" of type "{argument.type}".',
                applied.node,
            )
    given = [argument.name.value for argument in applied.node.arguments or ()] if applied.node else []
    if len(given) != len(set(given)):
        yield invalid(f'@{applied.name} on "{element.coordinate}" gives an argument twice.', applied.node)


def _is_null_field_set(applied: Applied, name: str) -> bool:
    """Whether it is up to the rules of field sets to say that null is none."""
    return applied.meaning in _WITH_FIELD_SETS and name in applied.arguments


def _unknown(subgraph: SubgraphSchema, element: Element, applied: Applied) -> str:
    """What is wrong, and what may have been meant."""
    name, message = applied.name, f'"{element.coordinate}" has the unknown directive "@{applied.name}".'
    if subgraph.faults:
        return f"{message} It may be that of a @link that is refused: {subgraph.faults[0].message}"
    if f"@{name}" in FEATURES[FEDERATION, LATEST].elements():
        federation = subgraph.links.federation
        if federation is None:
            return f"{message} It is one of Federation 2: @link the schema to it to use it."
        if f"@{name}" in (federation.feature.elements() if federation.feature else ()):
            return f'{message} Import "@{name}", or write "@{federation.directive_name(name)}".'
        return f"{message} It came with a later version of Federation than {federation.url.version}."
    return message + _alternatives(name, subgraph.schema.directives, "@")


def _alternatives(name: str, known: Collection[str], sigil: str) -> str:
    """The names that may have been meant, unless there are too many to compare with."""
    if len(known) > _COMPARED:
        return ""
    return did_you_mean([f'"{sigil}{each}"' for each in suggestion_list(name, list(known))])


def _repeated(subgraph: SubgraphSchema, element: Element) -> Iterator[CompositionError]:
    seen: set[str] = set()
    for applied in element.directives:
        definition = definition_of(subgraph, applied.name)
        if applied.name in seen and definition is not None and not definition.repeatable:
            yield invalid(f'@{applied.name} can stand on "{element.coordinate}" only once.', applied.node)
        seen.add(applied.name)


def location_of(element: Element) -> str:  # noqa: PLR0911 - an arm per kind
    """The directive location that `element` is."""
    match element:
        case ObjectType():
            return "OBJECT"
        case InterfaceType():
            return "INTERFACE"
        case UnionType():
            return "UNION"
        case EnumType():
            return "ENUM"
        case InputType():
            return "INPUT_OBJECT"
        case ScalarType():
            return "SCALAR"
        case Field():
            return "FIELD_DEFINITION"
        case EnumValue():
            return "ENUM_VALUE"
        case InputValue():
            return "ARGUMENT_DEFINITION" if element.coordinate.endswith(":)") else "INPUT_FIELD_DEFINITION"
        case _:
            return "SCHEMA"
