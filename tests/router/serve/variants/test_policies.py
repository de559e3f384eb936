"""What tenants may spend, name and introspect, which overrides hold for them, and where they are served from."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from router.execute import InProcessTransport
from router.plan import Rollout
from router.serve import Demand, Engine, GraphQLRequest, Identity, Limits, Per, Rate, RequestContext, Unit
from router.serve.demand.control import DemandControl
from router.serve.persisted.policy import PersistedPolicy, Safelist
from router.serve.traffic import SubgraphTraffic, TrafficConfig, TrafficError, build_transports, health_of
from router.serve.variants.lookup import UNAVAILABLE
from router.serve.variants.lookup import UNKNOWN as UNKNOWN_TENANT
from router.serve.variants.placement import UNKNOWN, PlacedTransport
from router.serve.variants.policy import Introspection, TenantPolicy
from router.serve.variants.settings import TenancySettings
from router.serve.variants.tenancy import Tenancy
from tests.router.harness import Federation, World
from tests.router.serve.variants.tagged_graph import engine_for, federation

TAGGED = federation()
BOOK = "{ book { id } }"
FEDERATION = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@override"])'
SCHEMA = "{ __schema { queryType { name } } }"


async def answer(engine: Engine, query: str, tenant: str | None, scopes: str = "", **rest: Any) -> dict[str, Any]:
    identity = None if tenant is None else Identity("ada", tenant, scopes=frozenset(scopes.split()))
    context = RequestContext(identity=identity, rollout=rest.pop("rollout", Rollout()))
    return (await engine.execute(GraphQLRequest(query, **rest), context)).as_json()


def code(told: Mapping[str, Any]) -> str | None:
    return told["errors"][0]["extensions"]["code"] if "errors" in told else None


class TestIntrospection:
    async def test_it_is_off_on_or_for_those_with_a_scope(self) -> None:
        policies = {
            "open": TenantPolicy(introspection=Introspection.ON),
            "closed": TenantPolicy(introspection=Introspection.OFF),
            "scoped": TenantPolicy(introspection=Introspection.SCOPED, introspection_scopes=("schema:read",)),
            "usual": TenantPolicy(),
        }
        for usual in (True, False):
            engine = engine_for(TAGGED, policies, limits=Limits(introspection=usual))
            may = {
                "open": True,
                "closed": False,
                "usual": usual,
            }
            for tenant, allowed in may.items():
                told = await answer(engine, SCHEMA, tenant)
                assert code(told) == (None if allowed else "INTROSPECTION_DISABLED"), (tenant, usual)
            assert code(await answer(engine, SCHEMA, "scoped", "schema:read other")) is None
            assert code(await answer(engine, SCHEMA, "scoped", "other")) == "INTROSPECTION_DISABLED"

    async def test_suggestions_are_shown_to_those_alone_who_may_ask(self) -> None:
        policies = {
            "open": TenantPolicy(introspection=Introspection.ON),
            "quiet": TenantPolicy(introspection=Introspection.ON, suggestions=False),
            "closed": TenantPolicy(introspection=Introspection.OFF, suggestions=True),
        }
        engine = engine_for(TAGGED, policies)
        told = {tenant: str(await answer(engine, "{ bok { id } }", tenant)) for tenant in policies}
        assert ["Did you mean" in each for each in told.values()] == [True, False, False]


class TestBudgets:
    async def test_an_operation_may_cost_more_or_less(self) -> None:
        policies = {"small": TenantPolicy(operation_cost=5), "large": TenantPolicy(operation_cost=500)}
        control = DemandControl(Demand(operation_cost=50))
        engine = engine_for(TAGGED, policies | {"usual": TenantPolicy()}, control=control)
        dear, cheap = "{ items { creator { friends { id } } } }", "{ items { id } }"
        for _ in range(2):
            assert [code(await answer(engine, dear, each)) for each in ("small", "usual", "large")] == [
                "COST_ESTIMATED_TOO_EXPENSIVE",
                "COST_ESTIMATED_TOO_EXPENSIVE",
                None,
            ]
            assert [code(await answer(engine, cheap, each)) for each in ("small", "usual", "large")] == [
                "COST_ESTIMATED_TOO_EXPENSIVE",
                None,
                None,
            ]

    async def test_a_tenants_rates_take_the_place_of_everybodys(self) -> None:
        policies = {
            "slow": TenantPolicy(rates=(Rate("tenant", 1, 3_600),)),
            "free": TenantPolicy(rates=()),
            "usual": TenantPolicy(),
        }
        control = DemandControl(Demand(rates=(Rate("tenant", 2, 60),)))
        engine = engine_for(TAGGED, policies, control=control)
        answered = dict.fromkeys(policies, 0)
        for _ in range(4):
            for tenant in policies:
                answered[tenant] += code(await answer(engine, BOOK, tenant)) is None
        assert answered == {"slow": 1, "free": 4, "usual": 2}

    async def test_rates_hold_where_nobody_else_has_any(self) -> None:
        policies = {"slow": TenantPolicy(rates=(Rate("cost", 3, 60, Unit.COST), Rate("who", 9, 60, per=Per.SUBJECT)))}
        engine = engine_for(TAGGED, policies)
        told = [code(await answer(engine, BOOK, "slow")) for _ in range(4)]
        assert told == [None, None, None, "RATE_LIMITED"]
        assert code(await answer(engine, BOOK, None)) is None

    async def test_who_gets_a_larger_rate_may_ask_again_at_once(self) -> None:
        policies = {"a": TenantPolicy(rates=(Rate("tenant", 1, 3_600),))}
        engine = engine_for(TAGGED, policies)
        assert [code(await answer(engine, BOOK, "a")) for _ in range(3)] == [None, "RATE_LIMITED", "RATE_LIMITED"]
        policies["a"] = TenantPolicy(rates=(Rate("tenant", 5, 3_600),))
        assert engine.tenancy is not None
        engine.tenancy.forget("a")
        assert code(await answer(engine, BOOK, "a")) is None


class TestLists:
    async def test_tenants_have_lists_of_their_own(self, tmp_path: Path) -> None:
        (tmp_path / "one.json").write_text(json.dumps({"b": BOOK}))
        (tmp_path / "two.json").write_text(json.dumps({"b": "{ book { title } }"}))
        lists = {each: PersistedPolicy(manifests=(tmp_path / f"{each}.json",)) for each in ("one", "two")}
        policies = {
            "one": TenantPolicy(persisted=replace(lists["one"], safelist=Safelist.DOCUMENTS)),
            "two": TenantPolicy(persisted=lists["two"]),
            "none": TenantPolicy(),
        }
        engine = engine_for(TAGGED, policies)
        named = [await answer(engine, "", each, document_id="b") for each in policies]
        assert [each.get("data") for each in named] == [
            {"book": {"id": "B0"}},
            {"book": {"title": "Book 0"}},
            None,
        ]
        sent = [code(await answer(engine, "{ book { id title } }", each)) for each in policies]
        assert sent == ["QUERY_NOT_IN_SAFELIST", None, None]
        assert code(await answer(engine, BOOK, "one")) is None

    async def test_a_list_that_cannot_be_read_lets_nothing_through(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        engine = engine_for(TAGGED, {"a": TenantPolicy(persisted=PersistedPolicy(manifests=(tmp_path / "none.json",)))})
        told = await answer(engine, BOOK, "a")
        assert code(told) == "PERSISTED_LIST_UNAVAILABLE"
        assert str(tmp_path) not in str(told)
        assert "none.json" in caplog.text


class TestLabels:
    OLD = f"""{FEDERATION}
        type Query {{ thing: Thing }} type Thing @key(fields: "id") {{ id: ID! name: String }}"""
    NEW = f"""{FEDERATION}
        type Thing @key(fields: "id") {{ id: ID! name: String @override(from: "old", label: "new-names") }}"""

    async def test_overrides_hold_by_tenant_and_by_request(self) -> None:
        thing = {"__typename": "Thing", "id": "1", "name": "One"}
        graph = Federation({"old": self.OLD, "new": self.NEW}, World({"Query": {"thing": thing}}, {"Thing": [thing]}))
        engine = engine_for(graph, {"early": TenantPolicy(labels=("new-names",)), "late": TenantPolicy()})
        asked: list[bool] = []
        given = Rollout(frozenset({"new-names"}))
        for tenant, rollout in (("early", Rollout()), ("late", Rollout()), ("late", given), ("early", Rollout())):
            graph.subgraphs["new"].asked.clear()
            told = await answer(engine, "{ thing { name } }", tenant, rollout=rollout)
            assert told == {"data": {"thing": {"name": "One"}}}
            asked.append(bool(graph.subgraphs["new"].asked))
        assert asked == [True, False, True, True]


class TestPlacement:
    def engine(self, graphs: Mapping[str, Federation]) -> Engine:
        """Every placement has a whole set of subgraphs; `here` is everybody's."""

        async def policy_of(tenant: str | None, context: RequestContext) -> TenantPolicy:
            return TenantPolicy(placement=tenant)

        def transport(place: str, name: str) -> InProcessTransport:
            each = graphs[place].subgraphs[name]
            return InProcessTransport(each.execute, each.subscribe)

        here = graphs["here"]
        transports = {
            name: PlacedTransport(
                transport("here", name), {place: transport(place, name) for place in graphs if place != "here"}
            )
            for name in here.subgraphs
        }
        return Engine.from_sdl(here.supergraph_sdl, transports, tenancy=Tenancy(policy_of=policy_of))

    async def test_each_tenant_is_served_from_its_place_alone(self) -> None:
        graphs = {place: federation() for place in ("here", "eu", "us")}
        engine = self.engine(graphs)
        tenants = [None, "eu", "us", "eu", None, "eu"]
        query = "{ people { name } book { volume } }"
        told = await asyncio.gather(*(answer(engine, query, each) for each in tenants))
        assert all("errors" not in each for each in told)
        asked = {place: sum(len(each.asked) for each in graph.subgraphs.values()) for place, graph in graphs.items()}
        each = asked["us"]
        assert asked == {"here": 2 * each, "eu": 3 * each, "us": each}
        assert each > 0

    async def test_nobody_is_served_from_elsewhere_where_the_place_is_unknown(self) -> None:
        graphs = {place: federation() for place in ("here", "eu")}
        engine = self.engine(graphs)
        assert code(await answer(engine, BOOK, "mars")) == UNKNOWN
        assert not any(each.asked for graph in graphs.values() for each in graph.subgraphs.values())
        assert code(await answer(engine_for(TAGGED, {"a": TenantPolicy(placement="eu")}), BOOK, "a")) == UNKNOWN

    async def test_a_configuration_has_urls_by_subgraph_and_placement(self) -> None:
        eu = SubgraphTraffic(placements={"eu": ("http://a.eu/graphql", "http://b.eu/graphql")})
        config = TrafficConfig(subgraphs={"accounts": eu})
        transports = build_transports({"accounts": "http://a/graphql", "reviews": "http://r/graphql"}, config)
        health = health_of(transports)
        assert [each.url for each in health["accounts@eu"].replicas] == ["http://a.eu/graphql", "http://b.eu/graphql"]
        assert sorted(health) == ["accounts", "accounts@eu", "reviews"]
        reviews = transports["reviews"]
        assert isinstance(reviews, PlacedTransport)
        assert reviews.placed["eu"] is reviews.inner
        for each in transports.values():
            await each.aclose()

    @pytest.mark.parametrize("urls", [(), ("http://user:secret@a/graphql",)])
    def test_a_placement_needs_urls_without_credentials(self, urls: tuple[str, ...]) -> None:
        config = TrafficConfig(subgraphs={"accounts": SubgraphTraffic(placements={"eu": urls})})
        with pytest.raises(TrafficError) as caught:
            build_transports({"accounts": "http://a/graphql"}, config)
        assert "secret" not in str(caught.value)


