"""Documents are named over HTTP in the ways that clients have for it."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from router.serve import create_app
from router.serve.persisted import PersistedOperations, PersistedPolicy
from router.serve.persisted.automatic import hash_of
from tests.router.serve.library import LibrarySubgraph, library_engine

TEXT = "query Who { whoami }"
WHO = {"data": {"whoami": None}}
DOCUMENTS = {
    "who": TEXT,
    "rename": 'mutation { rename(id: 1, title: "x") { id } }',
    "book": "query($id: ID!) { book(id: $id) { id } }",
}
MODERN = {"accept": "application/graphql-response+json"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncGenerator[httpx2.AsyncClient]:
    manifest = tmp_path / "relay.json"
    manifest.write_text(json.dumps(DOCUMENTS))
    persisted = PersistedOperations(PersistedPolicy(manifests=(manifest,)))
    app = create_app(library_engine(LibrarySubgraph(), persisted=persisted))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        yield client


def extension(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}


def codes(response: httpx2.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


class TestAutomatic:
    async def test_a_document_is_registered_by_post_and_asked_for_by_get(self, client: httpx2.AsyncClient) -> None:
        parameters = {"extensions": json.dumps(extension("{ whoami }"))}
        unknown = await client.get("/graphql", params=parameters)
        assert (unknown.status_code, codes(unknown)) == (200, ["PERSISTED_QUERY_NOT_FOUND"])
        assert unknown.headers["cache-control"] == "no-store"
        body = {"query": "{ whoami }", "extensions": extension("{ whoami }")}
        assert (await client.post("/graphql", json=body)).json() == WHO
        assert (await client.get("/graphql", params=parameters)).json() == WHO

    async def test_the_status_follows_the_media_type(self, client: httpx2.AsyncClient) -> None:
        response = await client.post("/graphql", json={"extensions": extension("{ x }")}, headers=MODERN)
        assert (response.status_code, codes(response)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])

    async def test_a_browser_that_names_one_gets_an_answer_and_no_page(self, client: httpx2.AsyncClient) -> None:
        response = await client.get("/graphql?id=who", headers={"accept": "text/html,*/*;q=0.8"})
        assert response.json() == WHO


class TestTrusted:
    @pytest.mark.parametrize("name", ["documentId", "id", "doc_id"])
    async def test_an_id_may_have_several_names(self, client: httpx2.AsyncClient, name: str) -> None:
        body = {name: "book", "variables": {"id": "7"}}
        expected = {"data": {"book": {"id": "7"}}}
        assert (await client.post("/graphql", json=body)).json() == expected
        parameters = {name: "book", "variables": '{"id": "7"}'}
        assert (await client.get("/graphql", params=parameters)).json() == expected

    @pytest.mark.parametrize("body", [{"id": "who", "documentId": "who"}, {"id": 1}, {"id": ""}, {"id": ["who"]}])
    async def test_what_is_no_id_is_refused(self, client: httpx2.AsyncClient, body: Any) -> None:
        response = await client.post("/graphql", json=body)
        assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])

    async def test_a_mutation_needs_post_whatever_names_it(self, client: httpx2.AsyncClient) -> None:
        response = await client.get("/graphql?id=rename")
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert (await client.post("/graphql", json={"id": "rename"})).json() == {"data": {"rename": {"id": "1"}}}
