"""Progressive overrides: which labels of `@override` hold for a request.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#progressive-override
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import randbelow

from router.supergraph.model import Supergraph

_PERCENT = re.compile(r"percent\((?P<share>\d+(\.\d+)?)\)")
_PARTS = 1 << 32


@dataclass(frozen=True, slots=True)
class Rollout:
    """What a request says of the overrides that hold for it.

    Attributes:
        labels: that hold.
        share: where the request stands from 0 to 100; `percent(x)` holds for those below x. None for a place at random;
            who wants the same visitors to get the same overrides each time gives them places of their own.
    """

    labels: frozenset[str] = frozenset()
    share: float | None = None


NO_ROLLOUT = Rollout()
"""No label holds; a place at random."""


class Labels:
    """The labels in one supergraph."""

    def __init__(self, supergraph: Supergraph) -> None:
        found = {
            join.override_label
            for info in supergraph.types.values()
            for field in info.fields.values()
            for join in field.joins.values()
            if join.override_label is not None
        }
        self._percentages: Mapping[str, float] = {
            label: float(match["share"]) for label in found if (match := _PERCENT.fullmatch(label)) is not None
        }
        self._named = frozenset(found - self._percentages.keys())

    def outcome(self, rollout: Rollout) -> frozenset[str]:
        """The labels that hold for a request.

        All percentages look at one place, so that there are no more outcomes than percentages, and one.
        """
        named = rollout.labels & self._named
        if not self._percentages:
            return named
        share = randbelow(_PARTS) * 100 / _PARTS if rollout.share is None else rollout.share
        return named | {label for label, below in self._percentages.items() if share < below}
