"""UNKNOWN_FEDERATION_LINK_VERSION: a link to a version of Federation that we do not know."""

from collections.abc import Iterator

from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.features import LATEST
from router.federation.links import Links


def check(links: Links) -> Iterator[CompositionError]:
    """Refuse to guess what another version means."""
    link = links.federation
    if link is not None and link.feature is None:
        message = f"Federation {link.url.version} is not known: link to one from v2.0 to {LATEST}."
        yield CompositionError(ErrorCode.UNKNOWN_FEDERATION_LINK_VERSION, message, locations(link.node))
