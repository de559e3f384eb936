"""Every place of the graph that takes an identifier gets those of another tenant, and answers as for random ones.

The same body, the same status, and the same statements sent to databases, on which the time of an answer depends.
"""

import pytest

from tests.isolation.attacker import Attacker
from tests.isolation.client import Client, Spans
from tests.isolation.graph import Filler, Position
from tests.isolation.probing import Prober
from tests.isolation.world import World, move_in, rows_of

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]

NOT_OF_A_TENANT = {"signUpTenant"}
"""Opens a tenant of its own; its one identifier is a slug, which everybody may know to be taken."""
NEEDS_NO_SESSION = {"signIn", "signUp"}
IDENTIFYING = {"after", "code", "email", "emails", "externalId", "handle", "invitation", "slug", "tenant", "token"}
"""Texts that are identifiers by themselves."""
_OTHERS_TURN = 10
"""Of other texts, names and keys mostly, this suite tries one in so many; `make fuzz` tries all."""


def chosen(positions: list[Position], kind: str, *, whole: bool = False) -> list[Position]:
    """The positions to be walked: all that take an identifier, and of the others some.

    First what is asked before there is a session: who has been invited, say, is not unknown any more.
    """
    of_kind = [each for each in positions if each.kind == kind and each.field.name not in NOT_OF_A_TENANT]
    sure = [each for each in of_kind if whole or each.type_name == "ID" or each.name in IDENTIFYING]
    others = [each for each in of_kind if each not in sure]
    return sorted([*sure, *others[::_OTHERS_TURN]], key=lambda each: each.field.name not in NEEDS_NO_SESSION)


def prober(world: World, spans: Spans, attacker: Attacker) -> Prober:
    """Tries what is amber's, as somebody of another tenant."""
    return Prober(
        world.graph,
        attacker.ask,
        spans,
        world.amber.kinds,
        world.amber.secrets,
        Filler(attacker.own),
        attacker.home,
        attacker.begin_again,
    )


@pytest.mark.parametrize("role", ["OWNER", "LEARNER"])
async def test_what_is_asked_with_another_tenants_identifiers_is_answered_as_with_random_ones(
    world: World, client: Client, spans: Spans, role: str
) -> None:
    probing = prober(world, spans, Attacker.of(client, world.birch, role))
    found = await probing.probe(*chosen(world.graph.positions, "query"))
    assert found == [], "\n".join(map(str, found))


async def test_what_is_done_with_another_tenants_identifiers_changes_nothing_there(
    world: World, client: Client, spans: Spans
) -> None:
    """In a tenant of its own, since nobody may be able to live there afterwards."""
    before = await rows_of(world, world.amber)
    attacker = Attacker.of(client, await move_in(world.address, "dogwood"))
    found = await prober(world, spans, attacker).probe(*chosen(world.graph.positions, "mutation"))
    assert found == [], "\n".join(map(str, found))
    assert await rows_of(world, world.amber) == before
