"""What HTTP wants beside a 401: how a client gets in."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from router.serve.errors import Refused

_CHALLENGE: Final = "www-authenticate"
_PLAIN: Final = "Bearer"


def challenged(refused: Refused, metadata: str | None) -> Mapping[str, str]:
    """The headers of a refusal; one for want of a good token says how to show one, and where to get one.

    Args:
        refused: the refusal; a challenge of its own stays as it is, but for `metadata`.
        metadata: where the resource's metadata are; None if nobody says.

    Source: RFC 6750, section 3; RFC 9728, section 5.1.
    """
    if refused.status is not HTTPStatus.UNAUTHORIZED:
        return refused.headers
    challenge = refused.headers.get(_CHALLENGE, _PLAIN)
    if metadata is not None:
        joint = ", " if " " in challenge else " "
        challenge = f'{challenge}{joint}resource_metadata="{metadata}"'
    return {**refused.headers, _CHALLENGE: challenge}
