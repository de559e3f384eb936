"""Tenants see the part of one supergraph that their contract shows, as if there were nothing else."""

import random
from collections.abc import Mapping
from typing import Any, TypeAlias

import pytest
from graphql import get_introspection_query, parse, validate

from router.compose.contracts import Variant, apply_contract
from router.serve import Engine, GraphQLRequest, Hooks, Identity, Limits, RequestContext, create_app
from router.serve.http.config import HttpPolicy
from router.serve.variants.graph import UNSERVABLE
from router.serve.variants.policy import ContractTags, TenantPolicy
from tests.router.harness import Federation
from tests.router.plan.test_random_queries import Generator
from tests.router.serve.variants.asking import SERVED, WAYS, Client, authenticate
from tests.router.serve.variants.tagged_graph import CONTRACTS, engine_for, federation, transports

Variables: TypeAlias = Mapping[str, Any]


def of(tenant: str | None) -> RequestContext:
    return RequestContext(identity=Identity("ada", tenant))


async def answer(
    engine: Engine, query: str, tenant: str | None = None, variables: Variables | None = None
) -> dict[str, Any]:
    context = RequestContext() if tenant is None else of(tenant)
    return (await engine.execute(GraphQLRequest(query, variables=variables), context)).as_json()


def contracts(tags: Mapping[str, ContractTags]) -> dict[str, TenantPolicy]:
    return {name: TenantPolicy(contract=each) for name, each in tags.items()}


@pytest.fixture(scope="module")
def graph() -> Federation:
    return federation()


@pytest.fixture(scope="module")
def together(graph: Federation) -> Engine:
    """One engine for all contracts."""
    return engine_for(graph, contracts(CONTRACTS))


@pytest.fixture(scope="module")
def alone(graph: Federation) -> Mapping[str, Engine]:
    """An engine for each contract."""
    return {name: _alone(graph, tags) for name, tags in CONTRACTS.items()}


def _alone(graph: Federation, tags: ContractTags) -> Engine:
    variant = apply_contract(graph.supergraph_sdl, tags.contract())
    assert isinstance(variant, Variant)
    return Engine.from_sdl(variant.supergraph_sdl, transports(graph), defer=True)


TELLING = (
    "{ book { sequl { id } } }",
    '{ __type(name: "Film") { name } }',
    "{ items { ... on Film { minutes } } }",
    "query ($film: Film) { book { id } }",
    "{ book { size { width } volume } }",
    "{ book { ...B } } fragment B on Book { sequel { id } }",
    "{ things { __typename ... on Person { name } } items { id } }",
    "{ moods book { mood } }",
    '{ book { price(currency: "EUR") } }',
    "{ book { price euro dollar } }",
    "{ current { id percent note } }",
    "{ people { friends { name } } }",
    "{ book { ... @defer { reviews { text } } } }",
)


class TestAgainstAnEngineOfItsOwn:
    """The answer to a tenant is that of an engine over the contract's own supergraph."""

    @pytest.mark.parametrize("seed", range(3))
    async def test_random_operations_by_all_tenants_in_turn(
        self, graph: Federation, together: Engine, alone: Mapping[str, Engine], seed: int
    ) -> None:
        chance = random.Random(seed)
        generators = [Generator(graph.supergraph.api_schema, seed)]
        generators += [Generator(each.schema, seed) for each in alone.values()]
        asked = 0
        while asked < 6:
            query, variables = chance.choice(generators).operation()
            if validate(graph.supergraph.api_schema, parse(query)):
                continue
            asked += 1
            for tenant in chance.sample(sorted(CONTRACTS), 3):
                expected = await answer(alone[tenant], query, variables=variables)
                for _ in range(2):
                    assert await answer(together, query, tenant, variables=variables) == expected, (tenant, query)

    async def test_the_schema_itself(self, together: Engine, alone: Mapping[str, Engine]) -> None:
        query = get_introspection_query()
        told = {tenant: await answer(together, query, tenant) for tenant in CONTRACTS}
        assert told == {tenant: await answer(each, query) for tenant, each in alone.items()}
        assert len({str(each) for each in told.values()}) == len(CONTRACTS)

    async def test_what_contracts_are_about(self, together: Engine, alone: Mapping[str, Engine]) -> None:
        for query in TELLING:
            for tenant, each in alone.items():
                expected = await answer(each, query)
                assert await answer(together, query, tenant) == expected, (tenant, query)


