"""How the subgraphs do, for readiness and metrics."""

from collections.abc import Mapping

from router.execute.transport import Transport
from router.execute.transport.traffic import ManagedTransport, SubgraphHealth
from router.serve.traffic.steered import SteeredTransport


def health_of(transports: Mapping[str, Transport]) -> dict[str, SubgraphHealth]:
    """By their names, those whose transports keep account of it."""
    inner = {name: _inmost(transport) for name, transport in transports.items()}
    return {name: transport.health for name, transport in inner.items() if isinstance(transport, ManagedTransport)}


def _inmost(transport: Transport) -> Transport:
    while isinstance(transport, SteeredTransport):
        transport = transport.inner
    return transport
