"""A configuration becomes transports, or is refused with a reason."""

import pytest

from router.execute import HttpTransport
from router.execute.transport.traffic import Concurrency, ManagedTransport, Traffic
from router.serve.traffic import CallHooks, Insert, SubgraphTraffic, TrafficConfig, TrafficError, build_transports
from router.serve.traffic.steered import SteeredTransport

URLS = {"a": "http://a/graphql", "b": "http://b/graphql"}


class TestTransports:
    def test_each_subgraph_has_its_own(self) -> None:
        transports = build_transports(URLS)
        assert sorted(transports) == ["a", "b"]
        for name, transport in transports.items():
            assert isinstance(transport, ManagedTransport)
            assert [each.url for each in transport.health.replicas] == [URLS[name]]

    def test_a_subgraph_may_have_replicas(self) -> None:
        config = TrafficConfig(subgraphs={"b": SubgraphTraffic(replicas=("http://c/graphql",))})
        transport = build_transports(URLS, config)["b"]
        assert isinstance(transport, ManagedTransport)
        assert [each.url for each in transport.health.replicas] == ["http://b/graphql", "http://c/graphql"]

    def test_rules_for_all_come_before_those_for_one(self) -> None:
        own = SubgraphTraffic(headers=(Insert("x", "one"),), traffic=Traffic(retries=None))
        config = TrafficConfig(headers=(Insert("x", "all"),), subgraphs={"b": own})
        assert config.of("a").headers == (Insert("x", "all"),)
        assert config.of("b").headers == (Insert("x", "all"), Insert("x", "one"))
        assert config.of("a").traffic == Traffic()
        assert config.of("b").traffic == Traffic(retries=None)
        assert isinstance(build_transports(URLS, config)["a"], SteeredTransport)

    def test_without_any_care_a_request_goes_straight_to_its_only_replica(self) -> None:
        plain = Traffic(retries=None, breaking=None, tracing=False, deadline_header=None)
        assert isinstance(build_transports(URLS, TrafficConfig(plain))["a"], HttpTransport)
        replicas = TrafficConfig(plain, subgraphs={"a": SubgraphTraffic(replicas=("http://c/graphql",))})
        assert isinstance(build_transports(URLS, replicas)["a"], ManagedTransport)

    def test_a_subgraph_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(TrafficError, match="no subgraph c; there are a, b"):
            build_transports(URLS, TrafficConfig(subgraphs={"c": SubgraphTraffic()}), CallHooks())

    @pytest.mark.parametrize(
        "traffic",
        [
            Traffic(concurrency=Concurrency(0)),
            Traffic(concurrency=Concurrency(tenant_share=0.0)),
            Traffic(concurrency=Concurrency(tenant_share=1.5)),
            Traffic(timeout_seconds=0),
            Traffic(deadline_header="x left"),
            Traffic(deadline_header="Host"),
            Traffic(deadline_header=""),
        ],
    )
    def test_what_would_let_nothing_through_is_refused(self, traffic: Traffic) -> None:
        with pytest.raises(TrafficError, match="ubgraph a"):
            build_transports(URLS, TrafficConfig(traffic))

    @pytest.mark.parametrize("place", ["url", "replica"])
    def test_credentials_in_a_url_are_refused_and_not_told(self, place: str) -> None:
        secret = "http://user:hunter2@b/graphql"
        urls = {**URLS, "b": secret} if place == "url" else URLS
        replicas = (secret,) if place == "replica" else ()
        with pytest.raises(TrafficError, match="subgraph b, at b, has credentials") as caught:
            build_transports(urls, TrafficConfig(subgraphs={"b": SubgraphTraffic(replicas)}))
        assert "hunter2" not in str(caught.value)
