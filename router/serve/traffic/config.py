"""How the router talks to its subgraphs: all of them alike, or one apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from router.execute.transport import Subscriptions
from router.execute.transport.traffic import Traffic
from router.serve.traffic.rules import HeaderRule


@dataclass(frozen=True, slots=True)
class SubgraphTraffic:
    """What is different for one subgraph.

    Attributes:
        replicas: further URLs beside that of the supergraph, at which the same subgraph can be reached.
        traffic: instead of what holds for all; None is the same.
        headers: rules that are applied after those for all.
        url: instead of that of the supergraph.
        subscriptions: the protocol of its subscriptions; None is what its source says, or else WebSockets.
        placements: URLs of replicas that are asked for tenants placed there, and for nobody else, by the names of
            placements. In a placement that only other subgraphs have, it is asked where it is for all.
    """

    replicas: tuple[str, ...] = ()
    traffic: Traffic | None = None
    headers: tuple[HeaderRule, ...] = ()
    url: str | None = None
    subscriptions: Subscriptions | None = None
    placements: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, slots=True)
class TrafficConfig:
    """Traffic to the subgraphs.

    Attributes:
        all: traffic to each of them.
        headers: rules for all of them; without any, each gets all headers of the client that were let through.
        subgraphs: what is different, by their names.
    """

    all: Traffic = field(default_factory=Traffic)
    headers: tuple[HeaderRule, ...] = ()
    subgraphs: Mapping[str, SubgraphTraffic] = field(default_factory=dict[str, SubgraphTraffic])

    @property
    def placements(self) -> frozenset[str]:
        """All that any subgraph has."""
        return frozenset(name for each in self.subgraphs.values() for name in each.placements)

    def of(self, subgraph: str) -> SubgraphTraffic:
        """What holds for a subgraph, with what holds for all."""
        own = self.subgraphs.get(subgraph, _NOTHING)
        return replace(own, traffic=own.traffic or self.all, headers=self.headers + own.headers)


_NOTHING = SubgraphTraffic()
