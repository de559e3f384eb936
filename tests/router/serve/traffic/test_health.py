"""How subgraphs do can be read whatever is around their transports."""

from router.execute import InProcessTransport
from router.execute.transport.traffic import State
from router.serve.traffic import CallHooks, Insert, TrafficConfig, build_transports, health_of, steered
from tests.router.serve.library import LibrarySubgraph


def test_it_is_read_through_rules_and_hooks() -> None:
    rules = TrafficConfig(headers=(Insert("x-i", "1"),))
    wrapped = {
        name: steered(transport, (Insert("x-j", "1"),), CallHooks())
        for name, transport in build_transports({"a": "http://a"}, rules).items()
    }
    health = health_of(wrapped)["a"]
    assert [(each.url, each.state) for each in health.replicas] == [("http://a", State.CLOSED)]
    assert health.available
    assert health.counts.requests == health.waiting == 0


def test_subgraphs_in_the_process_have_none() -> None:
    inside = LibrarySubgraph()
    assert health_of({"a": InProcessTransport(inside.execute)}) == {}
