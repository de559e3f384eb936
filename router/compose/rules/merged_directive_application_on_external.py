"""MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL: a directive for the supergraph on a field that is another subgraph's."""

from router.compose.merge.context import Merge, Sources
from router.compose.model import Field
from router.federation.errors import ErrorCode


def check(merge: Merge, sources: Sources[Field], into: Field) -> None:
    """Refuse directives that would be lost, as only what resolves a field describes it."""
    for index, source in sources.items():
        if source is None or not source.directives or not merge.is_external(index, source):
            continue
        for applied in source.directives:
            composed = merge.composed.get(applied.name)
            if composed is not None and composed.carries(index):
                merge.error(
                    ErrorCode.MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL,
                    f'@{applied.name} cannot stand on "{into.coordinate}", which is @external here: '
                    "put it where the field is resolved.",
                    [applied.node],
                    merge.name(index),
                )
