"""Tenants and their plans in the configuration of a router."""

from pathlib import Path

import pytest

from router.serve import GraphQLRequest, Identity, RequestContext
from router.serve.commands import router_of
from router.serve.config.model import RouterConfig, SupergraphSource
from router.serve.config.nodes import ConfigurationError
from router.serve.traffic import TrafficError
from router.serve.variants.contracts import ContractError
from router.serve.variants.policy import ContractTags, TenantPolicy
from router.serve.variants.settings import TenancySettings, TenantEntry
from tests.router.serve.config.configured import configured, in_file
from tests.router.serve.variants.tagged_graph import federation

PLANS = """
tenants:
  naming: {hosts: ["{tenant}.example.org"], headers: [x-tenant]}
  plans:
    free:
      contract: {exclude: [internal, film]}
      introspection: off
      operation_cost: 500
      rates: [{name: tenant, quota: 100, seconds: 60}]
    large: {labels: [new-names], placement: eu}
    public: {contract: {include: [public]}}
  tenants:
    "1": {plan: large, names: [acme]}
  default: free
  anonymous: public
traffic:
  subgraphs:
    catalog: {placements: {eu: [http://catalog.eu/graphql]}}
"""


async def test_a_file_says_what_holds_for_tenants(tmp_path: Path) -> None:
    settings = in_file(tmp_path, PLANS).tenants
    policy_of = settings.policy_of()
    assert policy_of is not None
    large, free, public = [await policy_of(each, RequestContext()) for each in ("1", "2", None)]
    assert large == TenantPolicy(names=("acme",), labels=("new-names",), placement="eu")
    assert free == settings.plans["free"]
    assert public == TenantPolicy(contract=ContractTags(include=("public",)))


async def test_tenants_without_a_plan_are_refused_unless_there_is_one_for_all() -> None:
    plans = {"some": TenantPolicy()}
    settings = TenancySettings(plans=plans, tenants={"1": TenantEntry("some")}, anonymous="some")
    policy_of = settings.policy_of()
    assert policy_of is not None
    assert await policy_of("2", RequestContext()) is None


def test_options_say_where_tenants_are_named() -> None:
    options = ("--tenant-host", "{tenant}.a.org", "--tenant-host", "{tenant}.b.org", "--tenant-path", "/t/{tenant}/q")
    naming = configured(*options, "--tenant-header", "x-tenant").tenants.naming
    assert (naming.hosts, naming.headers) == (("{tenant}.a.org", "{tenant}.b.org"), ("x-tenant",))
    assert naming.paths == ("/t/{tenant}/q",)


@pytest.mark.parametrize(
    "wrong",
    [
        "tenants: {default: none}",
        "tenants: {plans: {a: {}}}",
        "tenants: {plans: {a: {names: [x]}}, anonymous: a}",
        "tenants: {plans: {a: {}}, anonymous: a, tenants: {x: {plan: b}}}",
        "tenants: {naming: {hosts: [example.org]}}",
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigurationError):
        in_file(tmp_path, wrong)


class TestStart:
    """A router with such a configuration."""

    def config(self, folder: Path, tenants: TenancySettings) -> RouterConfig:
        path = folder / "supergraph.graphql"
        path.write_text(federation().supergraph_sdl)
        return RouterConfig(SupergraphSource(path), tenants=tenants)

    async def test_it_shows_each_tenant_its_part(self, tmp_path: Path) -> None:
        plan = TenantPolicy(contract=ContractTags(exclude=("internal",)))
        tenants = TenancySettings(plans={"small": plan, "whole": TenantPolicy()}, default="small", anonymous="whole")
        router = await router_of(self.config(tmp_path, tenants))
        request = GraphQLRequest('{ __type(name: "Book") { fields { name } } }')
        told = [
            str((await router.engine.execute(request, RequestContext(identity=each))).data)
            for each in (Identity("ada", "1"), None)
        ]
        assert ["sequel" in each for each in told] == [False, True]
        await router.engine.aclose()

    async def test_it_does_not_start_with_a_plan_that_shows_nothing(self, tmp_path: Path) -> None:
        plan = TenantPolicy(contract=ContractTags(include=("nothing",)))
        with pytest.raises(ContractError):
            await router_of(self.config(tmp_path, TenancySettings(plans={"none": plan}, anonymous="none")))

    async def test_it_does_not_start_with_a_placement_that_is_nowhere(self, tmp_path: Path) -> None:
        plan = TenantPolicy(placement="mars")
        with pytest.raises(TrafficError, match="mars"):
            await router_of(self.config(tmp_path, TenancySettings(plans={"far": plan}, anonymous="far")))
