"""Merge enum types."""

from router.compose.hints import HintCode
from router.compose.merge.context import EnumUse, Merge
from router.compose.merge.descriptions import merge_description
from router.compose.model import EnumType, EnumValue
from router.federation.errors import ErrorCode


def merge_enum(merge: Merge, sources: dict[int, EnumType], into: EnumType) -> None:
    """Unite what goes out, intersect what comes in, and have a value that does both in every subgraph."""
    use = merge.enum_uses.get(into.name)
    if use is None:
        use = EnumUse(as_output="")
        merge.hint(HintCode.UNUSED_ENUM_TYPE, f'Enum "{into.name}" is not used; all of its values are kept.')
    for name in dict.fromkeys(name for source in sources.values() for name in source.values):
        _merge_value(merge, sources, into, name, use)
    if not into.values:
        merge.error(
            ErrorCode.EMPTY_MERGED_ENUM_TYPE,
            f'Enum "{into.name}" is an input and keeps what all subgraphs define, which is no value. Share one.',
            (source.node for source in sources.values()),
        )


def _merge_value(merge: Merge, sources: dict[int, EnumType], into: EnumType, name: str, use: EnumUse) -> None:
    found = {index: source.values.get(name) for index, source in sources.items()}
    value = EnumValue(name=name, coordinate=f"{into.name}.{name}")
    having = {index: each for index, each in found.items() if each is not None}
    hidden = any(each.has("inaccessible") for each in having.values())
    if len(having) < len(found) and use.as_input is not None and not hidden:
        shown = merge.presence(found)
        if use.as_output is None:
            merge.hint(
                HintCode.INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM,
                f'Value "{value.coordinate}" is left out of the supergraph: {shown}.',
            )
            return
        merge.error(
            ErrorCode.ENUM_VALUE_MISMATCH,
            f'Enum "{into.name}" is both taken (by "{use.as_input}") and returned (by "{use.as_output}"), so that all '
            f'subgraphs must know its values, but of "{name}" {shown}. Add it there, or make it @inaccessible.',
            (source.node for source in sources.values()),
        )
    elif len(having) < len(found) and use.as_input is None:
        merge.hint(
            HintCode.INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM,
            f'Value "{value.coordinate}" is known in some subgraphs only: {merge.presence(found)}.',
        )
    into.values[name] = value
    merge_description(merge, found, value)
    merge.pending.append((found, value))
    for index in having:
        value.directives.append(merge.join_directive("enumValue", {"graph": merge.graph(index)}))
