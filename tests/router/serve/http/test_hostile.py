"""What nobody sends by accident gets a short answer, and nothing of it is executed."""

import logging

import httpx2
import pytest

from router.serve import Limits, create_app
from tests.conformance.inputs.asgi import exchanged
from tests.conformance.inputs.requests import Exchange
from tests.router.serve.library import LibrarySubgraph, library_engine

SMALL = 10_000
"""Bytes of an answer to a document that is nothing but large."""


class TestDocuments:
    @pytest.mark.parametrize("text", ["{" + "x" * 1_900_000, '{ a(b: "' + "x" * 1_900_000, "query " + "é" * 900_000])
    async def test_a_huge_line_is_neither_sent_back_nor_logged(
        self, client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture, text: str
    ) -> None:
        with caplog.at_level(logging.DEBUG, logger="router"):
            response = await client.post("/graphql", json={"query": text})
        assert "errors" in response.json()
        assert len(response.content) < SMALL
        assert len(caplog.text) < SMALL


class TestForms:
    @pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
    async def test_what_a_page_can_send_without_asking_is_never_read_as_json(
        self, client: httpx2.AsyncClient, subgraph: LibrarySubgraph, content_type: str
    ) -> None:
        headers = {"content-type": content_type, "apollo-require-preflight": "1"}
        response = await client.post("/graphql", content=b'{"query":"{whoami}"}', headers=headers)
        assert response.status_code == 415
        assert subgraph.library.seen == []

    @pytest.mark.parametrize(
        "content_type",
        ["text/plain", "application/x-www-form-urlencoded", "application/graphql", "text/plain; application/json"],
    )
    async def test_a_get_that_says_it_is_something_else_is_refused(
        self, client: httpx2.AsyncClient, subgraph: LibrarySubgraph, content_type: str
    ) -> None:
        response = await client.get("/graphql?query={whoami}", headers={"content-type": content_type})
        assert response.status_code == 415
        assert subgraph.library.seen == []


class TestSize:
    async def test_a_body_of_20_megabytes_is_refused(self, client: httpx2.AsyncClient) -> None:
        response = await client.post("/graphql", json={"query": "{ whoami }" + " " * 20_000_000})
        assert response.status_code == 413
        assert (await client.post("/graphql", json={"query": "{ whoami }"})).status_code == 200

    async def test_a_long_query_string_is_refused(self, subgraph: LibrarySubgraph) -> None:
        app = create_app(library_engine(subgraph, Limits(query_string_bytes=100)))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
            response = await client.get("/graphql?query={whoami}" + "%20" * 100)
            beside = await client.get("/graphql/stream?token=x" + "%20" * 100)
        assert response.status_code == beside.status_code == 414
        assert subgraph.library.seen == []


class TestPlaces:
    @pytest.mark.parametrize("path", ["/graphql/", "/graphql/stream/", "/health/", "//graphql"])
    async def test_there_is_nothing_nearby_and_no_way_from_there(self, subgraph: LibrarySubgraph, path: str) -> None:
        nearly = Exchange("GET", path, query=b"query=\xa7", headers=[(b"host", b"elsewhere.example")])
        answer = await exchanged(create_app(library_engine(subgraph)), nearly)
        assert answer.error is None
        assert answer.status == 404
        assert "location" not in answer.headers
