"""EXTERNAL_MISSING_ON_BASE: a field that every subgraph calls another's."""

from router.compose.merge.context import Merge, Sources
from router.compose.model import Field
from router.federation.errors import ErrorCode


def check(merge: Merge, sources: Sources[Field], into: Field) -> bool:
    """Refuse a field that no subgraph resolves; say whether it was refused."""
    for index, source in sources.items():
        through = [source] if source is not None else merge.abstracted(into.parent, into.name, index)
        if not all(merge.is_external(index, field) for field in through):
            return False
    declaring = {index: source for index, source in sources.items() if source is not None}
    merge.error(
        ErrorCode.EXTERNAL_MISSING_ON_BASE,
        f'"{into.coordinate}" is @external in every subgraph that lists it ({merge.names(declaring)}): '
        "one of them has to resolve it.",
        (source.node for source in declaring.values()),
    )
    return True
