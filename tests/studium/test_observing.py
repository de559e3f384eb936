"""What is seen of Studium's router, by its settings and by its file."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from router.serve.telemetry.config import Metrics, TelemetryConfig
from studium.children import Environments
from studium.observing import METERING_STREAM, telemetry_of
from studium.settings import StudiumSettings


def settings(**given: Any) -> StudiumSettings:
    return StudiumSettings(redis_url=SecretStr("redis://127.0.0.1:6379/0"), **given)


def test_nothing_is_seen_unless_it_is_wanted() -> None:
    assert telemetry_of(settings(), TelemetryConfig()) is None


def test_metrics_have_a_port() -> None:
    telemetry = telemetry_of(settings(metrics_port=9464), TelemetryConfig())
    assert telemetry is not None
    assert telemetry.config.metrics == Metrics(9464)


def test_what_the_file_says_counts() -> None:
    telemetry = telemetry_of(settings(metrics_port=9464), TelemetryConfig(metrics=Metrics(path="/metrics")))
    assert telemetry is not None
    assert telemetry.config.metrics == Metrics(path="/metrics")


def test_spans_go_where_those_of_the_subgraphs_go() -> None:
    telemetry = telemetry_of(settings(otlp_endpoint="http://127.0.0.1:4318", trace_ratio=0.5), TelemetryConfig())
    assert telemetry is not None
    assert telemetry.config.tracing is not None
    assert (telemetry.config.tracing.endpoint, telemetry.config.tracing.ratio) == (None, 0.5)


async def test_metering_goes_to_the_platforms_redis() -> None:
    telemetry = telemetry_of(settings(metering=True), TelemetryConfig())
    assert telemetry is not None
    metering = telemetry.config.metering
    assert metering is not None
    assert (metering.redis_url, metering.stream) == ("redis://127.0.0.1:6379/0", METERING_STREAM)


def test_the_router_is_told_in_either_mode() -> None:
    environments = Environments(settings(metrics_port=9464, metering=True, router_config=Path("router.yaml")))
    for told in (environments.in_process(), environments.router(Path("supergraph.yaml"))):
        assert told["STUDIUM_METRICS_PORT"] == "9464"
        assert told["STUDIUM_METERING"] == "True"
        assert told["STUDIUM_ROUTER_CONFIG"] == "router.yaml"
        assert told["STUDIUM_REDIS_URL"] == "redis://127.0.0.1:6379/0"
