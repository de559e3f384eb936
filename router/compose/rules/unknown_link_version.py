"""UNKNOWN_LINK_VERSION: a link to a version of the link specification that we do not know."""

from router.federation.errors import CompositionError, ErrorCode, FederationError, locations
from router.federation.links import Link


def check(link: Link) -> None:
    """Refuse to guess what another version means.

    Raises:
        FederationError: with this code.

    """
    if link.feature is None:
        message = f"{link.url} is not known: link to https://specs.apollo.dev/link/v1.0."
        error = CompositionError(ErrorCode.UNKNOWN_LINK_VERSION, message, locations(link.node))
        raise FederationError([error])
