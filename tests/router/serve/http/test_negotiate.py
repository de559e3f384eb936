"""The media type is the client's choice among those that hold one response."""

import pytest

from router.serve import Refused
from router.serve.http.negotiate import MediaType, negotiate

JSON = MediaType.JSON
MODERN = MediaType.GRAPHQL_RESPONSE
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", MODERN),
        ("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8;q=0.9", MODERN),
        ("application/json;q=0.5, application/graphql-response+json", MODERN),
        ("APPLICATION/JSON", JSON),
        ("application/json;q=0, */*", MODERN),
        ("application/json;q=nonsense, application/graphql-response+json;q=0.1", MODERN),
        ("multipart/mixed;deferSpec=20220824, application/json", JSON),
        (URQL, JSON),
        (BROWSER, JSON),
    ],
)
def test_one_response_is_never_a_stream_or_a_page(accept: str | None, chosen: MediaType) -> None:
    assert negotiate(accept) is chosen


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json;q=0", "image/png, text/html", ",;,"])
def test_nothing_acceptable_is_refused(accept: str) -> None:
    with pytest.raises(Refused):
        negotiate(accept)


@pytest.mark.parametrize(
    ("accept", "chosen"), [(BROWSER, MediaType.HTML), ("*/*", JSON), ("application/json, text/html", JSON)]
)
def test_a_page_is_for_those_who_prefer_it(accept: str, chosen: MediaType) -> None:
    assert negotiate(accept, page=True) is chosen
