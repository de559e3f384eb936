"""The type system directives that composition carries into the supergraph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from router.compose.limits import LimitExceeded
from router.compose.model import DirectiveDefinition
from router.federation.errors import CompositionError, ErrorCode
from router.federation.features import Feature
from router.federation.values import MISSING, Missing, Value, same_value

_LARGEST_CONDITION = 1_000  # alternatives, which grow by each subgraph that has several
Strategy: TypeAlias = Callable[[Sequence[Value | Missing]], Value | Missing]
"""How the values that subgraphs give to one argument become one."""


@dataclass(frozen=True, slots=True)
class ComposedDirective:
    """A directive of the supergraph that subgraphs apply."""

    name: str
    """Its name in subgraphs and supergraph alike."""
    local_name: str
    """What its feature calls it."""
    feature: Feature | None
    """None for directives composed on a subgraph's own request."""
    definition: DirectiveDefinition
    through_join: bool = False
    """Whether it stays out of the supergraph's own directives, and is told through `@join__directive`."""
    asked_by: frozenset[int] | None = None
    """The subgraphs that ask for it to be composed; None where every use of it is."""

    @property
    def meaning(self) -> str | None:
        """What Federation calls it, where it is Federation's."""
        return self.local_name if self.feature is not None else None

    def carries(self, index: int) -> bool:
        """Whether an application in the subgraph makes the supergraph carry the directive there."""
        return not self.through_join and (self.asked_by is None or index in self.asked_by)


def _known(values: Sequence[Value | Missing]) -> list[Value]:
    return [value for value in values if value is not None and value is not MISSING]


def largest(values: Sequence[Value | Missing]) -> Value | Missing:
    """The largest number given."""
    numbers = [value for value in _known(values) if isinstance(value, int | float)]
    return max(numbers, default=MISSING)


def union(values: Sequence[Value | Missing]) -> Value | Missing:
    """Everything in any of the lists, in order of appearance."""
    lists = [value for value in _known(values) if isinstance(value, list)]
    if not lists:
        return MISSING
    found: list[Value] = []
    for item in (item for items in lists for item in items):
        if not any(same_value(item, each) for each in found):
            found.append(item)
    return found


def conjunction(values: Sequence[Value | Missing]) -> Value | Missing:
    """True where all who say anything say so."""
    said = _known(values)
    return all(bool(value) for value in said) if said else MISSING


def all_of_any(values: Sequence[Value | Missing]) -> Value | Missing:
    """The conjunction of conditions in disjunctive normal form: `[[a], [b]]` means a or b, `[[a, b]]` both."""
    merged: list[frozenset[str]] = [frozenset()]
    for value in _known(values):
        if isinstance(value, list):
            options = [frozenset(str(item) for item in each) for each in value if isinstance(each, list)]
            if len(merged) * len(options) > _LARGEST_CONDITION:
                message = f"Subgraphs' scopes or policies of one element have over {_LARGEST_CONDITION:,} alternatives."
                raise LimitExceeded([CompositionError(ErrorCode.INVALID_GRAPHQL, message)])
            merged = [one | other for one in merged for other in options or [frozenset[str]()]]
    return [list[Value](option) for option in sorted(map(sorted, _minimal(merged)))]


def _minimal(options: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """The options that no other option implies."""
    unique = set(options)
    return [option for option in unique if not any(other < option for other in unique)]


STRATEGIES: Final[dict[str, dict[str, Strategy]]] = {
    "cost": {"weight": largest},
    "listSize": {
        "assumedSize": largest,
        "slicingArguments": union,
        "sizedFields": union,
        "requireOneSlicingArgument": conjunction,
    },
    "requiresScopes": {"scopes": all_of_any},
    "policy": {"policies": all_of_any},
}
"""By the directive's local name and argument."""

THROUGH_JOIN: Final = frozenset({"cacheTag"})
"""Those of Federation's directives that the supergraph tells through `@join__directive` only."""

FEDERATION_COMPOSED: Final = frozenset(
    {
        "tag",
        "inaccessible",
        "authenticated",
        "requiresScopes",
        "policy",
        "context",
        "cost",
        "listSize",
        "cacheTag",
    }
)
"""Federation's directives that reach the supergraph, by local name."""