class TestLookup:
    """How policies are asked for."""

    def asking(
        self, told: Callable[[str | None], TenantPolicy | None], **settings: Any
    ) -> tuple[Engine, list[str | None]]:
        asked: list[str | None] = []

        async def policy_of(tenant: str | None, context: RequestContext) -> TenantPolicy | None:
            asked.append(tenant)
            await asyncio.sleep(0)
            return told(tenant)

        engine = engine_for(TAGGED, {})
        engine.tenancy = Tenancy(TenancySettings(**settings), policy_of=policy_of)
        return engine, asked

    async def test_a_tenant_is_asked_for_once_in_a_while_whoever_asks(self) -> None:
        engine, asked = self.asking(lambda _: TenantPolicy())
        await asyncio.gather(*(answer(engine, BOOK, each) for each in ["a", "b", None] * 5))
        await answer(engine, BOOK, "a")
        assert sorted(map(str, asked)) == ["None", "a", "b"]

    async def test_it_is_asked_for_again_when_its_time_is_over(self) -> None:
        engine, asked = self.asking(lambda _: TenantPolicy(), keep_seconds=0.0)
        for _ in range(3):
            await answer(engine, BOOK, "a")
        assert asked == ["a", "a", "a"]

    async def test_no_more_tenants_are_remembered_than_is_said(self) -> None:
        engine, asked = self.asking(lambda _: TenantPolicy(), remembered=2)
        for tenant in "abcab":
            await answer(engine, BOOK, tenant)
        assert asked == ["a", "b", "c", "a", "b"]

    async def test_an_unknown_tenant_is_refused_and_not_asked_for_again(self) -> None:
        engine, asked = self.asking(lambda _: None)
        assert [code(await answer(engine, BOOK, "a")) for _ in range(3)] == [UNKNOWN_TENANT] * 3
        assert asked == ["a"]

    async def test_what_was_known_holds_on_while_nobody_tells(self, caplog: pytest.LogCaptureFixture) -> None:
        answers: list[Any] = [TenantPolicy(introspection=Introspection.OFF)]

        def told(tenant: str | None) -> TenantPolicy:
            if not answers:
                raise OSError("The registry is away.")
            return answers.pop()

        engine, asked = self.asking(told, keep_seconds=0.0, stale_seconds=600.0)
        assert [code(await answer(engine, SCHEMA, "a")) for _ in range(3)] == ["INTROSPECTION_DISABLED"] * 3
        assert asked == ["a", "a"]
        assert caplog.text.count("could not be found") == 1

    async def test_nobody_gets_in_where_nothing_was_ever_told(self) -> None:
        def told(tenant: str | None) -> TenantPolicy:
            raise OSError("The registry is away.")

        engine, _ = self.asking(told)
        answered = await answer(engine, BOOK, "a")
        assert code(answered) == UNAVAILABLE
        assert "registry" not in str(answered)
