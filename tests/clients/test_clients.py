"""Clients from npm do at the router what their users expect of them: one process of Node runs them all."""

import asyncio
from collections.abc import Mapping

import pytest
from graphql import print_schema

from tests.clients.outcomes import HERE, compile_for_relay, run_clients
from tests.clients.shop import create_engine

pytestmark = pytest.mark.xdist_group("clients")

ALWAYS = ("query", "mutation", "subscription", "error", "reconnect")
ASKED = {
    "graphql-ws": ALWAYS,
    "graphql-sse, distinct connections": (*ALWAYS, "refused operation"),
    "graphql-sse, single connection": (*ALWAYS, "refused operation", "several operations"),
    "Apollo Client": (*ALWAYS, "deferred in the format of 2022", "deferred in the specification's format"),
    "urql": (*ALWAYS, "query by GET", "deferred"),
    "Relay": (*ALWAYS, "refetchable connection"),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str | None]:
    schema = print_schema(create_engine().schema)
    artifacts = compile_for_relay(schema, HERE / "relay" / "operations.js", tmp_path_factory.mktemp("relay"))
    return asyncio.run(run_clients("run.mjs", str(artifacts)))


@pytest.mark.parametrize(("client", "what"), [(client, each) for client, asked in ASKED.items() for each in asked])
def test_clients_do_what_is_asked_of_them(outcomes: Mapping[str, str | None], client: str, what: str) -> None:
    assert outcomes[f"{client}: {what}"] is None


def test_nothing_that_was_tried_goes_unnoticed(outcomes: Mapping[str, str | None]) -> None:
    assert sum(map(len, ASKED.values())) == len(outcomes)
