"""Functions of one's own are found when the router starts, and asked for what they decide."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from router.serve import RequestContext, TenantMismatch, TenantPolicy
from router.serve.access.identity import Identity
from router.serve.commands import router_of
from router.serve.config.hooks import HookError
from router.serve.config.nodes import ConfigurationError
from router.serve.traffic import CallOutcome, SubgraphCall
from tests.router.serve.config.configured import configured
from tests.router.serve.life.graphs import ask

SDL = """
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@policy"])
    type Query { free: Int secret: Int @policy(policies: [["adult"]]) other: Int @policy(policies: [["other"]]) }
"""
HERE = __name__

told: list[Any] = []


async def authenticate(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> RequestContext:
    return RequestContext(identity=Identity("ada", "school"))


async def policies(names: frozenset[str], context: RequestContext) -> set[str]:
    assert context.identity is not None
    told.append((names, context.identity.subject))
    return {"adult"}


async def before(call: SubgraphCall) -> None:
    call.headers["x-before"] = "1"


async def after(call: SubgraphCall, outcome: CallOutcome) -> None:
    told.append((call.headers["x-before"], outcome.failure is None))


async def tenant_policy(tenant: str | None, context: RequestContext) -> TenantPolicy:
    told.append(tenant)
    return TenantPolicy()


async def audit(mismatch: TenantMismatch) -> None:
    """Nobody names another tenant here."""


def options(folder: Path) -> list[str]:
    path = folder / "subgraphs.json"
    path.write_text(json.dumps([{"name": "one", "url": "http://127.0.0.1:9/graphql", "sdl": SDL}]))
    return ["--subgraphs", str(path)]


async def test_each_is_asked_for_what_it_decides(tmp_path: Path) -> None:
    told.clear()
    names = ("authenticate", "policies", "before_calls", "after_calls", "tenant_policy", "audit")
    functions = (authenticate, policies, before, after, tenant_policy, audit)
    environment = {
        f"ROUTER__HOOKS__{name.upper()}": f"{HERE}:{function.__name__}"
        for name, function in zip(names, functions, strict=True)
    }
    router = await router_of(configured(*options(tmp_path), environment=environment, supergraph=None))
    answer = await ask(router, "{ secret other }")
    assert {each["path"][0]: each["extensions"]["code"] for each in answer["errors"]} == {
        "secret": "SUBGRAPH_UNREACHABLE",
        "other": "UNAUTHORIZED_FIELD_OR_TYPE",
    }
    assert told == ["school", (frozenset({"adult", "other"}), "ada"), ("1", False)]
    await router.engine.aclose()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("policies", "hooks.policies: 'policies' is no `module:function`."),
        (":policies", "hooks.policies: ':policies' is no `module:function`."),
        ("nowhere:policies", "No module named 'nowhere'"),
        (f"{HERE}:missing", "has no attribute 'missing'"),
        (f"{HERE}:SDL", f"hooks.policies: '{HERE}:SDL' is no function."),
    ],
)
async def test_what_is_not_there_is_told_at_the_start(tmp_path: Path, name: str, problem: str) -> None:
    given = configured(*options(tmp_path), environment={"ROUTER__HOOKS__POLICIES": name}, supergraph=None)
    with pytest.raises(HookError) as caught:
        await router_of(given)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {
            "ROUTER__HOOKS__AUTHENTICATE": "a:b",
            "ROUTER__ACCESS__TOKENS__ISSUERS": '[{"issuer": "i", "jwks": "k", "audiences": ["a"]}]',
        },
        {
            "ROUTER__HOOKS__TENANT_POLICY": "a:b",
            "ROUTER__TENANTS__PLANS": '{"all": {}}',
            "ROUTER__TENANTS__ANONYMOUS": "all",
        },
    ],
)
def test_one_thing_is_not_decided_twice(given: Mapping[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="once"):
        configured(environment=given)
