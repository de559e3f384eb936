"""Every place of the graph that takes an identifier gets those of another tenant, and answers as for random ones.

The same body, the same status, and the same statements sent to databases, on which the time of an answer depends.
"""

from functools import partial

import pytest

from tests.isolation.attacker import Attacker
from tests.isolation.choosing import likeliest
from tests.isolation.client import Client, Spans
from tests.isolation.graph import Filler, Position
from tests.isolation.probing import Finding, Prober
from tests.isolation.world import World, rows_of

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]

NOT_OF_A_TENANT = {"signUpTenant"}
"""Opens a tenant of its own; its one identifier is a slug, which everybody may know to be taken."""
IDENTIFYING = {"after", "code", "email", "emails", "externalId", "handle", "invitation", "slug", "tenant", "token"}
"""Texts that are identifiers by themselves."""
_OTHERS_TURN = 10
"""Of other texts, names and keys mostly, this suite tries one in so many; `make fuzz` tries all."""


def chosen(positions: list[Position], kind: str, *, whole: bool = False) -> list[Position]:
    """The positions to be walked: all that take an identifier, and of the others some."""
    of_kind = [each for each in positions if each.kind == kind and each.field.name not in NOT_OF_A_TENANT]
    sure = [each for each in of_kind if whole or each.type_name == "ID" or each.name in IDENTIFYING]
    others = [each for each in of_kind if each not in sure]
    return [*sure, *others[::_OTHERS_TURN]]


def prober(client: Client, world: World, spans: Spans, attacker: Attacker) -> Prober:
    """Tries what is amber's, as the owner of another tenant."""
    own = partial(likeliest, world.birch.kinds)
    return Prober(world.graph, attacker.ask, spans, world.amber.kinds, world.amber.secrets, Filler(own), attacker.home)


async def walk(prober: Prober, positions: list[Position]) -> list[Finding]:
    return [finding for position in positions for finding in await prober.probe(position)]


@pytest.mark.parametrize("kind", ["query"])
async def test_another_tenants_identifiers_are_like_random_ones(
    world: World, client: Client, spans: Spans, kind: str
) -> None:
    positions = chosen(world.graph.positions, kind)
    before = await rows_of(world, world.amber)
    attacker = Attacker.of(client, world.birch)
    found = await walk(prober(client, world, spans, attacker), positions)
    assert found == [], "\n".join(map(str, found))
    assert await rows_of(world, world.amber) == before
