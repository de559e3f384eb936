"""Merge union types."""

from router.compose.hints import HintCode
from router.compose.merge.context import Merge
from router.compose.model import UnionType
from router.federation.values import Value


def merge_union(merge: Merge, sources: dict[int, UnionType], into: UnionType) -> None:
    """Unite the members."""
    for member in sorted({name for source in sources.values() for name in source.members}):
        into.members[member] = None
        for index, source in sources.items():
            if member in source.members:
                said: dict[str, Value] = {"graph": merge.graph(index), "member": member}
                into.directives.append(merge.join_directive("unionMember", said))
        if not all(member in source.members for source in sources.values()):
            shown = merge.presence(sources, lambda source: member in source.members)  # noqa: B023 - used at once
            merge.hint(
                HintCode.INCONSISTENT_UNION_MEMBER,
                f'Union "{into.name}" has member "{member}" in some subgraphs only: {shown}.',
            )
