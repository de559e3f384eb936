"""Envoy before a subgraph, as a proxy that injects faults: it is told over its administration interface.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/fault_filter
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.bench.gateways.http_server import LOOPBACK
from tests.bench.processes import free_ports

Fault = Mapping[str, int]
"""Runtime keys of Envoy's fault filter; none is no fault. `DOWN` is no proxy at all."""

_DELAY: Final = "fault.http.delay.fixed_delay_percent"
_DELAY_MILLISECONDS: Final = "fault.http.delay.fixed_duration_ms"
_ABORT: Final = "fault.http.abort.abort_percent"
_SLOW_BODY: Final = "fault.http.rate_limit.response_percent"
_KEYS: Final = (_DELAY, _DELAY_MILLISECONDS, _ABORT, _SLOW_BODY)

NONE: Final[Fault] = {}
DOWN: Final[Fault] = {"down": 1}
UNAVAILABLE: Final[Fault] = {_ABORT: 100}
HALF_UNAVAILABLE: Final[Fault] = {_ABORT: 50}
HUNG: Final[Fault] = {_DELAY: 100, _DELAY_MILLISECONDS: 3_600_000}
TRICKLING: Final[Fault] = {_SLOW_BODY: 100}

_START_SECONDS: Final = 30.0


def late(seconds: float) -> Fault:
    """Every answer comes so late."""
    return {_DELAY: 100, _DELAY_MILLISECONDS: int(seconds * 1_000)}


def find_envoy() -> str | None:
    """The command, from the environment (`ENVOY`) or the search path; None where there is none."""
    return shutil.which(os.environ.get("ENVOY", "envoy"))


class Proxy:
    """One Envoy before one port of the loopback, from the beginning of the block to its end."""

    def __init__(self, envoy: str, upstream: int) -> None:
        self._admin, self.port = free_ports(2)
        self._folder = tempfile.TemporaryDirectory(prefix="router-envoy-")
        config = Path(self._folder.name) / "envoy.json"
        config.write_text(json.dumps(_bootstrap(self._admin, self.port, upstream)))
        self._command = [envoy, "-c", str(config), "--concurrency", "1", "--use-dynamic-base-id", "-l", "error"]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stop()
        self._folder.cleanup()

    @property
    def pid(self) -> int:
        """Of the process, as long as it is not down."""
        assert self._process is not None
        return self._process.pid

    def become(self, fault: Fault) -> None:
        """Inject this fault, and no other, into every request from now on."""
        if fault is DOWN:
            self._stop()
            return
        if self._process is None:
            self._start()
        wanted = {key: str(fault.get(key, "")) for key in _KEYS}  # an empty one goes back to what is configured
        self._ask(f"/runtime_modify?{urlencode(wanted)}", method="POST")

    def requests(self) -> int:
        """How many have come, probes included, since the process began."""
        told = self._ask("/stats?filter=http.subgraph.downstream_rq_total")
        return int(told.rpartition(":")[2])

    def _start(self) -> None:
        self._process = subprocess.Popen(self._command)  # noqa: S603  # what the caller has found
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._ask("/ready")
            except (URLError, OSError):
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.02)
            else:
                return

    def _stop(self) -> None:
        """At once, as a machine fails: connections are reset, and no new ones are taken."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _ask(self, path: str, method: str = "GET") -> str:
        request = Request(f"http://{LOOPBACK}:{self._admin}{path}", method=method)
        with urlopen(request, timeout=10) as answer:  # noqa: S310  # loopback
            return answer.read().decode()


def _bootstrap(admin: int, port: int, upstream: int) -> dict[str, Any]:
    """Envoy's configuration: one listener, one cluster, and a fault filter that does nothing yet."""
    types = "type.googleapis.com/envoy.extensions.filters"
    never = {"percentage": {"numerator": 0}}
    fault = {
        "@type": f"{types}.http.fault.v3.HTTPFault",
        "delay": {"fixed_delay": "1s", **never},
        "abort": {"http_status": 503, **never},
        "response_rate_limit": {"fixed_limit": {"limit_kbps": 1}, **never},
    }
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "subgraph",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "subgraph", "timeout": "0s"}}],
                }
            ]
        },
        "http_filters": [
            {"name": "envoy.filters.http.fault", "typed_config": fault},
            {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{types}.http.router.v3.Router"}},
        ],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    endpoint = {"endpoint": {"address": _address(upstream)}}
    assigned = {"cluster_name": "subgraph", "endpoints": [{"lb_endpoints": [endpoint]}]}
    return {
        "admin": {"address": _address(admin)},
        "layered_runtime": {"layers": [{"name": "admin", "admin_layer": {}}]},
        "static_resources": {
            "listeners": [{"name": "subgraph", "address": _address(port), "filter_chains": [{"filters": filters}]}],
            "clusters": [{"name": "subgraph", "type": "STATIC", "load_assignment": assigned}],
        },
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": LOOPBACK, "port_value": port}}
