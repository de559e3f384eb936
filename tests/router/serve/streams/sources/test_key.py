"""Who may share what: two tenants never do, nor two callers, unless events do not depend on them."""

from dataclasses import fields, replace
from typing import Any

import pytest

from router.plan import Rollout
from router.serve import Engine, RequestContext
from router.serve.access.identity import Identity
from router.serve.caching.identity import Use
from router.serve.caching.lifetimes import CacheControl
from router.serve.operation import Operation
from router.serve.request import GraphQLRequest
from router.serve.streams.sources.key import Key, key_of
from router.serve.variants.policy import TenantPolicy
from tests.router.serve.streams.sources.hub import ENGINE, MINE, RUNG, Stage, engine_of

ADA = Identity("ada", "north", "web", frozenset({"read"}), {"sub": "ada", "sid": "1"}, 1e12)
HEADERS = {"accept-language": "de", "authorization": "Bearer ada"}
CONTEXT = RequestContext(HEADERS, identity=ADA, policy=TenantPolicy())

ALWAYS = (
    {"identity": replace(ADA, tenant="south")},
    {"identity": replace(ADA, tenant=None)},
    {"identity": None},
    {"identity": replace(ADA, scopes=frozenset({"read", "write"}))},
    {"headers": {**HEADERS, "accept-language": "en"}},
    {"headers": {"authorization": "Bearer ada"}},
    {"seconds": 1.0},
    {"policy": TenantPolicy(placement="eu")},
)
"""Changes of a caller after which nothing is shared, whatever was said of the field."""

BY_CALLER = (
    {"identity": replace(ADA, subject="eve")},
    {"identity": replace(ADA, client="app")},
    {"identity": replace(ADA, claims={"sub": "ada", "sid": "2"})},
    {"identity": replace(ADA, expires=1e12 + 1)},
    {"headers": {**HEADERS, "authorization": "Bearer eve"}},
    {"headers": {**HEADERS, "Cookie": "session=1"}},
    {"principal": object()},
    {"rollout": Rollout(frozenset({"beta"}))},
    {"address": "192.0.2.7"},
    {"cache_control": CacheControl()},
)
"""Changes after which nothing is shared, unless it was said that events do not depend on who asks."""


async def operation(query: str = RUNG, engine: Engine = ENGINE) -> Operation:
    return await engine.prepare(GraphQLRequest(query))


def told(operation: Operation, context: RequestContext, **variables: Any) -> Key | None:
    return key_of(operation, variables, context, ("rung",))


class TestWhoIsAlike:
    @pytest.mark.parametrize("query", [RUNG, MINE])
    async def test_the_same_caller_may_share(self, query: str) -> None:
        asked = await operation(query)
        again = replace(CONTEXT, headers=dict(HEADERS), identity=replace(ADA), entered=7)
        assert told(asked, CONTEXT, of=1) == told(asked, again, of=1) is not None

    @pytest.mark.parametrize("query", [RUNG, MINE])
    @pytest.mark.parametrize("change", ALWAYS)
    async def test_what_always_tells_callers_apart(self, query: str, change: dict[str, Any]) -> None:
        asked = await operation(query)
        assert told(asked, CONTEXT) != told(asked, replace(CONTEXT, **change))

    @pytest.mark.parametrize("change", BY_CALLER)
    async def test_what_tells_callers_apart_unless_events_do_not_depend_on_them(self, change: dict[str, Any]) -> None:
        other = replace(CONTEXT, **change)
        mine, everybodys = await operation(MINE), await operation()
        assert told(mine, CONTEXT) != told(mine, other)
        assert told(everybodys, CONTEXT) == told(everybodys, other)

    @pytest.mark.parametrize("name", ["authorization", "Cookie", "baggage"])
    async def test_any_header_tells_callers_apart_of_whom_nothing_was_verified(self, name: str) -> None:
        """They may be of two tenants, as whom their subgraphs know them."""
        asked = await operation()
        nobody, north, south = (RequestContext(each) for each in ({}, {name: "north"}, {name: "south"}))
        assert len({told(asked, each) for each in (nobody, north, south)}) == 3
        assert told(asked, north) == told(asked, RequestContext({name: "north"}))

    async def test_who_is_known_to_a_hook_alone_shares_only_as_equal_callers_do(self) -> None:
        north, south = (RequestContext(principal=object()) for _ in range(2))
        first, second = told(await operation(), north), told(await operation(), south)
        assert first is not None
        assert first != second
        assert not first.lasts

    async def test_who_takes_something_from_caches_shares_nothing(self) -> None:
        use = Use("north", b"", None, known=True, reads=True)
        assert told(await operation(), replace(CONTEXT, cache_use=use)) is None

    def test_each_field_of_a_caller_was_decided_upon(self) -> None:
        """Whoever adds one: does it shape events? Then it belongs into the key, and into the lists above."""
        changed = {name for change in (*ALWAYS, *BY_CALLER) for name in change}
        without_effect = {"dry_run", "entered", "cache_use"}
        assert {each.name for each in fields(RequestContext)} == changed | without_effect
        assert {each.name for each in fields(Identity)} == {
            *("subject", "tenant", "client", "scopes", "claims", "expires")
        }
        shown_by_the_operation = {"contract", "introspection", "introspection_scopes", "suggestions", "labels"}
        before_it_begins = {"names", "operation_cost", "rates", "streams", "persisted"}
        assert {each.name for each in fields(TenantPolicy)} == {"placement", *shown_by_the_operation, *before_it_begins}


class TestWhatIsAlike:
    async def test_variables_tell_subscriptions_apart(self) -> None:
        asked = await operation()
        values: list[Any] = [None, 1, -1, "1", [1], {"a": 1}, {"a": None}, {"b": 1}, 1.5, True, False]
        keys = [told(asked, CONTEXT, of=value) for value in values]
        assert len(set(keys)) == len(values)
        assert told(asked, CONTEXT) not in keys

    async def test_the_order_of_variables_does_not(self) -> None:
        asked = await operation()
        assert told(asked, CONTEXT, a=1, b={"c": 1, "d": 2}) == told(asked, CONTEXT, b={"d": 2, "c": 1}, a=1)

    async def test_variables_that_have_no_text_share_nothing(self) -> None:
        assert told(await operation(), CONTEXT, of=object()) is None

    async def test_documents_and_engines_tell_subscriptions_apart(self) -> None:
        operations = [
            await operation(),
            await operation(RUNG.replace(" by", "")),
            await operation(RUNG, engine_of(Stage())),
        ]
        assert len({told(each, CONTEXT) for each in operations}) == len(operations)

    async def test_an_alias_and_a_fragment_do_not_hide_a_field(self) -> None:
        query = "subscription { ...F } fragment F on Subscription { rung: mine { number } }"
        key = told(await operation(query), CONTEXT)
        assert key is not None
        assert not key.lasts
