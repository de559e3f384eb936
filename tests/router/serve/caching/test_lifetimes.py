"""`Cache-Control` is read as RFC 9111 says, and decides with the schema how long an answer is kept, and for whom."""

import pytest

from router.execute.transport.connection import Reply
from router.serve.caching.config import Scope
from router.serve.caching.lifetimes import CacheControl, parse_cache_control
from router.serve.caching.policy import CacheHeaders, Policy, Said, policy_of

UNSAID = Said(0, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", CacheControl()),
        ("max-age=60, public", CacheControl(public=True, max_age=60)),
        ("Max-Age = 60 ,PRIVATE", CacheControl(private=True, max_age=60)),
        ('private="set-cookie", max-age="30"', CacheControl(private=True, max_age=30)),
        ("s-maxage=10, max-age=5", CacheControl(max_age=5, shared_max_age=10)),
        ("max-age=60, max-age=5", CacheControl(max_age=5)),
        ("max-age=soon", CacheControl(max_age=0)),
        ("max-age=-1", CacheControl(max_age=0)),
        ("max-age", CacheControl(max_age=0)),
        (f"max-age={'9' * 30}", CacheControl(max_age=0)),
        ("no-store", CacheControl(no_store=True)),
        ('no-cache="x"', CacheControl(no_cache=True)),
        ("max-age=60" + "," * 2_000, CacheControl(no_store=True)),
    ],
)
def test_headers_are_read(text: str, expected: CacheControl) -> None:
    assert parse_cache_control(text) == expected


def policy(said: Said, cache_control: str = "", *, known: bool = True, **others: str) -> Policy | None:
    headers = CacheHeaders(cache_control, **others)
    return policy_of(said, headers, known=known, identifying={"authorization"}, longest=100)


class TestPolicies:
    def test_nothing_is_kept_that_nobody_allows(self) -> None:
        assert policy(UNSAID) is None
        assert policy(UNSAID, "public") is None

    @pytest.mark.parametrize("forbidding", ["no-store", "no-cache", "max-age=0", "max-age=5, no-store"])
    def test_a_header_forbids_what_the_schema_allows(self, forbidding: str) -> None:
        assert policy(Said(60, Scope.PUBLIC), forbidding) is None

    def test_a_header_has_precedence_for_the_lifetime(self) -> None:
        assert policy(Said(60, Scope.PUBLIC), "max-age=5") == Policy(5, Scope.PUBLIC)
        assert policy(UNSAID, "max-age=5, public") == Policy(5, Scope.PUBLIC)

    def test_what_either_calls_private_is(self) -> None:
        assert policy(Said(60, Scope.PUBLIC), "private") == Policy(60, Scope.PRIVATE)
        assert policy(Said(60, Scope.PRIVATE), "max-age=5, public") == Policy(5, Scope.PRIVATE)

    def test_what_nobody_calls_public_is_private_to_who_is_known(self) -> None:
        assert policy(UNSAID, "max-age=5") == Policy(5, Scope.PRIVATE)
        assert policy(UNSAID, "max-age=5", known=False) == Policy(5, Scope.PUBLIC)

    def test_shared_lifetimes_are_for_what_is_shared(self) -> None:
        assert policy(UNSAID, "max-age=5, s-maxage=9") == Policy(9, Scope.PUBLIC)
        assert policy(UNSAID, "max-age=5, s-maxage=9, private") == Policy(5, Scope.PRIVATE)

    def test_nothing_is_kept_longer_than_allowed(self) -> None:
        assert policy(UNSAID, "max-age=500, public") == Policy(100, Scope.PUBLIC)

    def test_what_has_been_kept_on_the_way_lasts_less(self) -> None:
        assert policy(UNSAID, "max-age=50, public", age="20") == Policy(30, Scope.PUBLIC)
        assert policy(UNSAID, "max-age=50, public", age="60") is None
        assert policy(UNSAID, "max-age=50, public", age="old") is None

    def test_what_varies_by_who_asks_is_private(self) -> None:
        assert policy(UNSAID, "max-age=5, public", vary="Origin, Authorization") == Policy(5, Scope.PRIVATE)
        assert policy(UNSAID, "max-age=5, public", vary="Origin") == Policy(5, Scope.PUBLIC)
        assert policy(UNSAID, "max-age=5, public", vary="*") is None


def test_several_lines_of_a_header_are_one_list() -> None:
    reply = Reply(200, b"", b"", ((b"cache-control", b"max-age=5"), (b"vary", b"a"), (b"cache-control", b"private")))
    assert CacheHeaders.of(reply) == CacheHeaders("max-age=5, private", "", "a")
