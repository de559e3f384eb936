"""Where metrics can be read: a port of their own, or a path of the router."""

import asyncio
import logging
from collections.abc import Callable
from errno import EADDRINUSE
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response

from router.serve.telemetry.config import Metrics

logger = logging.getLogger(__name__)


class MetricsUnavailable(Exception):
    """No port is free for metrics."""


class MetricsServer:
    """Answers in a thread of its own, so that it tells how a busy event loop does.

    Attributes:
        port: that was free.
    """

    def __init__(self, registry: CollectorRegistry, metrics: Metrics) -> None:
        """Begin to listen at the first free port.

        Raises:
            MetricsUnavailable: none is.
        """
        self._server, self._thread = _started(registry, metrics)
        self.port = self._server.server_port

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _started(registry: CollectorRegistry, metrics: Metrics) -> tuple[WSGIServer, Thread]:
    first = metrics.port or 0
    for port in range(first, first + metrics.ports):
        try:
            return start_http_server(port, metrics.host, registry)
        except OSError as error:
            if error.errno != EADDRINUSE:
                raise MetricsUnavailable(f"Metrics cannot be served at {metrics.host}:{port}: {error}.") from error
    raise MetricsUnavailable(f"No port from {first} to {first + metrics.ports - 1} is free for metrics.")


def metrics_endpoint(registry: CollectorRegistry) -> Callable[[Request], object]:
    """What answers at a path of the router."""

    async def answer(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        text = await asyncio.get_running_loop().run_in_executor(None, encode, registry)
        return Response(text, headers={"content-type": content_type})

    return answer
