"""Usage and metering are counted in memory, written in batches, and lost only when they must be."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from redis.asyncio import Redis

from router.execute.json import JSONObject
from router.serve import GraphQLRequest, Hooks, Identity, RequestContext, create_app
from router.serve.telemetry import reports
from router.serve.telemetry.config import Reporting, TelemetryConfig
from router.serve.telemetry.reports import Reporter, metering_record
from router.serve.telemetry.sighting import ClientName, Sighting
from router.serve.telemetry.telemetry import Telemetry
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.library import LibrarySubgraph, library_engine
from tests.servers import Servers

QUERY = 'query Q { book(id: "secret") { title author { name } } }'


async def by_header(headers: Any, parameters: Any) -> RequestContext:
    tenant = headers.get("x-tenant")
    identity = None if tenant is None else Identity("ada", tenant, headers.get("x-client"))
    return RequestContext(identity=identity, dry_run="x-dry" in headers)


async def ask(telemetry: Telemetry, *requests: tuple[str, dict[str, str]]) -> None:
    """Send requests to a router that is looked at until it ends."""
    app = create_app(library_engine(LibrarySubgraph(), telemetry=telemetry), hooks=Hooks(by_header))
    async with (
        telemetry.running(),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://r") as client,
    ):
        for query, headers in requests:
            await client.post("/graphql", json={"query": query}, headers=headers)


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


class TestUsage:
    async def test_tells_which_client_has_used_which_fields(self, tmp_path: Path) -> None:
        path = tmp_path / "usage"
        web = {"apollographql-client-name": "web", "apollographql-client-version": "1"}
        await ask(
            Telemetry(TelemetryConfig(usage=Reporting(file=path))),
            (QUERY, web),
            (QUERY.replace("secret", "other"), web),
            (QUERY, {}),
            ("{ nonsense }", web),
        )
        by_client = {each["clientName"]: each for each in lines(path)}
        assert by_client["web"]["count"] == 2
        assert by_client["web"]["clientVersion"] == "1"
        assert by_client["web"]["fields"] == ["Author.name", "Book.author", "Book.title", "Query.book"]
        assert by_client["web"]["text"] == 'query Q { book(id: "") { author { name } title } }'
        assert by_client[""]["count"] == 1
        assert b"secret" not in path.read_bytes()

    @pytest.mark.parametrize("kind", ["usage", "metering"])
    async def test_what_is_only_priced_is_neither_used_nor_paid_for(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / kind
        config = TelemetryConfig(**{kind: Reporting(file=path)})  # pyright: ignore[reportArgumentType]  # either of them
        await ask(Telemetry(config), (QUERY, {"x-tenant": "a", "x-dry": "yes"}), (QUERY, {"x-tenant": "b"}))
        (found,) = lines(path)
        assert found.get("count", found.get("operations")) == 1
        assert found.get("tenant", "b") == "b"

    async def test_a_sample_may_do(self, tmp_path: Path) -> None:
        path = tmp_path / "usage"
        await ask(Telemetry(TelemetryConfig(usage=Reporting(file=path, sampling=1e-9))), (QUERY, {}))
        assert not path.exists()


class TestMetering:
    async def test_tells_what_the_operations_of_a_tenant_have_cost(self, tmp_path: Path) -> None:
        path = tmp_path / "metering"
        telemetry = Telemetry(TelemetryConfig(metering=Reporting(file=path)))
        for_a, for_b = {"x-tenant": "a", "x-client": "app"}, {"x-tenant": "b"}
        await ask(telemetry, (QUERY, for_a), (QUERY, for_a), (QUERY, for_b), ("{ whoami }", for_b))
        found = lines(path)
        (a,) = [each for each in found if each["tenant"] == "a"]
        assert (a["client"], a["operation"], a["operations"], a["subgraphRequests"]) == ("app", "Q", 2, 2)
        assert a["cost"] == a["costEstimated"] == 4
        assert a["bytes"] > 0
        assert a["seconds"] > 0
        assert sorted(each["operations"] for each in found if each["tenant"] == "b") == [1, 1]
        assert len({each["id"] for each in found}) == 3

    async def test_goes_to_a_stream_of_redis(self, servers: Servers) -> None:
        url = servers.redis
        redis: Any = Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType]
        telemetry = Telemetry(TelemetryConfig(metering=Reporting(redis_url=url, stream="test:metering")))
        await ask(telemetry, (QUERY, {"x-tenant": "a"}), ("{ whoami }", {"x-tenant": "a"}))
        entries = await redis.xrange("test:metering")
        records = [orjson.loads(entry[b"record"]) for _, entry in entries]
        assert {(each["tenant"], each["operations"]) for each in records} == {("a", 1)}
        assert sum(each["cost"] for each in records) == 2
        await redis.delete("test:metering")
        await redis.aclose()


class Flaky:
    """Keeps nothing for a while."""

    def __init__(self) -> None:
        self.fails = True
        self.kept: list[JSONObject] = []

    async def write(self, records: Sequence[JSONObject]) -> None:
        if self.fails:
            raise OSError
        self.kept += records

    async def aclose(self) -> None:
        """Nothing is open."""


class Silent(Flaky):
    """Does not answer the first time."""

    def __init__(self, times: int = 1) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self._times = times

    async def write(self, records: Sequence[JSONObject]) -> None:
        self.asked.set()
        if self._times > 0:
            self._times -= 1
            await asyncio.Event().wait()
        self.kept += records


@pytest.fixture
async def operations() -> list[Sighting]:
    """Sightings of three operations by twenty clients each."""
    engine = library_engine(LibrarySubgraph(), telemetry=(telemetry := Telemetry()))
    seen: list[Sighting] = []
    for number in range(60):
        each = Sighting("http", ClientName(f"c{number % 20}"), telemetry)
        with each:
            await engine.prepare(GraphQLRequest(f"query Q{number // 20} {{ whoami }}"))
        seen.append(each)
    return seen


class TestReporter:
    async def test_what_cannot_be_written_is_written_later_with_the_same_ids(self, operations: list[Sighting]) -> None:
        sink = Flaky()
        reporter = Reporter("metering", Reporting(file=Path("unused")), sink, metering_record)
        for each in operations:
            reporter.add(each, 0.001)
        await reporter.write()
        sink.fails = False
        for each in operations:
            reporter.add(each, 0.001)
        await reporter.write()
        assert len(sink.kept) == 120
        assert len({each["id"] for each in sink.kept}) == 120
        assert sum(each["operations"] for each in sink.kept) == 120

    async def test_memory_is_bounded_and_what_is_lost_is_counted(self, operations: list[Sighting]) -> None:
        sink = Flaky()
        reporter = Reporter("metering", Reporting(file=Path("unused"), entries=10, kept=30), sink, metering_record)
        for each in operations:
            reporter.add(each, 0.001)
        assert reporter.lost == 0 + 20
        sink.fails = False
        await reporter.write()
        assert len(sink.kept) + reporter.lost == 60

    async def test_a_full_report_is_written_at_once(self, operations: list[Sighting]) -> None:
        sink = Flaky()
        sink.fails = False
        reporter = Reporter("usage", Reporting(file=Path("unused"), entries=10, seconds=3600), sink, metering_record)
        task = asyncio.create_task(reporter.run())
        await asyncio.sleep(0)
        for each in operations[:11]:
            reporter.add(each, 0.001)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(sink.kept) < 10:  # noqa: ASYNC110  # a sink tells nobody
                await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.wait({task})
        assert len(sink.kept) == 11

    @pytest.mark.parametrize(("silent", "kept", "lost"), [(1, 60, 0), (9, 0, 60)], ids=["written again", "told lost"])
    async def test_an_end_in_the_middle_of_writing_loses_nothing_silently(
        self, operations: list[Sighting], monkeypatch: pytest.MonkeyPatch, silent: int, kept: int, lost: int
    ) -> None:
        monkeypatch.setattr(reports, "END_SECONDS", 0.05)
        sink = Silent(silent)
        reporter = Reporter("metering", Reporting(file=Path("unused"), seconds=0.01), sink, metering_record)
        for each in operations:
            reporter.add(each, 0.001)
        task = asyncio.create_task(reporter.run())
        await asyncio.wait_for(sink.asked.wait(), PATIENCE_SECONDS)
        task.cancel()
        await asyncio.wait({task})
        assert (len(sink.kept), reporter.lost) == (kept, lost)

    def test_reports_go_to_one_place(self) -> None:
        for given in ({}, {"file": Path("x"), "redis_url": "redis://x"}, {"file": Path("x"), "sampling": 0.0}):
            with pytest.raises(ValueError, match="eports"):
                Reporting(**given)  # pyright: ignore[reportArgumentType]
        with pytest.raises(ValueError, match="every operation"):
            TelemetryConfig(metering=Reporting(file=Path("x"), sampling=0.5))
