"""UNKNOWN_FEDERATION_LINK_VERSION: a link to a version of Federation that we do not know."""

from router.federation.errors import CompositionError, ErrorCode, FederationError, locations
from router.federation.features import LATEST
from router.federation.links import Links


def check(links: Links) -> None:
    """Refuse to guess what another version means.

    Raises:
        FederationError: with this code.

    """
    link = links.federation
    if link is not None and link.feature is None:
        message = f"Federation {link.url.version} is not known: link to one from v2.0 to {LATEST}."
        error = CompositionError(ErrorCode.UNKNOWN_FEDERATION_LINK_VERSION, message, locations(link.node))
        raise FederationError([error])