class TestOutside:
    """What is outside a contract behaves in every way as what does not exist."""

    @pytest.fixture
    def engine(self, graph: Federation) -> Engine:
        return engine_for(graph, contracts({"small": CONTRACTS["hidden prices"]}))

    @pytest.mark.parametrize("way", WAYS)
    async def test_over_every_transport(self, engine: Engine, way: str) -> None:
        app = create_app(engine, hooks=Hooks(authenticate), graphiql=False, http=HttpPolicy(batch=5))
        query = "{ book { id sequel { id } } }"
        refused, told = await WAYS[way](app, Client({"authorization": "ada@small"}), query)
        assert refused == "GRAPHQL_VALIDATION_FAILED"
        assert "Cannot query field 'sequel' on type 'Book'." in str(told)
        assert (await WAYS[way](app, Client(), query))[0] == SERVED

    async def test_subgraphs_still_give_each_other_what_they_require(self, graph: Federation, engine: Engine) -> None:
        told = await answer(engine, "{ book { volume euro } }", "small")
        assert told == {"data": {"book": {"volume": "0x9", "euro": "B0 EUR"}}}

    async def test_hidden_objects_and_values_become_null(self, engine: Engine) -> None:
        told = await answer(engine, "{ things { __typename } moods }", "small")
        assert [each and each["__typename"] for each in told["data"]["things"][:4]] == ["Book", "Book", "Book", None]
        assert told["data"]["moods"] == ["CALM", None, "TIRED"]

    async def test_no_error_suggests_it(self, engine: Engine) -> None:
        whole = await answer(engine, "{ book { sequal { id } } }")
        part = await answer(engine, "{ book { sequal { id } } }", "small")
        assert "Did you mean 'sequel'" in whole["errors"][0]["message"]
        assert "sequel" not in part["errors"][0]["message"]

    async def test_a_variable_of_a_hidden_kind_is_unknown(self, graph: Federation) -> None:
        engine = engine_for(graph, contracts({"free": ContractTags(exclude=("money",))}))
        told = await answer(engine, '{ book { price(currency: "EUR") } }', "free")
        assert "Unknown argument 'currency'" in told["errors"][0]["message"]
        assert (await answer(engine, "{ book { price } }", "free"))["data"] == {"book": {"price": "B0 CHF"}}


class TestVariants:
    async def test_tenants_of_one_contract_share_a_variant_and_its_plans(self, graph: Federation) -> None:
        tags = CONTRACTS["nothing internal"]
        engine = engine_for(graph, contracts({"one": tags, "two": tags}))
        for tenant in ("one", "two"):
            await answer(engine, "{ book { id } }", tenant)
        assert len(engine._graphs) == 1  # pyright: ignore[reportPrivateUsage]  # whether anything is made twice
        assert len(engine._operations) == 1  # pyright: ignore[reportPrivateUsage]  # the same

    async def test_a_variant_is_made_once_for_all_who_wait_for_it(
        self, graph: Federation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import asyncio

        from router.serve.variants import contracts as module

        made: list[object] = []

        def counting(sdl: str, contract: Any) -> Any:
            made.append(contract)
            return apply_contract(sdl, contract)

        monkeypatch.setattr(module, "apply_contract", counting)
        engine = engine_for(graph, contracts({"small": CONTRACTS["no films"]}))
        told = await asyncio.gather(*(answer(engine, "{ book { id } }", "small") for _ in range(20)))
        assert all(each == {"data": {"book": {"id": "B0"}}} for each in told)
        assert len(made) == 1

    async def test_those_used_last_are_kept_with_what_was_made_for_them(self, graph: Federation) -> None:
        engine = engine_for(graph, contracts(CONTRACTS), variants=2)
        for tenant in CONTRACTS:
            await answer(engine, "{ book { id } }", tenant)
        assert len(engine._graphs) == 2  # pyright: ignore[reportPrivateUsage]  # how much is kept
        assert len(engine._operations) == 3  # pyright: ignore[reportPrivateUsage]  # of these, and of the whole
        assert len(engine._documents.known) == 3  # pyright: ignore[reportPrivateUsage]  # the same

    async def test_a_contract_that_leaves_nothing_is_refused_and_told_in_the_log(
        self, graph: Federation, caplog: pytest.LogCaptureFixture
    ) -> None:
        engine = engine_for(graph, contracts({"none": ContractTags(include=("nothing",))}))
        for _ in range(2):
            told = await answer(engine, "{ book { id } }", "none")
            assert told["errors"][0]["extensions"]["code"] == UNSERVABLE
        assert len(caplog.records) == 1
        assert "cannot be served" in caplog.text
        assert (await answer(engine, "{ book { id } }"))["data"] == {"book": {"id": "B0"}}

    async def test_costs_are_those_of_what_is_shown(self, graph: Federation) -> None:
        engine = engine_for(graph, contracts({"small": CONTRACTS["no films"]}), limits=Limits())
        context = of("small")
        operation = await engine.prepare(GraphQLRequest("{ items { id } }"), await engine.admitted(context))
        assert operation.estimate.of({}) == 10

    async def test_a_context_without_a_policy_is_no_way_around_one(self, graph: Federation) -> None:
        engine = engine_for(graph, contracts({"small": CONTRACTS["no films"]}))
        with pytest.raises(ValueError, match="no policy"):
            await engine.prepare(GraphQLRequest("{ book { id } }"), of("small"))
