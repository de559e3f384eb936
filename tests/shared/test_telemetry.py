"""Logs and traces."""

import json
import subprocess
import sys
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from pydantic import SecretStr

from shared.masking import REDACTED
from shared.telemetry import redact
from tests.patience import PATIENCE_SECONDS

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"


class TestRedact:
    @pytest.mark.parametrize("name", ["password", "new_password", "access_token", "Authorization", "api_key", "apiKey"])
    def test_a_secret_is_known_by_its_name(self, name: str) -> None:
        assert redact(None, "info", {name: "hunter2"}) == {name: REDACTED}

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("postgresql://ada:hunter2@db:5432/x failed", f"postgresql://ada:{REDACTED}@db:5432/x failed"),
            ("redis://:hunter2@cache", f"redis://:{REDACTED}@cache"),
            ("sent Bearer abc.def", f"sent Bearer {REDACTED}"),
            (f"got {JWT}", f"got {REDACTED}"),
            ("http://db:5432/x@y", "http://db:5432/x@y"),
            ("no mail for ada.l+a@math.example.org.", "no mail for [e-mail address]."),
            ("Key (email)=(ada@example.org) already exists", "Key (email)=([e-mail address]) already exists"),
        ],
    )
    def test_a_secret_is_found_inside_a_text(self, text: str, shown: str) -> None:
        assert redact(None, "info", {"event": text}) == {"event": shown}

    def test_a_secret_is_found_inside_other_values(self) -> None:
        entry: dict[str, Any] = {
            "request": {"headers": {"authorization": "x"}, "urls": ["m://u:p@h"]},
            "key": SecretStr("x"),
        }
        assert redact(None, "info", entry) == {
            "request": {"headers": {"authorization": REDACTED}, "urls": [f"m://u:{REDACTED}@h"]},
            "key": REDACTED,
        }

    def test_what_is_no_secret_stays(self) -> None:
        entry = {"event": "enrolled", "count": 3, "ok": True, "nothing": None}
        assert redact(None, "info", dict(entry)) == entry


LOGGING = """
import logging, structlog
from shared.telemetry import set_up
set_up("courses")
structlog.get_logger().info("enrolled", course="algebra", password="hunter2")
logging.getLogger("library").warning("lost %s", "redis://:hunter2@cache")
try:
    token = "hunter2"
    raise ValueError("Bearer hunter2")
except ValueError:
    structlog.get_logger().exception("failed")
"""


@pytest.fixture(scope="module")
def log() -> list[dict[str, Any]]:
    """What a process of its own has logged."""
    ran = subprocess.run([sys.executable, "-c", LOGGING], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return [json.loads(line) for line in ran.stderr.splitlines()]


class TestLogging:
    def test_each_entry_is_a_json_object_with_its_service_level_and_time(self, log: list[dict[str, Any]]) -> None:
        assert [(entry["event"], entry["level"], entry["service"]) for entry in log] == [
            ("enrolled", "info", "courses"),
            (f"lost redis://:{REDACTED}@cache", "warning", "courses"),
            ("failed", "error", "courses"),
        ]
        assert all(entry["timestamp"].endswith("Z") for entry in log)

    def test_no_secret_is_logged(self, log: list[dict[str, Any]]) -> None:
        assert "hunter2" not in json.dumps(log)

    def test_an_exception_is_logged_with_its_frames(self, log: list[dict[str, Any]]) -> None:
        (failure,) = log[2]["exception"]
        assert failure["exc_type"] == "ValueError"
        assert failure["frames"]


TRACING = """
import sys
from fastapi import FastAPI
from starlette.testclient import TestClient
from shared import telemetry
from tests.patience import PATIENCE_SECONDS
end = telemetry.set_up("courses", endpoint=sys.argv[1])
app = FastAPI()
app.add_api_route("/graphql", lambda: {})
app.add_api_route("/health", lambda: {})
telemetry.instrument(app)
client = TestClient(app)
client.get("/health"), client.get("/graphql?code=hunter2")
end()
"""


@pytest.fixture
def collector() -> Generator[tuple[str, "Queue[tuple[str, bytes]]"]]:
    """An OTLP collector's address, and the requests it got."""
    received: Queue[tuple[str, bytes]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.put((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", received
    server.shutdown()
    server.server_close()


class TestTracing:
    def test_requests_are_sent_to_the_collector_and_health_checks_are_not(
        self, collector: tuple[str, "Queue[tuple[str, bytes]]"]
    ) -> None:
        url, received = collector
        subprocess.run([sys.executable, "-c", TRACING, url], check=True)  # noqa: S603 - ours
        path, body = received.get(timeout=PATIENCE_SECONDS)
        assert path == "/v1/traces"
        assert b"GET /graphql" in body
        assert b"studium" in body
        assert b"/health" not in body
        assert b"hunter2" not in body

    def test_without_an_endpoint_nothing_is_traced(self) -> None:
        script = "from shared import telemetry; from opentelemetry import trace; telemetry.set_up('x')(); "
        script += "print(trace.get_current_span().get_span_context().is_valid)"
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - ours
        assert ran.stdout == "False\n"
