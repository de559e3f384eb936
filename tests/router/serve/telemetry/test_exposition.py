"""What Prometheus reads is in order, and documented."""

from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from router.serve import Engine, GraphQLRequest, Identity, RequestContext
from router.serve.caching.caches import Caches
from router.serve.caching.config import Caching
from router.serve.telemetry.config import Metrics, Reporting, TelemetryConfig
from router.serve.telemetry.telemetry import Telemetry
from router.serve.traffic import build_transports
from tests.router.serve.caching.shop import SUPERGRAPH

PAGE = Path(__file__).parents[4] / "docs" / "router" / "telemetry.md"
NOWHERE = "http://127.0.0.1:9/graphql"


async def test_each_sample_is_there_once_and_documented_while_one_supergraph_follows_another(tmp_path: Path) -> None:
    telemetry = Telemetry(TelemetryConfig(metrics=Metrics(), usage=Reporting(file=tmp_path / "usage")))
    caches, urls = Caches(Caching()), {"products": NOWHERE, "reviews": NOWHERE}
    engines = [
        Engine.from_sdl(SUPERGRAPH, build_transports(urls), answers=caches, telemetry=telemetry) for _ in range(2)
    ]
    context = RequestContext(identity=Identity("ada", 'quotes " and \\ and \n', "client"))
    for engine in engines:
        with telemetry.request("POST", [(b"apollographql-client-name", b'a "client"')], "http") as seen:
            await engine.execute(GraphQLRequest("{ products { id } }"), context)
        seen.end()
    families = list(text_string_to_metric_families(generate_latest(telemetry.registry).decode()))
    for engine in engines:
        await engine.aclose()
    samples = [(each.name, *sorted(each.labels.items())) for family in families for each in family.samples]
    assert len(samples) == len(set(samples))
    assert ("router_subgraph_shared_total", ("subgraph", "products")) in samples
    own = [family for family in families if family.name.startswith("router_")]
    assert {family.type for family in own} <= {"counter", "gauge", "histogram"}
    assert all(family.documentation.endswith(".") for family in own)
    names = [family.name.removeprefix("router_") + "_total" * (family.type == "counter") for family in own]
    assert len(names) > 40
    assert [each for each in names if f"`{each}`" not in PAGE.read_text()] == []  # of a test
