"""Say which query cannot be answered, and why each way out of it fails."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from router.compose.model import Field, RootKind
from router.compose.satisfiability.graph import Node
from router.compose.satisfiability.prover import Prover
from router.compose.satisfiability.selections import show
from router.federation.errors import CompositionError, ErrorCode


@dataclass(frozen=True)
class Path:
    """The way from a root to a value, innermost last."""

    kind: RootKind
    steps: tuple[str, ...] = ()

    def field(self, field: Field) -> "Path":
        arguments = ", ".join(f"{name}: …" for name, argument in field.arguments.items() if argument.required)
        return replace(self, steps=(*self.steps, f"{field.name}({arguments})" if arguments else field.name))

    def on(self, name: str) -> "Path":
        """The path with the value known to be of the type `name`."""
        return replace(self, steps=(*self.steps, f"... on {name}"))

    def __str__(self) -> str:
        return f"{self.kind} {{ {' { '.join(self.steps)}{' }' * len(self.steps)}"


def unsatisfiable(prover: Prover, path: Path, nodes: Iterable[Node], owner: str, name: str | None) -> CompositionError:
    """The error of a query that ends in a field, or in a type if `name` is None, that nothing leads to."""
    lines = [f"  {line}" for node in sorted(nodes) for line in _reasons(prover, node, owner, name)]
    reasons = "\n".join(dict.fromkeys(lines))
    return CompositionError(
        ErrorCode.SATISFIABILITY_ERROR, f"No subgraphs together can answer this query:\n  {path}\n{reasons}"
    )


def unsatisfiable_mutation(path: Path, failures: Iterable[tuple[str, list[CompositionError]]]) -> CompositionError:
    """The error of a mutation that no subgraph having it can answer all of."""
    said = "\n".join(f'- from "{name}":\n{error.message}' for name, errors in failures for error in errors)
    return CompositionError(
        ErrorCode.SATISFIABILITY_ERROR,
        f'The mutation "{path.steps[0]}" must be called in one subgraph, and none can answer all that follows:\n{said}',
    )


def _reasons(prover: Prover, start: Node, owner: str, name: str | None) -> Iterator[str]:
    merge = prover.graph.merge
    for node in prover.reach(start):
        here = merge.name(node.subgraph)
        yield f'from "{here}": {_why_not_here(prover, node, owner, name)}'
        for jump in prover.graph.jumps(node):
            if not prover.can_jump(node, jump):
                there = merge.name(jump.target.subgraph)
                yield (
                    f'from "{here}": cannot go to "{there}" by the key "{show(jump.key)}" of "{jump.target.type}", '
                    "as its fields cannot all be resolved"
                )
    yield from _unreachable(prover, start, owner, name)


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


def _unreachable(prover: Prover, start: Node, owner: str, name: str | None) -> Iterator[str]:
    """The subgraphs that have the field and cannot be entered at all."""
    merge = prover.graph.merge
    entered = {node.subgraph for node in prover.reach(start)}
    tried = {jump.target.subgraph for node in prover.reach(start) for jump in prover.graph.jumps(node)}
    for index, subgraph in enumerate(merge.subgraphs):
        type_ = subgraph.schema.fields_type(owner)
        if index in entered | tried or type_ is None or (name is not None and name not in type_.fields):
            continue
        what = "has no resolvable @key" if type_.has("key") else "has no @key"
        yield f'"{subgraph.name}" has it, but "{start.type}" {what} there'
