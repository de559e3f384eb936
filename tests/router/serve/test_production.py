"""A router as `docs/router/production.yaml` has it gives nothing away and does nothing twice over for one request.

What is tried here is what graphql-cop and clairvoyance try.
"""

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from graphql import build_schema

from router.serve import create_app
from tests.router.serve.config.configured import configured
from tests.router.serve.library import SDL, LibrarySubgraph, library_engine
from tests.router.serve.names import names, nearly

PROFILE: Final = Path(__file__).parents[3] / "docs" / "router" / "production.yaml"


@pytest.fixture
async def client() -> AsyncGenerator[httpx2.AsyncClient]:
    """Of a router over the library, with what the file says."""
    config = configured("--config", str(PROFILE), supergraph=None)
    engine = library_engine(LibrarySubgraph(), config.limits)
    app = create_app(engine, http=config.http, graphiql=config.graphiql)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        yield client


async def told(client: httpx2.AsyncClient, body: Any) -> Any:
    return (await client.post("/graphql", json=body)).json()


class TestCop:
    @pytest.mark.parametrize(
        "query",
        [
            "query cop { " + " ".join(f"alias{n}: __typename" for n in range(101)) + " }",
            "query cop { __schema { types { name fields { name } } } }",
            "query cop { __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
            "query cop { __schema { directive } }",
            "qwerty cop { abc }",
        ],
    )
    async def test_what_is_too_much_or_not_for_clients_is_refused_without_a_word_too_many(
        self, client: httpx2.AsyncClient, query: str
    ) -> None:
        answer = await told(client, {"query": query})
        assert answer.keys() == {"errors"}
        assert "Did you mean" not in str(answer)
        assert all(each["extensions"].keys() == {"code"} for each in answer["errors"])

    async def test_what_is_repeated_is_wrong_once(self, client: httpx2.AsyncClient) -> None:
        (error,) = (await told(client, {"query": "query cop { __typename " + "@aa" * 10 + " }"}))["errors"]
        assert error["message"] == "Unknown directive '@aa'."
        assert [each["column"] for each in error["locations"]] == [24, 27, 30, 33, 36]

    async def test_there_are_no_lists_of_operations(self, client: httpx2.AsyncClient) -> None:
        answer = await told(client, [{"query": "query cop { __typename }"}] * 10)
        assert answer["errors"][0]["extensions"] == {"code": "BATCHING_NOT_ENABLED"}

    @pytest.mark.parametrize("query", ["query cop {__typename}", "mutation cop {__typename}"])
    async def test_nothing_is_executed_by_a_mere_get(self, client: httpx2.AsyncClient, query: str) -> None:
        response = await client.get("/graphql", params={"query": query})
        assert response.status_code == 400
        assert "data" not in response.json()

    async def test_there_is_no_page(self, client: httpx2.AsyncClient) -> None:
        for path in ("/", "/graphql", "/graphiql", "/playground", "/console"):
            response = await client.get(path, headers={"accept": "text/html"})
            assert response.status_code >= 400
            assert "html" not in response.text

    async def test_a_form_is_not_read(self, client: httpx2.AsyncClient) -> None:
        response = await client.post("/graphql", data={"query": "query cop { __typename }"})
        assert response.status_code == 415

    async def test_nothing_is_traced(self, client: httpx2.AsyncClient) -> None:
        assert await told(client, {"query": "{ __typename }"}) == {"data": {"__typename": "Query"}}

    async def test_what_is_asked_properly_is_answered(self, client: httpx2.AsyncClient) -> None:
        headers = {"apollo-require-preflight": "true"}
        by_get = await client.get("/graphql", params={"query": "{ book(id: 1) { id } }"}, headers=headers)
        assert by_get.json() == await told(client, {"query": "{ book(id: 1) { id } }"})
        assert by_get.json() == {"data": {"book": {"id": "1"}}}


class TestClairvoyance:
    """Whoever does not know a name is not helped to it."""

    @pytest.mark.parametrize(
        "probe",
        [
            "{{ {} }}",
            "mutation {{ {} }}",
            "subscription {{ {} }}",
            "{{ book(id: 1) {{ {} }} }}",
            "{{ book({}: 1) {{ id }} }}",
            "{{ ... on {} {{ id }} }}",
            "query ($x: {}) {{ whoami }}",
            "{{ whoami @{} }}",
        ],
    )
    async def test_no_error_has_a_name_that_was_not_sent(self, client: httpx2.AsyncClient, probe: str) -> None:
        known = frozenset(names(build_schema(SDL)))
        guesses = sorted({guess for name in known for guess in nearly(name) if guess.isidentifier()} - known)
        for at in range(0, len(guesses), 10):
            await self._probe(client, probe, guesses[at], known)

    @staticmethod
    async def _probe(client: httpx2.AsyncClient, probe: str, guess: str, known: frozenset[str]) -> None:
        query = probe.format(guess)
        answer = await told(client, {"query": query})
        public = {"Query", "Mutation", "Subscription", "ID", "Int", "String", "Boolean", "Book", "id"}
        words = set(re.findall(r"\w+", str([each["message"] for each in answer["errors"]])))
        assert words & known <= public | set(re.findall(r"\w+", query)), (query, answer)
