"""Whether requirements are what composition makes of others when it asks for all of them at once."""

from collections.abc import Iterable
from typing import TypeAlias

from router.supergraph.access.requirements import AccessKind, Requirement, Requirements

_LARGEST = 1_000
"""Alternatives, which grow by each requirement that has several."""

Options: TypeAlias = frozenset[frozenset[str]]


def is_conjunction(whole: Requirements, parts: Iterable[Requirements]) -> bool:
    """Whether `whole` asks for what all `parts` together ask for, and for nothing else.

    Where that would take too long to tell, the answer is no.
    """
    together = frozenset[Requirement]().union(*parts)
    return all(_same(_options(whole, kind), _options(together, kind)) for kind in AccessKind)


def _same(one: Options | None, other: Options | None) -> bool:
    return one is not None and one == other


def _options(requirements: Requirements, kind: AccessKind) -> Options | None:
    """The alternatives for meeting all requirements of a kind; None if they are too many."""
    given = {each.options for each in requirements if each.kind is kind}
    if kind is AccessKind.AUTHENTICATED:
        return frozenset() if given else frozenset({frozenset()})
    merged: Options = frozenset({frozenset()})
    for options in given:
        if len(merged) * len(options) > _LARGEST:
            return None
        product = {one | other for one in merged for other in options}
        merged = frozenset(each for each in product if not any(other < each for other in product))
    return merged
