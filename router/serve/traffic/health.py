"""How the subgraphs do, for readiness and metrics."""

from collections.abc import Iterator, Mapping

from router.execute.transport import HttpTransport, Transport
from router.execute.transport.traffic import ManagedTransport, SubgraphHealth
from router.serve.variants.placement import PlacedTransport


def health_of(transports: Mapping[str, Transport]) -> dict[str, SubgraphHealth]:
    """By their names, those whose transports keep account of it; in a placement, by `name@placement`."""
    inner = {name: _inmost(transport) for name, transport in _everywhere(transports)}
    return {name: each.health for name, each in inner.items() if isinstance(each, ManagedTransport)}


def shared_of(transports: Mapping[str, Transport]) -> dict[str, int]:
    """How many requests were not sent because an identical one was under way, by the names of subgraphs behind HTTP."""
    inner = {name: _inmost(transport) for name, transport in _everywhere(transports)}
    return {name: each.shared for name, each in inner.items() if isinstance(each, HttpTransport | ManagedTransport)}


def _everywhere(transports: Mapping[str, Transport]) -> Iterator[tuple[str, Transport]]:
    """The transports, and those that subgraphs have for tenants with a place of their own."""
    for name, transport in transports.items():
        yield name, transport
        within: Transport | None = transport
        while within is not None:
            if isinstance(within, PlacedTransport):
                others = within.placed.items()
                yield from ((f"{name}@{placement}", each) for placement, each in others if each is not within.inner)
            within = getattr(within, "inner", None)


def _inmost(transport: Transport) -> Transport:
    """What is within all wrappers, each of which keeps what it wraps as `inner`."""
    while (inner := getattr(transport, "inner", None)) is not None:
        transport = inner
    return transport
