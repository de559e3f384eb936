"""SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES: a shared field whose value is never of the same type in two subgraphs."""

from operator import attrgetter

from router.compose.hints import Hint, HintCode
from router.compose.model import CompositeType, Field, ObjectType
from router.compose.satisfiability.graph import Graph, Node
from router.federation.errors import CompositionError, ErrorCode, locations


def check(
    graph: Graph, field: Field, type_: CompositeType, nodes: frozenset[Node]
) -> tuple[CompositionError | None, Hint | None]:
    """Compare the objects that each subgraph sharing a field can return."""
    abstract = [node for node in nodes if graph.is_abstract(node)]
    if len(abstract) < 2 or isinstance(type_, ObjectType) or not _is_shared(graph, field):  # noqa: PLR2004 - two differ
        return None, None
    known = frozenset(each.name for each in graph.merge.supergraph.runtime_types(type_))
    possible: dict[str, frozenset[str]] = {}
    for node in sorted(nodes, key=attrgetter("rank")):
        types = graph.runtime_types(node)
        if len(types) != 1 or types <= known:
            possible[graph.merge.name(node.subgraph)] = types
    if not any(possible.values()):
        return None, None
    common = known.intersection(*possible.values())
    if len(set(possible.values())) == 1:
        return None, None
    shown = "; ".join(f'"{name}" has {", ".join(sorted(types)) or "none"}' for name, types in possible.items())
    if not common:
        message = (
            f'"{field.coordinate}" is shared and of type "{field.type}", but no object is possible in all subgraphs: '
            f"{shown}. A shared field must resolve to the same in each."
        )
        places = locations(*graph.declarations(field.parent, field.name))
        return CompositionError(ErrorCode.SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES, message, places), None
    message = f'"{field.coordinate}" is shared, but the objects it can return differ: {shown}.'
    return None, Hint(HintCode.INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN, message)


def _is_shared(graph: Graph, field: Field) -> bool:
    merge = graph.merge
    owner = merge.supergraph.types.get(field.parent)
    if not isinstance(owner, ObjectType):
        return False
    joins = field.named("join__field")
    if not joins:
        return len({str(join.arguments.get("graph")) for join in owner.named("join__type")}) > 1
    resolving = [
        join for join in joins if not join.arguments.get("external") and not join.arguments.get("usedOverridden")
    ]
    return len(resolving) > 1
