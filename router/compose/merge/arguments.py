"""Merge arguments and default values."""

from router.compose.hints import HintCode
from router.compose.merge.context import Merge, Sources, present
from router.compose.merge.descriptions import merge_description
from router.compose.merge.type_references import merge_type
from router.compose.model import DirectiveDefinition, Field, InputValue
from router.compose.rules import contextual_argument_not_contextual_in_all_subgraphs as contextual
from router.federation.errors import ErrorCode
from router.federation.values import MISSING, Missing, Value, print_value, same_value


def merge_arguments(
    merge: Merge, sources: Sources[Field] | Sources[DirectiveDefinition], into: Field | DirectiveDefinition
) -> None:
    """Merge the arguments that all subgraphs know; one that a subgraph would not understand is left out."""
    owners = present(sources)
    for name in dict.fromkeys(name for owner in owners.values() for name in owner.arguments):
        found = {index: owner.arguments.get(name) for index, owner in owners.items()}
        coordinate = f"{into.coordinate}({name}:)"
        if contextual.is_contextual(found):
            contextual.check(merge, found, coordinate)
        elif len(present(found)) < len(found):
            _leave_out(merge, found, coordinate)
        else:
            first = next(iter(present(found).values()))
            argument = InputValue(name=name, coordinate=coordinate, type=first.type)
            into.arguments[name] = argument
            merge_argument(merge, found, argument)


def merge_argument(merge: Merge, sources: Sources[InputValue], into: InputValue) -> None:
    merge_description(merge, sources, into)
    merge.pending.append((sources, into))
    merge_type(merge, sources, into)
    merge_default(merge, sources, into, ErrorCode.FIELD_ARGUMENT_DEFAULT_MISMATCH)


def merge_default(merge: Merge, sources: Sources[InputValue], into: InputValue, mismatch: ErrorCode) -> None:
    """Keep a default value that all subgraphs give."""
    defaults = [source.default for source in present(sources).values()]
    given = [value for value in defaults if value is not MISSING]
    if not given:
        return
    if not all(same_value(given[0], value) for value in given):
        into.default = given[0]
        merge.error(
            mismatch,
            f'"{into.coordinate}" has incompatible default values: it has {_by_default(merge, sources)}. '
            "Give it one default.",
            (source.node for source in present(sources).values()),
        )
    elif len(given) == len(defaults):
        into.default = given[0]
    else:
        merge.hint(
            HintCode.INCONSISTENT_DEFAULT_VALUE_PRESENCE,
            f'"{into.coordinate}" has {_by_default(merge, sources)}; the supergraph gives no default.',
        )


def _by_default(merge: Merge, sources: Sources[InputValue]) -> str:
    return merge.by_subgraph(sources, lambda source: _shown(source.default))


def _shown(default: Value | Missing) -> str:
    return "no default value" if default is MISSING else f"default value {print_value(default)}"


def _leave_out(merge: Merge, sources: Sources[InputValue], coordinate: str) -> None:
    requiring = [index for index, source in present(sources).items() if source.required]
    lacking = [index for index, source in sources.items() if source is None]
    if requiring:
        merge.error(
            ErrorCode.REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH,
            f'Argument "{coordinate}" is required in {merge.names(requiring)} but does not appear in '
            f"{merge.names(lacking)}. Make it optional, or declare it in every subgraph that has the field.",
            (source.node for source in present(sources).values()),
        )
    else:
        merge.hint(
            HintCode.INCONSISTENT_ARGUMENT_PRESENCE,
            f'Optional argument "{coordinate}" is left out of the supergraph: {merge.presence(sources)}.',
        )
