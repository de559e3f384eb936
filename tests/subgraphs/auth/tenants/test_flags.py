"""Feature flags in the graph."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.caller import Caller
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

SWITCH: dict[str, Any] = {
    "key": "labs.editor",
    "variants": [{"name": "on", "boolean": True}, {"name": "off", "boolean": False}],
    "defaultVariant": "off",
    "rules": [{"variant": "on", "roles": ["OWNER"]}],
}
SHOWN = "flag { key enabled defaultVariant variants { name boolean text } rules { variant roles percentage } }"
VALUES = "{ flags { key boolean text number } }"


async def test_a_flag_is_for_each_what_its_rules_say(
    change: Ask, ask: Ask, token_of: Callable[[Caller], str], tenant: Tenant
) -> None:
    answer = await change("setFeatureFlag", SWITCH, SHOWN)
    assert answer["data"]["setFeatureFlag"]["flag"]["rules"] == [
        {"variant": "on", "roles": ["OWNER"], "percentage": None}
    ]
    of_owner = await ask(VALUES, token=token_of(tenant.caller(role="OWNER")))
    of_learner = await ask(VALUES, token=token_of(tenant.caller()))
    decided = [each["data"]["flags"][0]["boolean"] for each in (of_owner, of_learner)]
    assert decided == [True, False]


async def test_flags_are_listed_for_managers_and_removed(
    change: Ask, ask: Ask, token_of: Callable[[Caller], str], tenant: Tenant
) -> None:
    await change("setFeatureFlag", SWITCH, SHOWN)
    listing = "{ featureFlags { key enabled variants { name boolean } } }"
    listed = await ask(listing, token=token_of(tenant.caller("tenant:manage")))
    assert [each["key"] for each in listed["data"]["featureFlags"]] == ["labs.editor"]
    assert code_of(await ask(listing, token=token_of(tenant.caller("learn")))) == "FORBIDDEN"
    removed = await change("removeFeatureFlag", {"key": "labs.editor"}, "key")
    assert removed["data"]["removeFeatureFlag"]["key"] == "labs.editor"
    assert (await ask(VALUES, token=token_of(tenant.caller())))["data"]["flags"] == []


async def test_another_tenant_has_other_flags(
    change: Ask, ask: Ask, token_of: Callable[[Caller], str], other_tenant: Tenant
) -> None:
    await change("setFeatureFlag", SWITCH, SHOWN)
    assert (await ask(VALUES, token=token_of(other_tenant.caller(role="OWNER"))))["data"]["flags"] == []


@pytest.mark.parametrize(
    "different",
    [
        {"key": "Labs"},
        {"variants": []},
        {"variants": [{"name": "on", "boolean": True}, {"name": "off", "text": "no"}]},
        {"variants": [{"name": "on", "boolean": True}, {"name": "on", "boolean": False}]},
        {"variants": [{"name": "on", "boolean": True, "number": 1}]},
        {"defaultVariant": "other"},
        {"rules": [{"variant": "other"}]},
        {"rules": [{"variant": "on", "percentage": 101}]},
        {"rules": [{"variant": "on", "userIds": ["somebody"]}]},
    ],
)
async def test_what_is_no_flag_is_refused(change: Ask, different: dict[str, Any]) -> None:
    assert code_of(await change("setFeatureFlag", SWITCH | different, SHOWN)) == "BAD_USER_INPUT"
