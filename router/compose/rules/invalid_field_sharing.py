"""INVALID_FIELD_SHARING: a field that several subgraphs resolve without all of them saying so."""

from router.compose.merge.context import Merge, Overrides, Sources, present
from router.compose.model import Field
from router.federation.errors import ErrorCode


def check(merge: Merge, sources: Sources[Field], into: Field, overrides: Overrides) -> None:
    """Refuse a second resolver where any one is not `@shareable`."""
    resolving: list[tuple[int, Field]] = []
    for index, source in sources.items():
        if source is None:
            resolving.extend((index, field) for field in merge.abstracted(into.parent, into.name, index))
        elif not overrides.gone(index):
            resolving.append((index, source))
    resolving = [(i, field) for i, field in resolving if not merge.subgraphs[i].facts.is_fully_external(field)]
    alone = [index for index, field in resolving if not merge.subgraphs[index].facts.is_shareable(field)]
    if not alone or len(resolving) == 1:
        return
    aside = "".join(
        f' (The @override in "{merge.name(index)}" names a subgraph that does not exist.)'
        for index in alone
        if index in overrides.unknown_source
    )
    merge.error(
        ErrorCode.INVALID_FIELD_SHARING,
        f'"{into.coordinate}" is resolved by {merge.names(dict.fromkeys(index for index, _ in resolving))}, but is not '
        f"@shareable in {merge.names(dict.fromkeys(alone))}. Mark it @shareable everywhere, if all resolve it alike, "
        f"or let one subgraph resolve it.{aside}",
        (field.node for _, field in resolving),
    )


def check_subscription(merge: Merge, sources: Sources[Field], into: Field) -> None:
    """Refuse to share a subscription: its events come from one place."""
    sharing = [source for source in present(sources).values() if source.has("shareable")]
    if sharing:
        merge.error(
            ErrorCode.INVALID_FIELD_SHARING,
            f'"{into.coordinate}" is a subscription, and subscriptions cannot be @shareable. Resolve it in one only.',
            (source.node for source in sharing),
        )
