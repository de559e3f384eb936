"""CONTEXT_NAME_INVALID, CONTEXT_NOT_SET, CONTEXT_NO_RESOLVABLE_KEY, NO_CONTEXT_IN_SELECTION: contexts amiss.

Source: https://specs.apollo.dev/context/v0.1
"""

from collections.abc import Iterator

from router.compose.facts import parse_context
from router.compose.model import Applied, CompositeType, Field, FieldsType, InputValue, InterfaceType, ObjectType
from router.compose.rules import context_invalid_selection
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.values import MISSING

_Contexts = dict[str, list[CompositeType]]


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look at where contexts are set, then at where they are used."""
    contexts: _Contexts = {}
    for type_ in subgraph.schema.types.values():
        if isinstance(type_, CompositeType):
            for applied in type_.applied("context"):
                name = str(applied.arguments.get("name"))
                contexts.setdefault(name, []).append(type_)
                if not (name.isascii() and name.isalnum() and name[0].isalpha()):
                    why = f'"{name}" on "{type_.name}" is no name for a context: use letters and digits only'
                    yield _error(ErrorCode.CONTEXT_NAME_INVALID, applied, why)
    yield from _check_uses(subgraph, contexts)
    for definition in subgraph.schema.directives.values():
        for argument in definition.arguments.values():
            for applied in argument.applied("fromContext"):
                why = f'"{argument.coordinate}" is an argument of a directive, which no context reaches'
                yield _error(ErrorCode.CONTEXT_NOT_SET, applied, why)


def _check_uses(subgraph: SubgraphSchema, contexts: _Contexts) -> Iterator[CompositionError]:
    for type_ in subgraph.schema.with_fields():
        for field in type_.fields.values():
            for argument in field.arguments.values():
                for applied in argument.applied("fromContext"):
                    yield from _check_use(subgraph, contexts, type_, field, argument, applied)


def _error(code: ErrorCode, applied: Applied, why: str) -> CompositionError:
    return CompositionError(code, f"{why}.", locations(applied.node))


def _check_use(
    subgraph: SubgraphSchema,
    contexts: _Contexts,
    type_: FieldsType,
    field: Field,
    argument: InputValue,
    applied: Applied,
) -> Iterator[CompositionError]:
    if not isinstance(type_, ObjectType):
        why = f'"{argument.coordinate}" is on an abstract type, whose fields cannot take a context'
        yield _error(ErrorCode.CONTEXT_NOT_SET, applied, why)
        return
    for name in type_.interfaces:
        interface = subgraph.schema.types.get(name)
        if isinstance(interface, InterfaceType) and field.name in interface.fields:
            why = f'"{field.coordinate}" implements a field of "{name}" and cannot take a context'
            yield _error(ErrorCode.CONTEXT_NOT_SET, applied, why)
    if argument.default is not MISSING:
        why = f'"{argument.coordinate}" cannot have a default value, too; remove it'
        yield _error(ErrorCode.CONTEXT_NOT_SET, applied, why)
    context, selection = parse_context(applied.arguments.get("field"))
    if not context or not selection.strip():
        why = f'"{argument.coordinate}" must name a context and select from it: "$context {{ field }}"'
        yield _error(ErrorCode.NO_CONTEXT_IN_SELECTION, applied, why)
        return
    if context not in contexts:
        why = f'"{argument.coordinate}" uses "{context}", which is never set; mark a type that leads here with @context'
        yield _error(ErrorCode.CONTEXT_NOT_SET, applied, why)
    else:
        for why in context_invalid_selection.check(subgraph, contexts[context], selection, argument):
            yield _error(ErrorCode.CONTEXT_INVALID_SELECTION, applied, why)
    if not any(key.arguments.get("resolvable") is not False for key in type_.applied("key")):
        why = f'"{type_.name}" takes a context and must have a resolvable @key, by which to reach it with one'
        yield _error(ErrorCode.CONTEXT_NO_RESOLVABLE_KEY, applied, why)
