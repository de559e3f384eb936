"""What is seen of Studium's router: what its file says, and what the platform's settings say beside."""

from dataclasses import replace
from typing import Final

from router.serve.telemetry.config import Metrics, Reporting, TelemetryConfig, Tracing
from router.serve.telemetry.telemetry import Telemetry
from studium.settings import StudiumSettings

METERING_STREAM: Final = "studium:metering"
"""Of Redis: what each tenant's operations have cost, a JSON object in the field `record` of each entry."""


def telemetry_of(settings: StudiumSettings, said: TelemetryConfig) -> Telemetry | None:
    """Looks at the router, if anything is to be seen of it. Spans go where those of the subgraphs go."""
    config = said
    if settings.metrics_port is not None and config.metrics is None:
        config = replace(config, metrics=Metrics(settings.metrics_port, ports=settings.workers))
    if settings.otlp_endpoint is not None and config.tracing is None:
        config = replace(config, tracing=Tracing(ratio=settings.trace_ratio))
    if settings.metering and settings.redis_url is not None and config.metering is None:
        url = settings.redis_url.get_secret_value()
        config = replace(config, metering=Reporting(redis_url=url, stream=METERING_STREAM))
    return Telemetry(config) if config.is_active else None
