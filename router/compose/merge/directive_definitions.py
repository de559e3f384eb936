"""Merge the definitions of directives that clients may use, and of those that subgraphs ask to have composed."""

from graphql import DirectiveLocation

from router.compose.hints import HintCode
from router.compose.merge.arguments import merge_arguments
from router.compose.merge.context import Merge, Sources, present
from router.compose.merge.descriptions import merge_description
from router.compose.model import DirectiveDefinition

_EXECUTABLE = frozenset(
    location.name
    for location in (
        DirectiveLocation.QUERY,
        DirectiveLocation.MUTATION,
        DirectiveLocation.SUBSCRIPTION,
        DirectiveLocation.FIELD,
        DirectiveLocation.FRAGMENT_DEFINITION,
        DirectiveLocation.FRAGMENT_SPREAD,
        DirectiveLocation.INLINE_FRAGMENT,
        DirectiveLocation.VARIABLE_DEFINITION,
    )
)
_BUILT_IN = frozenset({"skip", "include", "deprecated", "specifiedBy", "oneOf", "defer", "stream"})


def merge_directive_definitions(merge: Merge) -> None:
    """Define what is composed on request, and what every subgraph lets clients use."""
    for composed in merge.composed.values():
        if composed.asked_by is not None:
            _carry(merge, composed.definition, composed.name)
    names = {
        name
        for subgraph in merge.subgraphs
        for name, definition in subgraph.schema.directives.items()
        if _executable(definition) and name not in _BUILT_IN and name not in merge.composed
    }
    for name in sorted(names):
        _merge_executable(merge, name)


def define_one_of(merge: Merge) -> None:
    """Define `@oneOf` where it is applied: GraphQL itself has it since 2025 only, and other routers know no more."""
    if any(element.named("oneOf") for element in merge.supergraph.types.values()):
        merge.supergraph.directives.setdefault("oneOf", merge.composed["oneOf"].definition)


def _executable(definition: DirectiveDefinition) -> tuple[str, ...]:
    return tuple(sorted(location for location in definition.locations if location in _EXECUTABLE))


def _carry(merge: Merge, definition: DirectiveDefinition, name: str) -> None:
    into = DirectiveDefinition(
        name=name,
        coordinate=f"@{name}",
        description=definition.description,
        locations=definition.locations,
        repeatable=definition.repeatable,
    )
    merge.supergraph.directives[name] = into
    merge_arguments(merge, {0: definition}, into)


def _merge_executable(merge: Merge, name: str) -> None:
    sources = {index: subgraph.schema.directives.get(name) for index, subgraph in enumerate(merge.subgraphs)}
    having = present(sources)
    if len(having) < len(sources):
        merge.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE,
            f'Directive "@{name}" is left out of the supergraph: {merge.presence(sources)}.',
        )
        return
    locations = [set(_executable(definition)) for definition in having.values()]
    common = set[str].intersection(*locations)
    shown = merge.by_subgraph(sources, lambda each: f'"{", ".join(_executable(each))}"')
    if not common:
        merge.hint(
            HintCode.NO_EXECUTABLE_DIRECTIVE_INTERSECTION,
            f'Directive "@{name}" is left out of the supergraph, having no common location: it has {shown}.',
        )
        return
    into = DirectiveDefinition(
        name=name,
        coordinate=f"@{name}",
        locations=tuple(sorted(common)),
        repeatable=all(definition.repeatable for definition in having.values()),
    )
    _hint_on_differences(merge, sources, into, shown)
    merge.supergraph.directives[name] = into
    merge_description(merge, sources, into)
    merge_arguments(merge, sources, into)


def _hint_on_differences(
    merge: Merge, sources: Sources[DirectiveDefinition], into: DirectiveDefinition, shown: str
) -> None:
    having = present(sources).values()
    if len({definition.repeatable for definition in having}) > 1:
        merge.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE,
            f'Directive "{into.coordinate}" is not repeatable in the supergraph, as not all subgraphs have it so.',
        )
    if any(_executable(definition) != into.locations for definition in having):
        merge.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS,
            f'Directive "{into.coordinate}" keeps only its common locations, of {shown}.',
        )
