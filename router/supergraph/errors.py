"""What can be wrong with a supergraph."""

from typing import ClassVar


class SupergraphError(Exception):
    """The text is no supergraph that the router can serve."""

    code: ClassVar[str] = "INVALID_FEDERATION_SUPERGRAPH"


class UnsupportedFeatureError(SupergraphError):
    """The supergraph says that it must not be served without a feature that we do not know."""

    code: ClassVar[str] = "UNSUPPORTED_LINKED_FEATURE"
