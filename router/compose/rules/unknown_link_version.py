"""UNKNOWN_LINK_VERSION: a link to a version of the link specification that we do not know."""

from collections.abc import Iterator

from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.links import Link


def check(link: Link) -> Iterator[CompositionError]:
    """Refuse to guess what another version means."""
    if link.feature is None:
        message = f"{link.url} is not known: link to https://specs.apollo.dev/link/v1.0."
        yield CompositionError(ErrorCode.UNKNOWN_LINK_VERSION, message, locations(link.node))
