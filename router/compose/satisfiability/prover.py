"""Prove that selections can be resolved from a node, jumping between subgraphs as needed.

To jump takes a key, and the fields of a key may themselves take jumps; what is proven must not rest on itself. The
least fixed point is wanted: goals met again while being proven count as unproven, what failed for that is doubtful, and
as long as there is some of it while others succeeded, it is tried again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from typing import TypeAlias

from router.compose.satisfiability.budget import Budget
from router.compose.satisfiability.graph import Graph, Jump, Node, Step
from router.compose.satisfiability.selections import Fragment, Selected, Selection

Labels: TypeAlias = frozenset[tuple[str, bool]]
"""The progressive overrides decided on, by label."""
Contexts: TypeAlias = Mapping[tuple[int, str], frozenset[Node]]
"""Where a subgraph's context was last set, on the way."""
Places: TypeAlias = frozenset[tuple[Node, bool]]
"""The nodes a value can be at, and whether a key to the subgraph is known there, to come back to it."""
_Goal: TypeAlias = tuple[object, ...]

NO_LABELS: Labels = frozenset()


@dataclass(slots=True)
class _Reach:
    """How far a value at a node is known to reach."""

    start: InitVar[Node]
    nodes: dict[Node, None] = field(init=False)
    parts: set[Selected | Fragment] = field(default_factory=set[Selected | Fragment])
    """Those of keys that are known to be had at some of the nodes."""

    def __post_init__(self, start: Node) -> None:
        self.nodes = {start: None}


