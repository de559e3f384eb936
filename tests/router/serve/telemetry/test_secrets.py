"""What a client sends, or a subgraph says of itself, is in no log, span, metric or report, whatever goes wrong."""

import json
import logging
from collections.abc import Generator
from io import StringIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import GraphQLError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from router.serve import GraphQLRequest, Hooks, create_app, forwarding
from router.serve.telemetry.config import Logs, Metrics, Reporting, TelemetryConfig, Tracing
from router.serve.telemetry.logs import set_up_logs
from router.serve.telemetry.sighting import ClientName, Sighting
from router.serve.telemetry.telemetry import Telemetry
from tests.router.serve.library import Library, LibrarySubgraph, library_engine

SECRETS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=8, max_size=20).map(lambda text: f"c4n4ry{text}")
QUERIES = [
    'query Q($id: ID!) { book(id: $id) { title } other: book(id: "SECRET") { title } }',
    'mutation M { rename(id: "1", title: "SECRET") { title } }',
    'query Q($id: ID!) { crash whoami book(id: $id) { nonsense(x: "SECRET") } }',
    'query Q($id: ID!) { crash book(id: $id) { id } other: book(id: "SECRET") { id } }',
    'query Q($id: [Int]) { book(id: "SECRET") { title } }',
    '{ book(id: "SECRET" { title } }',
]


class Indiscreet(Library):
    """Whatever it is asked, something goes wrong, and is told at length."""

    def book(self, info: Any, id: str) -> dict[str, Any]:
        token = info.context.get("authorization", "")
        raise GraphQLError(
            f"SELECT * FROM books WHERE id = '{id}' failed at postgres://app:{id}@db/x?key={id} ({token})"  # noqa: S608
        )

    def crash(self, info: Any) -> str:
        raise RuntimeError(f"{info.context}")


@pytest.fixture
def log() -> Generator[StringIO]:
    stream = StringIO()
    end = set_up_logs(Logs(operations=True, level="debug"), stream)
    yield stream
    end()


class Watched:
    """A router that is looked at in every way, and all that is seen of it."""

    def __init__(self, folder: Path | None = None) -> None:
        """Args: `folder` for reports; None for none."""
        self.folder = folder
        self.spans = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.telemetry = Telemetry(
            TelemetryConfig(
                metrics=Metrics(),
                tracing=Tracing(ratio=1, response_header="x-trace"),
                usage=None if folder is None else Reporting(file=folder / "usage"),
                metering=None if folder is None else Reporting(file=folder / "metering"),
                logs=Logs(operations=True),
            ),
            provider,
        )
        engine = library_engine(LibrarySubgraph(Indiscreet()), telemetry=self.telemetry)
        self.app = create_app(engine, hooks=Hooks(forwarding("authorization", "cookie")))

    async def ask(self, query: str, secret: str) -> dict[str, Any]:
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://router") as client:
            headers = {"authorization": f"Bearer {secret}", "cookie": f"session={secret}", "x-request-id": "req-1"}
            body = {"query": query.replace("SECRET", secret), "variables": {"id": secret}}
            return (await client.post(f"/graphql?token={secret}", json=body, headers=headers)).json()

    async def shown(self) -> list[str]:
        """All that was seen and written since the last time, and all metrics."""
        assert self.folder is not None
        for each in self.telemetry.reporters:
            await each.write()
        spans = [span.to_json() for span in self.spans.get_finished_spans()]
        self.spans.clear()
        files = [self.folder / "usage", self.folder / "metering"]
        reports = [each.read_text() for each in files if each.exists()]
        for each in files:
            each.unlink(missing_ok=True)
        assert spans
        return [generate_latest(self.telemetry.registry).decode(), *spans, *reports]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Made once, as that is what takes long."""
    return Watched(tmp_path_factory.mktemp("reports"))


@given(SECRETS)
@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_secret_is_seen_anywhere(watched: Watched, secret: str) -> None:
    stream = StringIO()
    end = set_up_logs(Logs(operations=True, level="debug"), stream)
    try:
        for query in QUERIES:
            await watched.ask(query, secret)
    finally:
        end()
    assert len(stream.getvalue().splitlines()) > len(QUERIES)
    assert not any(secret in each for each in [stream.getvalue(), *await watched.shown()])


class TestLog:
    async def test_every_operation_is_a_line(self, log: StringIO) -> None:
        await Watched().ask("query Who { whoami }", "c4n4ry")
        (entry,) = [each for each in map(json.loads, lines(log)) if each["logger"] == "router.operations"]
        assert entry["message"] == "operation"
        assert (entry["operation"], entry["kind"], entry["status"], entry["http_status"]) == ("Who", "query", "ok", 200)
        assert entry["request_id"] == "req-1"
        assert entry["milliseconds"] > 0
        assert len(entry["signature"]) == 32

    async def test_a_masked_error_of_a_subgraph_is_found_by_its_id(self, log: StringIO) -> None:
        answer = await Watched().ask('{ book(id: "1") { title } }', "c4n4ry")
        (error,) = answer["errors"]
        assert error["message"] == "The subgraph failed to answer this."
        found = [json.loads(line) for line in lines(log) if error["extensions"]["id"] in line]
        assert [each["message"][:5] for each in found] == ["Error", "opera"]
        assert "SELECT * FROM books WHERE id = '…'" in found[0]["message"]
        assert found[0]["request_id"] == found[1]["request_id"] == "req-1"

    def test_a_line_is_never_longer_than_allowed(self) -> None:
        stream = StringIO()
        end = set_up_logs(Logs(characters=1_000), stream)
        try:
            raise ValueError("x" * 100_000)  # noqa: TRY301  # what is logged
        except ValueError:
            logging.getLogger("test").exception("y" * 100_000)
        end()
        (line,) = stream.getvalue().splitlines()
        assert len(line) <= 1_000
        entry = json.loads(line)
        assert entry["level"] == "error"
        assert "ValueError" in entry["exception"] or "Traceback" in entry["exception"]

    @pytest.mark.parametrize("before", range(31_960, 32_004, 3))
    def test_no_part_of_a_secret_is_left_where_a_text_is_cut(self, before: int) -> None:
        """Whatever is looked for as a whole has to be there as a whole, or not at all."""
        seen = Sighting("http", ClientName(), Telemetry())
        seen.request = GraphQLRequest("", None, {"title": "c4n4ry one c4n4ry two", "word": "c4n4ry-word"})
        stream = StringIO()
        end = set_up_logs(Logs(), stream)
        for secret in ("c4n4ry one c4n4ry two", "c4n4ry-word", "Bearer c4n4ry", f"{'A' * 30}c4n4ry{'A' * 30}"):
            with seen:
                logging.getLogger("test").error("%s%s%s", "x " * (before // 2), secret, " and so on" * 100)
        end()
        found = stream.getvalue().splitlines()
        assert len(found) == 4
        assert not [line for line in found if "c4n" in line or "A" * 20 in line]

    def test_what_no_formatter_can_write_harms_nobody(self) -> None:
        stream = StringIO()
        end = set_up_logs(Logs(), stream)
        logging.getLogger("test").warning("line\nbreak \x00 %s", "\ud800")
        end()
        (line,) = stream.getvalue().splitlines()
        assert json.loads(line)["message"].startswith("line\nbreak")


def lines(log: StringIO) -> list[str]:
    """What was logged until now."""
    for handler in logging.getLogger().handlers:
        handler.flush()
    return log.getvalue().splitlines()
