"""Directives that the supergraph tells through `@join__directive` rather than carrying them itself."""

from router.compose.merge.context import Merge, Sources, present
from router.compose.model import Applied, Element
from router.federation.features import CONNECT, LINK
from router.federation.urls import FeatureUrl
from router.federation.values import Value, same_value


def join_directives(merge: Merge, sources: Sources[Element], into: Element) -> None:
    """Say once for each distinct application which subgraphs apply it."""
    found: list[tuple[str, dict[str, Value], list[Value]]] = []
    for index, source in present(sources).items():
        for applied in source.directives:
            name = _told_name(merge, index, applied)
            if name is None:
                continue
            for other, arguments, graphs in found:
                if other == name and same_value(arguments, applied.arguments):
                    graphs.append(merge.graph(index))
                    break
            else:
                found.append((name, applied.arguments, [merge.graph(index)]))
    for name, arguments, graphs in found:
        into.directives.append(merge.join_directive("directive", {"graphs": graphs, "name": name, "args": arguments}))


def _told_name(merge: Merge, index: int, applied: Applied) -> str | None:
    """The name to tell the application by; None, where it is not told this way."""
    composed = merge.composed.get(applied.name)
    if composed is not None and composed.through_join:
        # under the one name it has without imports, whatever subgraphs call it
        return f"federation__{composed.local_name}"
    origin = merge.subgraphs[index].links.directive(applied.name)
    if origin is None:
        return None
    identity = origin.link.url.identity
    if identity == LINK:
        url = applied.arguments.get("url")
        is_connect = (
            isinstance(url, str) and url.startswith(CONNECT + "/") and FeatureUrl.parse(url).identity == CONNECT
        )
        return applied.name if is_connect else None
    return applied.name if identity == CONNECT else None
