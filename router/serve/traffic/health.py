"""How the subgraphs do, for readiness and metrics."""

from collections.abc import Mapping

from router.execute.transport import HttpTransport, Transport
from router.execute.transport.traffic import ManagedTransport, SubgraphHealth


def health_of(transports: Mapping[str, Transport]) -> dict[str, SubgraphHealth]:
    """By their names, those whose transports keep account of it."""
    inner = {name: _inmost(transport) for name, transport in transports.items()}
    return {name: each.health for name, each in inner.items() if isinstance(each, ManagedTransport)}


def shared_of(transports: Mapping[str, Transport]) -> dict[str, int]:
    """How many requests were not sent because an identical one was under way, by the names of subgraphs behind HTTP."""
    inner = {name: _inmost(transport) for name, transport in transports.items()}
    return {name: each.shared for name, each in inner.items() if isinstance(each, HttpTransport | ManagedTransport)}


def _inmost(transport: Transport) -> Transport:
    """What is within all wrappers, each of which keeps what it wraps as `inner`."""
    while (inner := getattr(transport, "inner", None)) is not None:
        transport = inner
    return transport
