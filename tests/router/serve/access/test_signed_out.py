"""Nothing is done for who has signed out, or whose token has expired, while the body of a request was coming."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from router.serve import Hooks, Identity, RequestContext, create_app
from router.serve.http.config import HttpPolicy
from router.serve.request import Authenticate
from tests.router.serve.library import LibrarySubgraph, library_engine
from tests.router.serve.streams.asgi import requested

ADA = Identity("ada", "north", expires=time.time() + 3600)
RENAME = {"query": 'mutation { rename(id: "1", title: "Hers no more") { title } }'}
BOOKS = {"query": "{ books { title } }"}


class Counting(LibrarySubgraph):
    """Takes note of what it is asked."""

    asked = 0

    async def execute(
        self, query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        self.asked += 1
        return await super().execute(query, variables, name, headers)


def letting_in(identity: Identity) -> Authenticate:
    async def authenticate(headers: Any, parameters: Any) -> RequestContext:
        return RequestContext(identity=identity)

    return authenticate


@pytest.mark.parametrize(("body", "operations"), [(BOOKS, 1), (RENAME, 1), ([BOOKS, RENAME], 2)])
async def test_who_signs_out_before_the_body_is_there_is_refused(body: Any, operations: int) -> None:
    subgraph, hooks = Counting(), Hooks(letting_in(ADA))
    app = create_app(library_engine(subgraph), hooks=hooks, http=HttpPolicy(batch=5))
    hooks.revocations.revoke("bob", "north")

    def late() -> Any:
        hooks.revocations.revoke("ada", "north")
        return body

    async with requested(app, body=late, accept="application/json") as answer:
        text = await answer.rest()
    assert text.count(b'"code":"UNAUTHENTICATED"') == operations
    assert b'"data"' not in text
    assert subgraph.asked == 0
    async with requested(app, body=body, accept="application/json") as anew:
        assert b"errors" not in await anew.rest()
    assert subgraph.asked > 0


async def test_whose_token_expires_before_the_body_is_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    subgraph, expired = Counting(), replace(ADA, expires=time.time() + 60)
    app = create_app(library_engine(subgraph), hooks=Hooks(letting_in(expired)))

    def late() -> Any:
        monkeypatch.setattr("router.serve.streams.term.time", lambda: time.time() + 61)
        return RENAME

    async with requested(app, body=late, accept="application/json") as answer:
        assert answer.status == 401
        assert b"expired" in await answer.rest()
    assert subgraph.asked == 0
