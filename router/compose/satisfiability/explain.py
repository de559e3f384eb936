"""Say which query cannot be answered, and why each way out of it fails."""

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import NamedTuple

from router.compose.model import Field, FieldsType, RootKind
from router.compose.satisfiability.graph import Graph, Jump, Node
from router.compose.satisfiability.prover import Prover
from router.compose.satisfiability.selections import show
from router.federation.errors import CompositionError, ErrorCode, locations

_SHOWN = 30
"""How many fields of a long path are shown at either end."""
_REASONS = 50
"""How many reasons are told."""


class Path(NamedTuple):
    """The way from a root to a value: the last step, and the way to there."""

    kind: RootKind
    step: str = ""
    before: "Path | None" = None

    def field(self, field: Field) -> "Path":
        arguments = ", ".join(f"{name}: …" for name, argument in field.arguments.items() if argument.required)
        return Path(self.kind, f"{field.name}({arguments})" if arguments else field.name, self)

    def on(self, name: str) -> "Path":
        """The path with the value known to be of the type `name`."""
        return Path(self.kind, f"... on {name}", self)

    def __str__(self) -> str:
        steps = self._steps()
        if len(steps) > 2 * _SHOWN:
            steps = [*steps[:_SHOWN], "…", *steps[-_SHOWN:]]
        return f"{self.kind} {{ {' { '.join(steps)}{' }' * len(steps)}"

    def _steps(self) -> list[str]:
        found, at = list[str](), self
        while at.before is not None:
            found.append(at.step)
            at = at.before
        return found[::-1]


_rank = attrgetter("rank")


def unsatisfiable(prover: Prover, path: Path, nodes: Iterable[Node], owner: str, name: str | None) -> CompositionError:
    """The error of a query that ends in a field, or in a type if `name` is None, that nothing leads to."""
    reasons: dict[str, None] = {}
    for reason in (line for node in sorted(nodes, key=_rank) for line in _reasons(prover, node, owner, name)):
        if len(reasons) == _REASONS:
            reasons["(and so on)"] = None
            break
        reasons[reason] = None
    message = "\n  ".join(["No subgraphs together can answer this query:", str(path), *reasons])
    places = locations(*prover.graph.declarations(owner, name))
    return CompositionError(ErrorCode.SATISFIABILITY_ERROR, message, places)


def unsatisfiable_mutation(
    graph: Graph, field: Field, path: Path, failures: Iterable[tuple[str, list[CompositionError]]]
) -> CompositionError:
    """The error of a mutation that no subgraph having it can answer all of."""
    said = "\n".join(f'- from "{name}":\n{error.message}' for name, errors in failures for error in errors)
    return CompositionError(
        ErrorCode.SATISFIABILITY_ERROR,
        f'The mutation "{path.step}" must be called in one subgraph, and none can answer all that follows:\n{said}',
        locations(*graph.declarations(field.parent, field.name)),
    )


def _reasons(prover: Prover, start: Node, owner: str, name: str | None) -> Iterator[str]:
    merge = prover.graph.merge
    reached, tried = dict.fromkeys(prover.reach(start)), set[Jump]()
    for node in reached:
        here = merge.name(node.subgraph)
        yield f'from "{here}": {_why_not_here(prover, node, owner, name)}'
        for jump in prover.graph.jumps(node):
            if jump not in tried and jump.target not in reached:
                tried.add(jump)
                there = merge.name(jump.target.subgraph)
                yield (
                    f'from "{here}": cannot go to "{there}" by the key "{show(jump.key)}" of "{jump.target.type}", '
                    "as its fields cannot all be resolved"
                )
    entered = {node.subgraph for node in reached} | {jump.target.subgraph for jump in tried}
    yield from _unreachable(prover, start, entered, owner, name)


def _why_not_here(prover: Prover, node: Node, owner: str, name: str | None) -> str:
    graph = prover.graph
    cast = graph.cast(node, owner)
    if name is None or cast is None:
        if graph.is_interface_object(node):
            return f'"{node.type}" is an @interfaceObject, and its type cannot be found out'
        return f'the type "{owner}" is not known'
    type_ = graph.merge.subgraphs[node.subgraph].schema.fields_type(cast.type)
    field = type_.fields.get(name) if type_ else None
    return f'there is no field "{cast.type}.{name}"' if field is None else _why_not_resolved(prover, cast, field)


def _why_not_resolved(prover: Prover, cast: Node, field: Field) -> str:
    graph = prover.graph
    step = graph.step(cast, field.name)
    if step is None:
        overridden = graph.merge.overrides.get(field.coordinate)
        gone = overridden is not None and overridden.gone(cast.subgraph)
        return f'"{field.coordinate}" is {"overridden" if gone else "@external"}'
    if step.contexts:
        return f'a context that "{field.coordinate}" uses is not set, or cannot be read'
    if step.requires and not prover.can_require(cast, step, keyed=True):
        return f'what "{field.coordinate}" requires, "{show(step.requires)}", cannot be resolved'
    return f'"{field.coordinate}" needs a key of "{cast.type}" known here, to come back with what it requires'


def _unreachable(prover: Prover, start: Node, tried: set[int], owner: str, name: str | None) -> Iterator[str]:
    """The subgraphs that have the field and cannot be entered at all."""
    merge = prover.graph.merge
    for index, type_ in merge.source_types(owner).items():
        if index in tried or not isinstance(type_, FieldsType) or (name is not None and name not in type_.fields):
            continue
        what = "has no resolvable @key" if type_.has("key") else "has no @key"
        yield f'"{merge.name(index)}" has it, but "{start.type}" {what} there'
