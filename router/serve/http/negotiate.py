"""Which media type the client gets, and which status goes with it.

Only types that hold a whole response are offered here: an `Accept` that also names streams must never turn an ordinary
query into one.

Source: https://graphql.github.io/graphql-over-http/draft/
"""

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from http import HTTPStatus

from router.execute.response import Response
from router.serve.errors import Refused


class MediaType(Enum):
    """What `/graphql` can answer with; where a client likes several equally, the first."""

    JSON = "application/json"
    GRAPHQL_RESPONSE = "application/graphql-response+json"
    HTML = "text/html"


RESPONSES = (MediaType.JSON, MediaType.GRAPHQL_RESPONSE)
WITH_PAGE = (*RESPONSES, MediaType.HTML)

LONGEST_ACCEPT = 2_000
"""Longer headers are cut: no client needs them, and the outcome is kept per header."""


def negotiate(accept: str | None, *, page: bool = False) -> MediaType:
    """The best of what we offer; `page` offers HTML too.

    Raises:
        Refused: the client accepts none of it.
    """
    chosen = _best((accept or "*/*")[:LONGEST_ACCEPT], page)
    if chosen is None:
        offered = " or ".join(each.value for each in RESPONSES)
        raise Refused.because(f"The response can only be {offered}.", status=HTTPStatus.NOT_ACCEPTABLE)
    return chosen


@lru_cache(maxsize=1024)
def _best(accept: str, page: bool) -> MediaType | None:  # noqa: FBT001  # positional for the cache's sake
    ranges = list(preferences(accept))
    offered = WITH_PAGE if page else RESPONSES
    rated = [(_quality(media_type.value, ranges), media_type) for media_type in offered]
    best = max(rated, key=lambda each: each[0])  # the first of equals
    return best[1] if best[0] > (0.0, 0) else None


def preferences(accept: str) -> Iterator[tuple[str, float]]:
    """Media ranges, or codings, with their quality; parameters other than `q` do not narrow them.

    Source: https://www.rfc-editor.org/rfc/rfc9110#name-accept
    """
    for part in accept.split(","):
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                quality = _parse_quality(parameter[2:])
        if name:
            yield name, quality


def _parse_quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


def _quality(name: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """How much the client likes a type: the quality of the most specific range, and how specific that is."""
    family = name.split("/", 1)[0]
    best = (-1, 0.0)
    for given, quality in ranges:
        specificity = {name: 2, f"{family}/*": 1, "*/*": 0}.get(given, -1)
        if specificity > best[0]:
            best = (specificity, quality)
    return (best[1], best[0]) if best[0] >= 0 and best[1] > 0 else (0.0, 0)


def status_of(response: Response, media_type: MediaType) -> HTTPStatus:
    """The status of a GraphQL response that nothing in HTTP stood against.

    Under the older media type intermediaries rely on, any well-formed answer is a 200.
    """
    if response.executed or media_type is MediaType.JSON:
        return HTTPStatus.OK
    return HTTPStatus.BAD_REQUEST
