"""Prove that selections can be resolved from a node, jumping between subgraphs as needed.

To jump takes a key, and the fields of a key may themselves take jumps; what is proven must not rest on itself. The
least fixed point is wanted: goals met again while being proven count as unproven, what failed for that is doubtful, and
as long as there is some of it while others succeeded, it is tried again.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from typing import TypeAlias

from router.compose.satisfiability.budget import Budget
from router.compose.satisfiability.graph import Graph, Jump, Node, Step
from router.compose.satisfiability.selections import Fragment, Selected, Selection

Labels: TypeAlias = frozenset[tuple[str, bool]]
"""The progressive overrides decided on, by label."""
Places: TypeAlias = Mapping[Node, bool]
"""The nodes a value can be at, and whether a key to the subgraph is known there, to come back to it."""
Proof: TypeAlias = Generator["Proof", bool, bool]
"""Work on a proof: yields another proof it depends on, is sent whether that one holds, and returns whether itself does.

Requirements and keys can depend on one another for longer than Python's stack is deep.
"""
_Goal: TypeAlias = tuple[object, ...]

NO_LABELS: Labels = frozenset()


def _holds(proof: Proof) -> bool:
    """Whether a proof holds, after all those it depends on."""
    stack, answer = [proof], False
    started = False
    while stack:
        try:
            depends_on = stack[-1].send(answer) if started else next(stack[-1])
        except StopIteration as done:
            stack.pop()
            answer, started = bool(done.value), True
        else:
            stack.append(depends_on)
            started = False
    return answer


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
        self._resolved: dict[tuple[Node, str], tuple[Node, ...]] = {}

    def reach(self, node: Node) -> tuple[Node, ...]:
        """The nodes of the same value, `node` first: everywhere its keys lead, directly or further on."""
        if node not in self._reached:
            _holds(self._follow_keys(node))
        return self._reach_so_far(node)

    def places(self, nodes: Iterable[Node]) -> Places:
        """Everywhere a value that is at `nodes` can be had."""
        start = set(nodes)
        found = {node: self.graph.local_key(node) for node in start}
        for node in start:
            found.update(dict.fromkeys(self.reach(node)[1:], True))
        self._budget.spend(len(found))
        return found

    def can_jump(self, node: Node, jump: Jump) -> bool:
        """Whether the key can be resolved starting from `node`."""
        return jump.target in self.reach(node) and _holds(self._select({node}, jump.key))

    def can_require(self, node: Node, step: Step, *, keyed: bool) -> bool:
        """Whether what the step requires can be fetched, and the subgraph come back to with it.

        Args:
            node: where the step starts.
            step: the field.
            keyed: whether a key to the subgraph is known, by having jumped there or by what it resolves.

        """
        return not step.requires or _holds(self._require(node, step, keyed=keyed))

    def can_select(self, nodes: Iterable[Node], selected: Selection) -> bool:
        """Whether the selections can be resolved starting from any of `nodes`."""
        start = frozenset(nodes)
        return _holds(self._prove(("select", start, selected), lambda: self._select(start, selected)))

    def knows_typename(self, node: Node) -> bool:
        """Whether the concrete type of a value can be found out, an interface object not knowing it."""
        return any(not self.graph.is_interface_object(each) for each in self.reach(node))

    def take(self, places: Places, owner: str, name: str, labels: Labels) -> Iterator[tuple[Node, Step]]:
        """Every way to resolve the field of the object `owner`: where from, and the step."""
        for node in self.graph.having(places, owner, name):
            self._budget.spend()
            cast = node if node.type == owner else self.graph.cast(node, owner)
            step = self.graph.step(cast, name) if cast is not None else None
            if cast is None or step is None or (step.label is not None and step.label not in labels):
                continue
            if not step.requires or self.can_require(cast, step, keyed=places[node]):
                yield cast, step

    def _prove(self, goal: _Goal, prove: Callable[[], Proof]) -> Proof:
        if goal in self._proven:
            return True
        if goal in self._refuted:
            return False
        if goal in self._under_way or goal in self._doubtful:
            self._ran_into_itself = True
            return False
        outer = self._begin(goal)
        proven = yield self._try(prove)
        is_certain = self._end(goal, outer=outer)
        if proven:
            self._proven.add(goal)
            self._progressed = True
        else:
            (self._refuted if is_certain else self._doubtful).add(goal)
        self._settle_doubts(failed=not proven)
        return proven

    def _begin(self, goal: _Goal) -> bool:
        """Set out to prove a goal; gives what `_end` is to be told."""
        self._budget.spend()
        outer = self._ran_into_itself
        self._under_way.add(goal)
        return outer

    def _try(self, prove: Callable[[], Proof]) -> Proof:
        """Prove the goal just begun; the outermost one is tried again until there is nothing more to be had."""
        top = len(self._under_way) == 1
        while True:
            self._ran_into_itself = False
            self._progressed = self._progressed and not top
            proven = yield prove()
            if proven or not top or not (self._ran_into_itself and self._progressed):
                return proven
            self._doubtful.clear()

    def _end(self, goal: _Goal, *, outer: bool) -> bool:
        """Whether what came of a goal is certain, no goal under way having been met."""
        self._under_way.discard(goal)
        is_certain = not self._under_way or not self._ran_into_itself
        self._ran_into_itself = outer or not is_certain
        return is_certain

    def _settle_doubts(self, *, failed: bool) -> None:
        """After the outermost goal: where it failed, having been tried again until nothing more came of it, so did all.

        No doubtful goal could then be proven, even with all that was; if it succeeded, they may have been cut short.
        """
        if self._under_way:
            return
        if failed:
            self._refuted |= self._doubtful
            for node in [node for node in self._reaching if ("reach", node) in self._doubtful]:
                self._reached[node] = tuple(self._reaching.pop(node).nodes)
        self._doubtful.clear()

    def _follow_keys(self, node: Node) -> Proof:
        """Find out where the keys of a value at a node lead; what was found is kept."""
        goal = ("reach", node)
        if node in self._reached:
            return True
        reach = self._reaching.setdefault(node, _Reach(node))
        if goal in self._under_way or goal in self._doubtful:
            self._ran_into_itself = True
            return False
        outer = self._begin(goal)
        yield self._try(lambda: self._grow(reach))
        if self._end(goal, outer=outer):
            self._reached[node] = tuple(reach.nodes)
            del self._reaching[node]
        else:
            self._doubtful.add(goal)
        self._settle_doubts(failed=True)
        return True

    def _reach_so_far(self, node: Node) -> tuple[Node, ...]:
        known = self._reached.get(node)
        return tuple(self._reaching[node].nodes) if known is None else known

    def _grow(self, reach: _Reach) -> Proof:
        """Jump wherever a key can be put together from all that is reached; never all that could be wished for."""
        tried: dict[Selected | Fragment, int] = {}
        types = dict.fromkeys(node.type for node in reach.nodes)
        ways = {jump: None for name in types for jump in self.graph.entries(name)}
        grown = True
        while grown:
            grown = False
            self._budget.spend(len(ways) // 16)
            for jump in list(ways):
                if jump.target in reach.nodes:
                    del ways[jump]
                elif (yield self._gather_all(reach, jump.key, tried)):
                    del ways[jump]
                    reach.nodes[jump.target] = None
                    grown = self._progressed = True
                    if jump.target.type not in types:
                        types[jump.target.type] = None
                        ways.update(dict.fromkeys(self.graph.entries(jump.target.type)))
        return False

    def _gather_all(self, reach: _Reach, key: Selection, tried: dict[Selected | Fragment, int]) -> Proof:
        for part in key:
            if part not in reach.parts and not (yield self._gather(reach, part, tried)):
                return False
        return True

    def _gather(self, reach: _Reach, part: Selected | Fragment, tried: dict[Selected | Fragment, int]) -> Proof:
        """Whether some reached node can resolve a part of a key; each is asked once."""
        nodes = list(reach.nodes)
        for node in nodes[tried.get(part, 0) :]:
            if isinstance(part, Selected) and not self.graph.may_have(node, part.name):
                continue
            self._budget.spend()
            keyed = node != nodes[0] or self.graph.local_key(node)
            if (yield self._select_here(node, part, keyed=keyed)):
                reach.parts.add(part)
                return True
        tried[part] = len(nodes)
        return False

    def _select_here(self, node: Node, part: Selected | Fragment, *, keyed: bool) -> Proof:
        if isinstance(part, Fragment):
            return (yield self._select_fragment(node, part))
        if part.name == "__typename":
            return not self.graph.is_interface_object(node)
        return (yield self._select_field(node, part, keyed=keyed))

    def _require(self, node: Node, step: Step, *, keyed: bool) -> Proof:
        if not step.requires:
            return True
        if not keyed:
            return False
        return (yield self._prove(("requires", node, step), lambda: self._select({node}, step.requires)))

    def _select(self, nodes: Iterable[Node], selected: Selection) -> Proof:
        start = set(nodes)
        for part in selected:
            if not (yield self._select_part(start, part)):
                return False
        return True

    def _select_part(self, nodes: set[Node], part: Selected | Fragment) -> Proof:
        self._budget.spend()
        for node in nodes:
            if not part.inner:
                if (yield self._select_from(node, part)):
                    return True
            # different ways lead to the same node, and further on to the same again: each is tried once
            elif (yield self._prove(("part", node, part), lambda node=node: self._select_from(node, part))):
                return True
        return False

    def _select_from(self, node: Node, part: Selected | Fragment) -> Proof:
        """Resolve a part of a selection at `node`, or wherever its keys lead."""
        if isinstance(part, Fragment):
            return (yield self._select_fragment(node, part))
        yield self._follow_keys(node)
        for each in self._resolving(node, part.name):
            keyed = each != node or self.graph.local_key(each)
            if part.name == "__typename" or (yield self._select_field(each, part, keyed=keyed)):
                return True
        return False

    def _resolving(self, node: Node, name: str) -> tuple[Node, ...]:
        """The nodes reached from `node`, so far, that may resolve the field."""
        known = self._resolved.get((node, name))
        if known is not None:
            return known
        found = tuple(each for each in self._reach_so_far(node) if self.graph.may_have(each, name))
        self._budget.spend(len(self._reach_so_far(node)) // 16)
        if node in self._reached:
            self._resolved[node, name] = found
        return found

    def _select_field(self, node: Node, part: Selected, *, keyed: bool) -> Proof:
        """Resolve a field right from `node`."""
        if self.graph.is_abstract(node):
            # the types it can be may be reached from, and lead back to, the same abstract value
            return (yield self._prove(("field", node, part), lambda: self._select_abstract(node, part)))
        step = self.graph.step(node, part.name)
        if step is None or step.label is not None or not (yield self._require(node, step, keyed=keyed)):
            return False
        return (yield self._select({step.target}, part.inner))

    def _select_abstract(self, node: Node, part: Selected) -> Proof:
        step = self.graph.interface_step(node, part.name)
        if step is not None and (yield self._select({step.target}, part.inner)):
            return True
        return (yield self._select_of_each(node, self.graph.runtime_types(node), (part,)))

    def _select_of_each(self, node: Node, types: Iterable[str], selected: Selection) -> Proof:
        """Resolve selections of an abstract value by those of each type it can be."""
        casts = [self.graph.cast(node, name) for name in sorted(types)]
        for cast in casts:
            if cast is None or cast == node or not (yield self._select({cast}, selected)):
                return False
        return bool(casts)

    def _select_fragment(self, node: Node, part: Fragment) -> Proof:
        graph = self.graph
        if part.condition == node.type:
            return (yield self._select({node}, part.inner))
        if graph.is_interface_object(node):
            return (yield self._select_behind(node, part))
        possible = graph.runtime_types(node) & graph.possible_types(part.condition)
        if node.type in possible:
            return (yield self._select({node}, part.inner))
        return not possible or (yield self._select_of_each(node, possible, part.inner))

    def _select_behind(self, node: Node, part: Fragment) -> Proof:
        """Resolve a fragment of an interface object, whose type another subgraph knows."""
        yield self._follow_keys(node)
        nodes = self._reach_so_far(node)
        knowing = [each for each in nodes if not self.graph.is_interface_object(each)]
        if knowing and (yield self._select(nodes, part.inner)):
            return True
        for each in knowing:
            if (yield self._select_fragment(each, part)):
                return True
        return False
