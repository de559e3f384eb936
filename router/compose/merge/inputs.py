"""Merge input object types."""

from router.compose.hints import HintCode
from router.compose.merge.arguments import merge_default
from router.compose.merge.context import Merge, present
from router.compose.merge.descriptions import merge_description
from router.compose.merge.joins import join_input_field
from router.compose.merge.type_references import merge_type
from router.compose.model import InputType, InputValue
from router.federation.errors import ErrorCode


def merge_input(merge: Merge, sources: dict[int, InputType], into: InputType) -> None:
    """Keep the fields that every subgraph understands."""
    for name in dict.fromkeys(name for source in sources.values() for name in source.fields):
        found = {index: source.fields.get(name) for index, source in sources.items()}
        having = present(found)
        first = next(iter(having.values()))
        field = InputValue(name=name, coordinate=f"{into.name}.{name}", type=first.type)
        _merge_field(merge, found, field)
        hidden = any(source.has("inaccessible") for source in having.values())
        if len(having) == len(found) or hidden:
            into.fields[name] = field
        else:
            _leave_out(merge, found, field)
    if not into.fields:
        merge.error(
            ErrorCode.EMPTY_MERGED_INPUT_TYPE,
            f'Input "{into.name}" keeps only what all its subgraphs define, and there is no such field. Share one.',
            (source.node for source in sources.values()),
        )


def _merge_field(merge: Merge, sources: dict[int, InputValue | None], into: InputValue) -> None:
    merge_description(merge, sources, into)
    merge.pending.append((sources, into))
    agreement = merge_type(merge, sources, into)
    join_input_field(merge, sources, into, agreement)
    merge_default(merge, sources, into, ErrorCode.INPUT_FIELD_DEFAULT_MISMATCH)


def _leave_out(merge: Merge, sources: dict[int, InputValue | None], into: InputValue) -> None:
    requiring = [index for index, source in present(sources).items() if source.required]
    lacking = [index for index, source in sources.items() if source is None]
    if requiring:
        merge.error(
            ErrorCode.REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH,
            f'Input field "{into.coordinate}" is required in {merge.names(requiring)} but does not appear in '
            f"{merge.names(lacking)}. Make it optional, or declare it in every subgraph that has the input.",
            (source.node for source in present(sources).values()),
        )
    else:
        merge.hint(
            HintCode.INCONSISTENT_INPUT_OBJECT_FIELD,
            f'Input field "{into.coordinate}" is left out of the supergraph: {merge.presence(sources)}.',
        )
