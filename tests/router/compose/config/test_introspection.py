"""Running subgraphs are asked for their SDL."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from router.__main__ import main
from router.compose.config import ConfigError, read_config
from router.compose.introspect import introspect
from router.compose.subgraph import RunningSubgraph
from router.federation.errors import FederationError

SDL = "type Query { a: Int }"


class _Handler(BaseHTTPRequestHandler):
    """Answers by path: an SDL if the header is right, or something worse."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        assert "_service" in json.loads(body)["query"]
        if self.path == "/slow":
            # longer than the caller waits, who is gone by then
            threading.Event().wait(0.5)
            return
        right = self.headers.get("router-key") == "secret" or self.path != "/guarded"
        answered = {"data": {"_service": {"sdl": SDL + "#" * 1_000_000 if self.path == "/big" else SDL}}}
        answer: object = answered if right and self.path != "/none" else {"errors": []}
        self.send_response(200)
        self.end_headers()
        bodies = {"/page": b"<html>", "/deep": b"[" * 100_000}
        self.wfile.write(bodies.get(self.path) or json.dumps(answer).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on standard error."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a subgraph."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()
        thread.join()


def config(tmp_path: Path, schema: str) -> Path:
    path = tmp_path / "supergraph.yaml"
    path.write_text(f"subgraphs: {{a: {{schema: {schema}}}, b: {{schema: {{sdl: 'type Query {{ b: Int }}'}}}}}}")
    return path


def test_a_subgraph_is_composed_as_it_answers(server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config(tmp_path, f"{{subgraph_url: '{server}'}}")
    assert main(["compose", "--config", str(path)]) == 0
    told = capsys.readouterr().out
    assert "a: Int @join__field(graph: A)" in told
    assert f'@join__graph(name: "a", url: "{server}")' in told


def test_headers_are_sent_with_what_the_environment_holds(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROUTER_KEY", "secret")
    headers = "introspection_headers: {router-key: '${env.ROUTER_KEY}'}"
    path = config(tmp_path, f"{{subgraph_url: '{server}/guarded', {headers}}}")
    assert read_config(path)[0].sdl == SDL
    monkeypatch.delenv("ROUTER_KEY")
    with pytest.raises(ConfigError, match="ROUTER_KEY, which is not set"):
        read_config(path)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("/none", 'answered status 200 without an SDL: {"errors": []}.'),
        ("/page", "answered status 200 without an SDL: <html>."),
        ("", "cannot be reached: Cannot connect to host"),
        ("nonsense", "cannot be reached: "),
    ],
)
def test_a_subgraph_that_does_not_answer_gives_one_line(
    at: str, said: str, server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = server + at if at.startswith("/") else at or "http://127.0.0.1:1"
    target = tmp_path / "supergraph.graphql"
    path = config(tmp_path, f"{{subgraph_url: '{address}'}}")
    assert main(["compose", "--config", str(path), "--output", str(target)]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"DOWNSTREAM_SERVICE_ERROR: [a] {address} {said}")
    assert told.count("\n") == 1
    assert not target.exists()


async def test_a_subgraph_that_answers_too_late_is_told_of(server: str) -> None:
    running = [RunningSubgraph("a", "http://a", f"{server}/slow"), RunningSubgraph("b", "http://b", f"{server}/slow")]
    with pytest.raises(FederationError) as refused:
        await asyncio.to_thread(introspect, running, timeout=0.05)
    assert [(each.code.value, each.subgraph) for each in refused.value.errors] == [
        ("DOWNSTREAM_SERVICE_ERROR", "a"),
        ("DOWNSTREAM_SERVICE_ERROR", "b"),
    ]
    assert "did not answer within 0.05 s" in refused.value.errors[0].message


def test_a_big_sdl_is_read_to_its_end(server: str) -> None:
    (found,) = introspect([RunningSubgraph("a", server, f"{server}/big")])
    assert len(found.sdl) > 1_000_000


def test_an_answer_that_is_nested_too_deeply_is_no_sdl(server: str) -> None:
    with pytest.raises(FederationError, match="without an SDL"):
        introspect([RunningSubgraph("a", server, f"{server}/deep")])
