"""Root fields that a client asks for further down: `type Payload { query: Query }`."""

from typing import Any

import pytest

from tests.router.harness import Federation, World

FIRST = """
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@shareable"])
  type Query { me: Me  a: Int }
  type Me { name: String  query: Query }
"""
SECOND = """
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@shareable"])
  type Query { b: Int }
"""


@pytest.fixture
def federation() -> Federation:
    query: dict[str, Any] = {"__typename": "Query", "a": 1, "b": 2}
    query["me"] = {"__typename": "Me", "name": "Ada", "query": query}
    return Federation({"first": FIRST, "second": SECOND}, World({"Query": query}))


class TestRootFieldsFurtherDown:
    async def test_they_are_answered_by_whoever_has_them(self, federation: Federation) -> None:
        answer = await federation.answer("{ me { name query { a b } } }")
        assert answer.as_json() == {"data": {"me": {"name": "Ada", "query": {"a": 1, "b": 2}}}}