class Prover:
    """What is known of a graph so far."""

    def __init__(self, graph: Graph, budget: Budget) -> None:
        self.graph = graph
        self._budget = budget
        self._proven: set[_Goal] = set()
        self._refuted: set[_Goal] = set()
        self._doubtful: set[_Goal] = set()
        """Failed, perhaps only for having met a goal under way."""
        self._under_way: set[_Goal] = set()
        self._ran_into_itself = False
        self._progressed = False
        self._reached: dict[Node, tuple[Node, ...]] = {}
        self._reaching: dict[Node, _Reach] = {}

    def _holds(self, goal: _Goal, prove: Callable[[], bool]) -> bool:
        if goal in self._proven:
            return True
        if goal in self._refuted:
            return False
        if goal in self._under_way or goal in self._doubtful:
            self._ran_into_itself = True
            return False
        proven, is_certain = self._settle(goal, prove)
        if proven:
            self._proven.add(goal)
            self._progressed = True
        else:
            (self._refuted if is_certain else self._doubtful).add(goal)
        if not self._under_way:
            self._doubtful.clear()
        return proven

    def _settle(self, goal: _Goal, prove: Callable[[], bool]) -> tuple[bool, bool]:
        """Whether a goal is proven; and whether that is certain, no goal under way having been met."""
        self._budget.spend()
        outer, top = self._ran_into_itself, not self._under_way
        self._under_way.add(goal)
        while True:
            self._ran_into_itself = False
            self._progressed = self._progressed and not top
            proven = prove()
            if proven or not top or not (self._ran_into_itself and self._progressed):
                break
            self._doubtful.clear()
        self._under_way.discard(goal)
        # the outermost goal has tried again until there was nothing more to be had
        is_certain = top or not self._ran_into_itself
        self._ran_into_itself = outer or not is_certain
        return proven, is_certain

    def reach(self, node: Node) -> tuple[Node, ...]:
        """The nodes of the same value, `node` first: everywhere its keys lead, directly or further on."""
        known = self._reached.get(node)
        if known is not None:
            return known
        reach = self._reaching.setdefault(node, _Reach(node))
        goal = ("reach", node)
        if goal in self._under_way or goal in self._doubtful:
            self._ran_into_itself = True
            return tuple(reach.nodes)
        _, is_certain = self._settle(goal, lambda: self._grow(reach))
        if is_certain:
            self._reached[node] = tuple(reach.nodes)
            del self._reaching[node]
        else:
            self._doubtful.add(goal)
        if not self._under_way:
            self._doubtful.clear()
        return tuple(reach.nodes)

    def _grow(self, reach: "_Reach") -> bool:
        """Jump wherever a key can be put together from all that is reached; never all that could be wished for."""
        tried: dict[Selected | Fragment, int] = {}
        types = dict.fromkeys(node.type for node in reach.nodes)
        ways = {jump: None for name in types for jump in self.graph.entries(name)}
        grown = True
        while grown:
            grown = False
            for jump in list(ways):
                if jump.target in reach.nodes:
                    del ways[jump]
                elif all(self._gather(reach, part, tried) for part in jump.key):
                    del ways[jump]
                    reach.nodes[jump.target] = None
                    grown = self._progressed = True
                    if jump.target.type not in types:
                        types[jump.target.type] = None
                        ways.update(dict.fromkeys(self.graph.entries(jump.target.type)))
        return False

    def _gather(self, reach: "_Reach", part: Selected | Fragment, tried: dict[Selected | Fragment, int]) -> bool:
        """Whether some reached node can resolve a part of a key; each is asked once."""
        if part in reach.parts:
            return True
        nodes = list(reach.nodes)
        for node in nodes[tried.get(part, 0) :]:
            self._budget.spend()
            if self._select_here(node, part, keyed=node != nodes[0] or self.graph.local_key(node)):
                reach.parts.add(part)
                return True
        tried[part] = len(nodes)
        return False

    def _select_here(self, node: Node, part: Selected | Fragment, *, keyed: bool) -> bool:
        if isinstance(part, Fragment):
            return self._select_fragment(node, part)
        if part.name == "__typename":
            return not self.graph.is_interface_object(node)
        return self._select_field(node, part, keyed=keyed)

    def places(self, nodes: Iterable[Node]) -> Places:
        """Everywhere a value that is at `nodes` can be had."""
        start = set(nodes)
        found = {node: self.graph.local_key(node) for node in start}
        for node in start:
            found.update(dict.fromkeys(self.reach(node)[1:], True))
        return frozenset(found.items())

    def can_jump(self, node: Node, jump: Jump) -> bool:
        """Whether the key can be resolved starting from `node`."""
        return jump.target in self.reach(node) and self._select({node}, jump.key)

    def can_require(self, node: Node, step: Step, *, keyed: bool) -> bool:
        """Whether what the step requires can be fetched, and the subgraph come back to with it.

        Args:
            node: where the step starts.
            step: the field.
            keyed: whether a key to the subgraph is known, by having jumped there or by what it resolves.

        """
        if not step.requires:
            return True
        if not keyed:
            return False
        return self._holds(("requires", node, step), lambda: self._select({node}, step.requires))

    def can_select(self, nodes: Iterable[Node], selected: Selection) -> bool:
        """Whether the selections can be resolved starting from any of `nodes`."""
        start = frozenset(nodes)
        return self._holds(("select", start, selected), lambda: self._select(start, selected))

    def knows_typename(self, node: Node) -> bool:
        """Whether the concrete type of a value can be found out, an interface object not knowing it."""
        return any(not self.graph.is_interface_object(each) for each in self.reach(node))

    def take(self, places: Places, owner: str, name: str, labels: Labels) -> Iterator[tuple[Node, Step]]:
        """Every way to resolve the field of the object `owner`: where from, and the step."""
        for node, keyed in places:
            self._budget.spend()
            cast = node if node.type == owner else self.graph.cast(node, owner)
            step = self.graph.step(cast, name) if cast is not None else None
            if cast is None or step is None or (step.label is not None and step.label not in labels):
                continue
            if not step.requires or self.can_require(cast, step, keyed=keyed):
                yield cast, step

    def _select(self, nodes: Iterable[Node], selected: Selection) -> bool:
        return all(self._select_part(set(nodes), part) for part in selected)

    def _select_part(self, nodes: set[Node], part: Selected | Fragment) -> bool:
        self._budget.spend()
        if isinstance(part, Fragment):
            return any(self._select_fragment(node, part) for node in nodes)
        if part.name == "__typename":
            return any(self.knows_typename(node) for node in nodes)
        return any(
            self._select_field(each, part, keyed=each != node or self.graph.local_key(each))
            for node in nodes
            for each in self.reach(node)
        )

    def _select_field(self, node: Node, part: Selected, *, keyed: bool) -> bool:
        """Resolve a field right from `node`."""
        if not self.graph.is_abstract(node):
            step = self.graph.step(node, part.name)
            return (
                step is not None
                and step.label is None
                and self.can_require(node, step, keyed=keyed)
                and self._select({step.target}, part.inner)
            )
        step = self.graph.interface_step(node, part.name)
        if step is not None and self._select({step.target}, part.inner):
            return True
        return self._select_of_each(node, self.graph.runtime_types(node), (part,))

    def _select_of_each(self, node: Node, types: Iterable[str], selected: Selection) -> bool:
        """Resolve selections of an abstract value by those of each type it can be."""
        casts = [self.graph.cast(node, name) for name in sorted(types)]
        return bool(casts) and all(
            cast is not None and cast != node and self._select({cast}, selected) for cast in casts
        )

    def _select_fragment(self, node: Node, part: Fragment) -> bool:
        graph = self.graph
        if part.condition == node.type:
            return self._select({node}, part.inner)
        if graph.is_interface_object(node):
            return self.knows_typename(node) and self._select(set(self.reach(node)), part.inner)
        condition = graph.merge.supergraph.composite(part.condition)
        wanted = {each.name for each in graph.merge.supergraph.runtime_types(condition)} if condition else set[str]()
        possible = graph.runtime_types(node) & wanted
        if node.type in possible:
            return self._select({node}, part.inner)
        return not possible or self._select_of_each(node, possible, part.inner)
