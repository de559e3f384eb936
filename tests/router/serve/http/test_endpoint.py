"""GraphQL over HTTP, as its specification and the graphql-http audit ask for it."""

import logging
from http import HTTPStatus
from typing import Any

import httpx2
import pytest

from router.serve import Engine, Hooks, Limits, Refused, RequestContext, create_app
from router.serve.http.endpoint import GraphQLEndpoint
from tests.router.serve.library import LibrarySubgraph, library_engine

GRAPHQL_RESPONSE = "application/graphql-response+json"


async def post(client: httpx2.AsyncClient, body: Any, **headers: str) -> httpx2.Response:
    return await client.post("/graphql", json=body, headers=headers)


def codes(response: httpx2.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


class TestPost:
    async def test_a_query_is_answered(self, client: httpx2.AsyncClient) -> None:
        response = await post(client, {"query": "{ book(id: 1) { id title } }"})
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert response.json() == {"data": {"book": {"id": "1", "title": "Book 1"}}}

    async def test_variables_and_the_operations_name_are_used(self, client: httpx2.AsyncClient) -> None:
        query = "query A { whoami } query B($id: ID!) { book(id: $id) { id } }"
        response = await post(client, {"query": query, "operationName": "B", "variables": {"id": 7}})
        assert response.json() == {"data": {"book": {"id": "7"}}}

    async def test_the_clients_identity_reaches_the_subgraph(self, client: httpx2.AsyncClient) -> None:
        response = await post(client, {"query": "{ whoami }"}, authorization="Bearer x")
        assert response.json() == {"data": {"whoami": "Bearer x"}}

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
    )
    async def test_other_content_types_are_refused(self, client: httpx2.AsyncClient, content_type: str) -> None:
        response = await client.post(
            "/graphql", content=b'{"query":"{whoami}"}', headers={"content-type": content_type}
        )
        assert response.status_code == 415
        assert codes(response) == ["UNSUPPORTED_MEDIA_TYPE"]

    @pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", 'application/json;charset="UTF-8"'])
    async def test_json_in_utf8_is_read(self, client: httpx2.AsyncClient, content_type: str) -> None:
        response = await client.post(
            "/graphql", content=b'{"query":"{whoami}"}', headers={"content-type": content_type}
        )
        assert response.status_code == 200

    @pytest.mark.parametrize("charset", ["latin-1", "utf-16", "utf-7"])
    async def test_other_charsets_are_refused(self, client: httpx2.AsyncClient, charset: str) -> None:
        headers = {"content-type": f"application/json; charset={charset}"}
        assert (await client.post("/graphql", content=b"{}", headers=headers)).status_code == 415

    @pytest.mark.parametrize(
        "body",
        [
            {},
            "text",
            {"query": 1},
            {"query": ""},
            {"query": "{whoami}", "operationName": []},
            {"query": "{whoami}", "variables": "x"},
            {"query": "{whoami}", "variables": []},
            {"query": "{whoami}", "extensions": 0},
        ],
    )
    async def test_a_body_that_is_no_request_is_refused(self, client: httpx2.AsyncClient, body: Any) -> None:
        response = await post(client, body)
        assert response.status_code == 400
        assert codes(response) == ["BAD_REQUEST"]

    @pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
    async def test_a_body_that_is_no_json_is_refused(self, client: httpx2.AsyncClient, body: bytes) -> None:
        response = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
        assert response.status_code == 400
        assert codes(response) == ["BAD_REQUEST"]

    async def test_a_large_body_is_refused_before_the_rest_is_read(self) -> None:
        engine = library_engine(LibrarySubgraph(), Limits(body_bytes=100))
        taken = 0

        async def receive() -> dict[str, Any]:
            nonlocal taken
            taken += 1
            return {"type": "http.request", "body": b"x" * 60, "more_body": True}

        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        await GraphQLEndpoint(engine, Hooks(), None)(scope, receive, send)
        assert sent[0]["status"] == 413
        assert b"PAYLOAD_TOO_LARGE" in sent[1]["body"]
        assert taken == 2


