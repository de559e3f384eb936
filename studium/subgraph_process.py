"""`studium serve`: one subgraph by itself, over HTTP and WebSocket."""

from shared import telemetry
from studium.composition import Parts, create_subgraph, running
from studium.serving import serve
from studium.settings import StudiumSettings


def serve_subgraph(name: str, settings: StudiumSettings) -> int:
    """Serve one subgraph until told to stop."""
    end = telemetry.set_up(name, endpoint=settings.otlp_endpoint)
    parts = Parts.create(settings)
    subgraph = create_subgraph(name, parts)
    subgraph.app.router.lifespan_context = running(parts, [subgraph])
    telemetry.instrument(subgraph.app)
    try:
        serve(subgraph.app, settings)
    finally:
        end()
    return 0
