"""What can be wrong with a supergraph."""

from typing import ClassVar


class SupergraphError(Exception):
    """The text is no supergraph that the router can serve."""

    code: ClassVar[str] = "INVALID_FEDERATION_SUPERGRAPH"
