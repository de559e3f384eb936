"""How the router talks to its subgraphs: all of them alike, or one apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.execute.transport.traffic import Traffic
from router.serve.traffic.rules import HeaderRule


@dataclass(frozen=True, slots=True)
class SubgraphTraffic:
    """What is different for one subgraph.

    Attributes:
        replicas: further URLs beside that of the supergraph, at which the same subgraph can be reached.
        traffic: instead of what holds for all; None is the same.
        headers: rules that are applied after those for all.
    """

    replicas: tuple[str, ...] = ()
    traffic: Traffic | None = None
    headers: tuple[HeaderRule, ...] = ()


@dataclass(frozen=True, slots=True)
class TrafficConfig:
    """Traffic to the subgraphs.

    Attributes:
        traffic: to all of them.
        headers: rules for all of them; without any, each gets all headers of the client that were let through.
        subgraphs: what is different, by their names.
    """

    traffic: Traffic = field(default_factory=Traffic)
    headers: tuple[HeaderRule, ...] = ()
    subgraphs: Mapping[str, SubgraphTraffic] = field(default_factory=dict[str, SubgraphTraffic])

    def of(self, subgraph: str) -> SubgraphTraffic:
        """What holds for a subgraph, with what holds for all."""
        own = self.subgraphs.get(subgraph, _NOTHING)
        return SubgraphTraffic(own.replicas, own.traffic or self.traffic, self.headers + own.headers)


_NOTHING = SubgraphTraffic()
