"""Walk every path a client can query, holding all the places where subgraphs could answer it."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ParamSpec

from router.compose.facts import parse_context
from router.compose.hints import Hint
from router.compose.merge.context import Merge
from router.compose.model import CompositeType, Field, FieldsType, InterfaceType, ObjectType
from router.compose.rules.inaccessible import Visible
from router.compose.satisfiability import runtime_types
from router.compose.satisfiability.budget import Budget
from router.compose.satisfiability.explain import Path, unsatisfiable, unsatisfiable_mutation
from router.compose.satisfiability.graph import Graph, Node, Step
from router.compose.satisfiability.prover import NO_LABELS, Labels, Places, Prover
from router.federation.errors import CompositionError
from router.federation.type_ref import base_name

_P = ParamSpec("_P")
_OF_EACH = 5  # errors told of each subgraph that a mutation could be called in
_COMPARED = 64  # walks of a type that every other is compared with
SetContexts = frozenset[tuple[tuple[int, str], frozenset[Node]]]


@dataclass(frozen=True, slots=True)
class _Walked:
    """A value that was walked on from."""

    places: Places
    labels: Labels
    contexts: SetContexts

    def tells_of(self, state: "State", places: Places) -> bool:
        """Whether all is known of another value of the type, which has no fewer places and contexts."""
        return self.labels <= state.labels and self.contexts <= state.contexts and self.places.items() <= places.items()


@dataclass(frozen=True)
class State:
    """A value a client can get to, and where it can be."""

    type: str
    nodes: frozenset[Node]
    path: Path
    labels: Labels = NO_LABELS
    contexts: SetContexts = frozenset()


class _Known:
    """Everything of one type that was walked on from."""

    def __init__(self) -> None:
        self._first: list[_Walked] = []
        """Had by the shortest ways, with the fewest contexts and labels, and so telling of most others."""
        self._alike: dict[tuple[Labels, SetContexts], list[_Walked]] = {}

    def tells_of(self, state: State, places: Places) -> bool:
        alike = self._alike.get((state.labels, state.contexts), ())
        return any(walked.tells_of(state, places) for walked in (*self._first, *alike))

    def add(self, walked: _Walked) -> None:
        if len(self._first) < _COMPARED:
            self._first.append(walked)
        else:
            self._alike.setdefault((walked.labels, walked.contexts), []).append(walked)

    def __iter__(self) -> Iterator[_Walked]:
        yield from self._first
        for alike in self._alike.values():
            yield from alike


class Walk:
    """The walk over one supergraph."""

    def __init__(self, merge: Merge, visible: Visible, budget: Budget, told: int) -> None:
        self._merge = merge
        self._told = told
        self._visible = visible
        self._budget = budget
        self._prover = Prover(Graph(merge), budget)
        self._seen: dict[str, _Known] = {}
        self._answered: dict[str, _Known] = {}
        """Walked from other mutations, and nothing found that cannot be answered."""
        self.errors: list[CompositionError] = []
        self.untold = 0
        """Errors beyond those that are told, which are not looked into."""
        self.hints: list[Hint] = []

    def run(self) -> None:
        """Walk from each root."""
        for kind, name in self._merge.supergraph.roots.items():
            nodes = frozenset(
                Node(index, name)
                for index, subgraph in enumerate(self._merge.subgraphs)
                if name in subgraph.schema.types
            )
            start = State(name, nodes, Path(kind))
            if kind == "mutation":
                self._walk_mutations(start)
            else:
                self._walk(start)

    def _walk(self, start: State) -> None:
        """Take the shortest ways first: they tell most, having passed the fewest contexts."""
        pending = deque([start])
        while pending:
            state = pending.popleft()
            self._budget.spend()
            places = self._prover.places(state.nodes)
            if not self._is_known(state, places):
                pending.extend(self._next(state, places))

    def _walk_mutations(self, start: State) -> None:
        """A mutation is called once, in one subgraph, so that one of them must do for the rest of the query."""
        for field, after, groups in self._mutations(start):
            failures: list[tuple[str, list[CompositionError]]] = []
            for subgraph, nodes in groups.items():
                alone = Walk(self._merge, self._visible, self._budget, self._told if len(groups) == 1 else _OF_EACH)
                alone._prover, alone._answered = self._prover, self._answered
                alone._walk(replace(after, nodes=frozenset(nodes)))
                if not alone.errors:
                    for name, known in alone._seen.items():
                        answered = self._answered.setdefault(name, _Known())
                        for walked in known:
                            answered.add(walked)
                self.hints.extend(alone.hints)
                failures.append((self._merge.name(subgraph), alone.errors))
            if not failures:
                continue
            if all(errors for _, errors in failures):
                if len(failures) == 1:
                    for error in failures[0][1]:
                        self._refuse(_said, error)
                else:
                    self._refuse(unsatisfiable_mutation, self._prover.graph, field, after.path, failures)

    def _refuse(self, explain: Callable[_P, CompositionError], *args: _P.args, **kwargs: _P.kwargs) -> None:
        if len(self.errors) < self._told:
            self.errors.append(explain(*args, **kwargs))
        else:
            self.untold += 1

    def _mutations(self, start: State) -> Iterator[tuple[Field, State, dict[int, set[Node]]]]:
        type_ = self._merge.supergraph.fields_type(start.type)
        for field in self._fields(type_) if type_ else ():
            for after in self._take(start, self._prover.places(start.nodes), field):
                groups: dict[int, set[Node]] = {}
                for node in after.nodes:
                    groups.setdefault(node.subgraph, set()).add(node)
                yield field, after, groups

    def _is_known(self, state: State, places: Places) -> bool:
        """Whether the same value was walked with no more places to be."""
        known = self._seen.setdefault(state.type, _Known())
        answered = self._answered.get(state.type)
        if known.tells_of(state, places) or (answered is not None and answered.tells_of(state, places)):
            return True
        known.add(_Walked(places, state.labels, state.contexts))
        return False

    def _next(self, state: State, places: Places) -> Iterator[State]:
        type_ = self._merge.supergraph.composite(state.type)
        if isinstance(type_, ObjectType):
            for field in self._fields(type_):
                yield from self._take(state, places, field)
        elif type_ is not None:
            yield from self._cast(state, places, type_)

    def _fields(self, type_: FieldsType) -> list[Field]:
        return [field for field in type_.fields.values() if self._visible.sees(field)]

    def _cast(self, state: State, places: Places, type_: CompositeType) -> Iterator[State]:
        """Tell apart the types that an abstract value can be."""
        graph = self._prover.graph
        for each in self._merge.supergraph.runtime_types(type_):
            if not self._visible.sees(each):
                continue
            concrete = [
                node
                for node in state.nodes
                if not (isinstance(type_, InterfaceType) and graph.is_interface_object(node))
            ]
            if any(each.name not in graph.runtime_types(node) for node in concrete):
                # where some subgraph never returns the type, no query can be answered with it
                continue
            nodes = frozenset(self._casts(places, each.name))
            after = replace(state, type=each.name, nodes=nodes, path=state.path.on(each.name))
            if nodes:
                yield after
            else:
                self._refuse(unsatisfiable, self._prover, after.path, state.nodes, each.name, None)

    def _casts(self, places: Places, name: str) -> Iterator[Node]:
        graph = self._prover.graph
        for node in places:
            cast = graph.cast(node, name)
            if cast is not None and (not graph.is_interface_object(cast) or self._prover.knows_typename(cast)):
                yield cast

    def _take(self, state: State, places: Places, field: Field) -> Iterator[State]:
        """Follow a field, once for each way its progressive override can be decided."""
        type_ = self._merge.supergraph.composite(base_name(field.type))
        for labels in self._decisions(state.labels, field):
            nodes = frozenset(
                step.target
                for node, step in self._prover.take(places, state.type, field.name, labels)
                if not step.contexts or self._has_contexts(state, node, step)
            )
            if not nodes:
                path = state.path.field(field)
                self._refuse(unsatisfiable, self._prover, path, state.nodes, state.type, field.name)
            elif type_ is not None and self._agree_on_types(field, type_, nodes):
                yield State(type_.name, nodes, state.path.field(field), labels, self._set_contexts(state))

    def _agree_on_types(self, field: Field, type_: CompositeType, nodes: frozenset[Node]) -> bool:
        error, hint = runtime_types.check(self._prover.graph, field, type_, nodes)
        if error is not None:
            self._refuse(_said, error)
        if hint is not None:
            self.hints.append(hint)
        return error is None

    def _decisions(self, labels: Labels, field: Field) -> list[Labels]:
        overrides = self._merge.overrides.get(field.coordinate)
        names = set(overrides.labels.values()) if overrides else set[str]()
        for name in names:
            if not any(known == name for known, _ in labels):
                return [labels | {(name, True)}, labels | {(name, False)}]
        return [labels]

    def _has_contexts(self, state: State, node: Node, step: Step) -> bool:
        """Whether each context that the step uses was set on the way, and can be read from there."""
        known = dict(self._set_contexts(state))
        return self._prover.graph.local_key(node) and all(
            self._prover.can_select(known.get((node.subgraph, context.name), ()), context.selection)
            and (node.subgraph, context.name) in known
            for context in step.contexts
        )

    def _set_contexts(self, state: State) -> SetContexts:
        """The contexts that the value's own type sets, for those below it."""
        names = self._setting.get(state.type)
        if not names:
            return state.contexts
        return frozenset({**dict(state.contexts), **dict.fromkeys(names, state.nodes)}.items())

    @cached_property
    def _setting(self) -> dict[str, list[tuple[int, str]]]:
        """The contexts that a value of each object type sets, by subgraph and name."""
        found: dict[str, list[tuple[int, str]]] = {}
        for index, subgraph in enumerate(self._merge.subgraphs):
            for type_ in subgraph.schema.types.values():
                if not isinstance(type_, CompositeType):
                    continue
                for applied in type_.applied("context"):
                    name = str(applied.arguments.get("name"))
                    merged = self._merge.supergraph.composite(type_.name)
                    if merged is None or (index, name) not in self._used_contexts:
                        continue
                    for each in self._merge.supergraph.runtime_types(merged):
                        found.setdefault(each.name, []).append((index, name))
        return found

    @cached_property
    def _used_contexts(self) -> frozenset[tuple[int, str]]:
        """The contexts that any argument takes its value from, by subgraph and name."""
        return frozenset(
            (index, parse_context(applied.arguments.get("field"))[0])
            for index, subgraph in enumerate(self._merge.subgraphs)
            for type_ in subgraph.schema.with_fields()
            for field in type_.fields.values()
            for argument in field.arguments.values()
            for applied in argument.applied("fromContext")
        )


def _said(error: CompositionError) -> CompositionError:
    return error