class TestGet:
    async def test_a_query_is_answered(self, client: httpx2.AsyncClient) -> None:
        parameters = {"query": "query($id: ID!) { book(id: $id) { id } }", "variables": '{"id": "2"}'}
        response = await client.get("/graphql", params=parameters)
        assert response.json() == {"data": {"book": {"id": "2"}}}

    async def test_a_mutation_needs_post(self, client: httpx2.AsyncClient, subgraph: LibrarySubgraph) -> None:
        response = await client.get("/graphql", params={"query": 'mutation { rename(id: 1, title: "x") { id } }'})
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"
        assert subgraph.library.seen == []

    @pytest.mark.parametrize(
        "parameters",
        [{}, {"query": ""}, {"query": "{whoami}", "variables": "{"}, {"query": "{whoami}", "variables": "[]"}],
    )
    async def test_bad_parameters_are_refused(self, client: httpx2.AsyncClient, parameters: dict[str, str]) -> None:
        assert (await client.get("/graphql", params=parameters)).status_code == 400

    async def test_a_content_type_other_than_json_is_refused(self, client: httpx2.AsyncClient) -> None:
        response = await client.get("/graphql", params={"query": "{whoami}"}, headers={"content-type": "text/plain"})
        assert response.status_code == 415

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
    async def test_other_methods_are_not_allowed(self, client: httpx2.AsyncClient, method: str) -> None:
        response = await client.request(method, "/graphql")
        assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
        assert method == "HEAD" or codes(response) == ["METHOD_NOT_ALLOWED"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
            ({"query": "{ book(id: 1) { } }"}, "GRAPHQL_PARSE_FAILED"),
            ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
            ({"query": "{ whoami }", "operationName": "A"}, "OPERATION_RESOLUTION_FAILURE"),
            ({"query": "query A { whoami } query B { whoami }"}, "OPERATION_RESOLUTION_FAILURE"),
            ({"query": "query($id: ID!) { book(id: $id) { id } }"}, "BAD_USER_INPUT"),
            ({"query": "query($n: Int) { books(first: $n) { id } }", "variables": {"n": "x"}}, "BAD_USER_INPUT"),
            ({"query": "subscription { ticks(upTo: 1) }"}, "BAD_REQUEST"),
        ],
    )
    async def test_the_code_is_stable_and_the_status_follows_the_media_type(
        self, client: httpx2.AsyncClient, body: Any, code: str
    ) -> None:
        classic = await post(client, body, accept="application/json")
        assert (classic.status_code, codes(classic)) == (200, [code])
        modern = await post(client, body, accept=GRAPHQL_RESPONSE)
        assert (modern.status_code, codes(modern)) == (400, [code])
        assert "data" not in modern.json()
        assert modern.headers["content-type"] == f"{GRAPHQL_RESPONSE}; charset=utf-8"

    async def test_the_same_refusal_is_given_from_the_cache(self, client: httpx2.AsyncClient) -> None:
        first = await post(client, {"query": "{ nothing }"})
        assert (await post(client, {"query": "{ nothing }"})).json() == first.json()

    async def test_a_response_type_we_do_not_have_is_refused(self, client: httpx2.AsyncClient) -> None:
        response = await post(client, {"query": "{ whoami }"}, accept="text/csv")
        assert (response.status_code, codes(response)) == (406, ["NOT_ACCEPTABLE"])

    async def test_the_authenticate_hook_may_refuse_with_a_status(self, engine: Engine) -> None:
        async def refuse(headers: Any, parameters: Any) -> RequestContext:
            raise Refused.because("The token has expired.", "UNAUTHENTICATED", HTTPStatus.UNAUTHORIZED)

        app = create_app(engine, hooks=Hooks(refuse))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
            response = await post(client, {"query": "{ whoami }"})
        assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])
        assert response.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize("name", ["Authorization", "Content-Type", "Host"])
    async def test_a_header_with_one_value_given_twice_is_refused(
        self, client: httpx2.AsyncClient, subgraph: LibrarySubgraph, name: str
    ) -> None:
        headers = [("content-type", "application/json"), (name, "Bearer a"), (name.lower(), "Bearer b")]
        response = await client.post("/graphql", content=b'{"query":"{whoami}"}', headers=headers)
        assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])
        assert subgraph.library.seen == []

    async def test_a_list_may_be_given_in_several_headers(self, client: httpx2.AsyncClient) -> None:
        headers = [("accept", "text/csv"), ("accept", GRAPHQL_RESPONSE)]
        response = await client.post("/graphql", json={"query": "{ whoami }"}, headers=headers)
        assert response.headers["content-type"] == f"{GRAPHQL_RESPONSE}; charset=utf-8"

    async def test_a_parameter_given_twice_is_refused(self, client: httpx2.AsyncClient) -> None:
        response = await client.get("/graphql?query={whoami}&query={slow}")
        assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])


class TestErrors:
    async def test_an_error_of_a_subgraph_keeps_its_code_and_path(self, client: httpx2.AsyncClient) -> None:
        response = await post(client, {"query": "{ b: book(id: 0) { id } whoami }"}, accept=GRAPHQL_RESPONSE)
        assert response.status_code == 200
        assert response.json() == {
            "errors": [
                {
                    "message": "No such book.",
                    "path": ["b"],
                    "extensions": {"code": "NOT_FOUND", "serviceName": "library"},
                }
            ],
            "data": {"b": None, "whoami": None},
        }

    async def test_a_bug_is_masked_and_found_in_the_log_by_its_id(
        self, engine: Engine, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def broken(headers: Any, parameters: Any) -> RequestContext:
            raise ZeroDivisionError("secret")

        app = create_app(engine, hooks=Hooks(broken))
        with caplog.at_level(logging.ERROR):
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
                response = await post(client, {"query": "{ whoami }"})
        (error,) = response.json()["errors"]
        assert response.status_code == 500
        assert error["message"] == "Internal error"
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert error["extensions"]["id"] in caplog.text
        assert "secret" not in response.text
