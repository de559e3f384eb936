"""Merge descriptions."""

from collections import Counter

from router.compose.hints import HintCode
from router.compose.merge.context import Merge, Sources, present
from router.compose.model import Element


def merge_description(merge: Merge, sources: Sources[Element], into: Element) -> None:
    """Take the description that most subgraphs give, the first of those on a tie; an empty one only if alone."""
    said = {index: source.description for index, source in present(sources).items() if source.description is not None}
    if not said:
        return
    counts = Counter(text for text in said.values() if text)
    into.description = max(counts, key=lambda text: counts[text], default="")
    if len(counts) > 1:
        merge.hint(
            HintCode.INCONSISTENT_DESCRIPTION,
            f'"{into.coordinate}" is described differently: '
            + merge.by_subgraph(
                sources, lambda source: None if source.description is None else f'"{source.description}"'
            )
            + f'; the supergraph says "{into.description}".',
        )
