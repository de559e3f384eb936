"""Field sets of `@key` and `@requires` as normalised selections, compiled once per supergraph."""

from router.federation.field_sets import parse_field_set
from router.plan.normalize.merge import Normalizer
from router.plan.selections import Selection
from router.supergraph.model import Supergraph


class FieldSets:
    """Compiles and remembers."""

    def __init__(self, supergraph: Supergraph) -> None:
        self._normalizer = Normalizer(supergraph, {})
        self._known: dict[tuple[str, str], Selection] = {}

    def of(self, type_name: str, text: str) -> Selection:
        """The selection that `text` makes of objects of that type."""
        known = self._known.get((type_name, text))
        if known is None:
            known = self._known[type_name, text] = self._normalizer.selection(type_name, [parse_field_set(text)])
        return known
