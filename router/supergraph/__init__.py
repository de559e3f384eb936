"""The supergraph: a typed read model of the join directives, the schema clients see, and the query graph."""

from router.supergraph.api_schema import api_sdl
from router.supergraph.errors import SupergraphError
from router.supergraph.model import SubgraphInfo, Supergraph

__all__ = ["SubgraphInfo", "Supergraph", "SupergraphError", "api_sdl"]
