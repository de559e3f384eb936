"""The application over HTTP and over a WebSocket."""

from collections.abc import Generator
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from shared.graphql.app import SubgraphApp


@pytest.fixture
def client(library: SubgraphApp) -> Generator[TestClient]:
    """A client of the running library."""
    with TestClient(library.app) as running:
        yield running


@pytest.fixture
def socket(client: TestClient, reader: dict[str, str]) -> Generator[WebSocketTestSession]:
    """An initialised WebSocket of a signed-in reader."""
    with client.websocket_connect("/graphql", subprotocols=["graphql-transport-ws"]) as connected:
        connected.send_json({"type": "connection_init", "payload": reader})
        assert connected.receive_json() == {"type": "connection_ack"}
        yield connected


def close_code(socket: WebSocketTestSession) -> int:
    """Read on until the server closes the socket."""
    try:
        while True:
            socket.receive_json()
    except WebSocketDisconnect as closed:
        return closed.code


class TestHTTP:
    def test_post_answers_a_query(self, client: TestClient) -> None:
        response = client.post("/graphql", json={"query": "{ hello }"})
        assert response.json() == {"data": {"hello": "world"}}

    def test_post_runs_the_named_operation_with_its_variables(self, client: TestClient, reader: Any) -> None:
        document = """
          query A($n: Int!) { books(first: $n) { edges { node { number } } } }
          query B { hello }
        """
        body = {"query": document, "variables": {"n": 1}, "operationName": "A"}
        response = client.post("/graphql", json=body, headers=reader)
        assert response.json() == {"data": {"books": {"edges": [{"node": {"number": 1}}]}}}

    def test_the_token_is_read_from_the_headers(self, client: TestClient, reader: Any) -> None:
        response = client.post("/graphql", json={"query": "{ whoami }"}, headers=reader)
        assert response.json()["data"]["whoami"].endswith("2")

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"query": 1}', b'{"query": "{ hello }", "variables": []}'])
    def test_a_body_that_is_no_request_is_refused(self, client: TestClient, body: bytes) -> None:
        response = client.post("/graphql", content=body)
        assert response.status_code == 400
        assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"

    def test_there_is_no_get(self, client: TestClient) -> None:
        assert client.get("/graphql", params={"query": "{ hello }"}).status_code == 405

    def test_health_says_alive_and_ready_says_ready(self, client: TestClient) -> None:
        assert client.get("/health").json() == {"status": "alive"}
        assert client.get("/ready").json() == {"status": "ready"}

    async def test_a_subgraph_is_not_ready_before_it_started(self, library: SubgraphApp) -> None:
        assert not await library.ready()
        await library.start()
        assert await library.ready()
        await library.aclose()
        assert not await library.ready()


class TestWebSocket:
    def test_a_subscription_streams_and_completes(self, socket: WebSocketTestSession) -> None:
        socket.send_json({"type": "subscribe", "id": "1", "payload": {"query": "subscription { titles(number: 1) }"}})
        event = {"type": "next", "id": "1", "payload": {"data": {"titles": "Volume 1"}}}
        assert [socket.receive_json() for _ in range(3)] == [event, event, {"type": "complete", "id": "1"}]

    def test_an_id_can_be_used_again_once_complete(self, socket: WebSocketTestSession) -> None:
        for _ in range(2):
            socket.send_json({"type": "subscribe", "id": "1", "payload": {"query": "{ hello }"}})
            assert socket.receive_json()["type"] == "next"
            assert socket.receive_json()["type"] == "complete"

    def test_a_refused_operation_is_an_error_message(self, socket: WebSocketTestSession) -> None:
        socket.send_json({"type": "subscribe", "id": "1", "payload": {"query": "{ nothing }"}})
        message = socket.receive_json()
        assert (message["type"], message["id"]) == ("error", "1")
        assert message["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"

    def test_complete_ends_a_subscription_and_its_resources(self, socket: WebSocketTestSession) -> None:
        forever = {"type": "subscribe", "id": "1", "payload": {"query": "subscription { forever }"}}
        socket.send_json(forever)
        assert socket.receive_json()["type"] == "next"
        socket.send_json({"type": "complete", "id": "1"})
        socket.send_json({"type": "subscribe", "id": "2", "payload": {"query": "{ hello }"}})
        assert [socket.receive_json()["id"] for _ in range(2)] == ["2", "2"]
        socket.send_json(forever)
        assert socket.receive_json()["type"] == "next"

    def test_ping_is_answered(self, socket: WebSocketTestSession) -> None:
        socket.send_json({"type": "ping"})
        assert socket.receive_json() == {"type": "pong"}

    @pytest.mark.parametrize(
        ("messages", "code"),
        [
            (['{"type": "connection_init"}'], 4429),
            (['{"type": "nonsense"}'], 4400),
            (['{"no": "type"}'], 4400),
            (["{"], 4400),
            (['{"type": "subscribe", "id": "1", "payload": {}}'], 4400),
            (['{"type": "subscribe", "id": "1", "payload": {"query": "subscription { forever }"}}'] * 2, 4409),
        ],
    )
    def test_a_breach_of_the_protocol_closes_the_socket(
        self, socket: WebSocketTestSession, messages: list[str], code: int
    ) -> None:
        for message in messages:
            socket.send_text(message)
        assert close_code(socket) == code

    def test_a_subscription_goes_on_after_the_event_that_was_seen_last(self, socket: WebSocketTestSession) -> None:
        payload = {"query": "subscription { pages }", "extensions": {"cursor": "7"}}
        socket.send_json({"type": "subscribe", "id": "1", "payload": payload})
        answers = [socket.receive_json()["payload"] for _ in range(2)]
        assert answers == [{"data": {"pages": n}, "extensions": {"cursor": str(n)}} for n in (8, 9)]

    def test_a_subscription_before_the_handshake_is_refused(self, client: TestClient) -> None:
        with client.websocket_connect("/graphql", subprotocols=["graphql-transport-ws"]) as socket:
            socket.send_json({"type": "subscribe", "id": "1", "payload": {"query": "{ hello }"}})
            assert close_code(socket) == 4401

    def test_another_protocol_is_refused(self, client: TestClient) -> None:
        with client.websocket_connect("/graphql", subprotocols=["graphql-ws"]) as socket:
            assert close_code(socket) == 4406
