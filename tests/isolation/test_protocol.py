"""At a tenant's own addresses (OAuth, SAML, SCIM), what another tenant was given is like what nobody was given."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import NamedTuple

import pytest

from tests.isolation.client import Client
from tests.isolation.comparing import differences, said
from tests.isolation.protocol import GRANTS, Belongings, Said, ask, belongings, filled
from tests.isolation.world import Inhabitants, World, sign_in, tenant_called

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]


class Attempt(NamedTuple):
    """Something sent to one of birch's addresses."""

    route: str
    headers: dict[str, str]
    parameters: dict[str, str]


def attempts(route: str, own: Belongings, foreign: Belongings) -> Iterator[Attempt]:
    """What is another tenant's in every place: as who one is, and as what one asks for."""
    with_ids = filled(route, "birch", foreign)
    asked = {"grant_type": GRANTS[0], "response_type": "code", "code": foreign.client_secret, **foreign.parameters}
    for token in foreign.tokens.values():
        yield Attempt(with_ids, {"authorization": f"Bearer {token}"}, asked)
    if with_ids != filled(route, "birch", own):
        yield Attempt(with_ids, {"authorization": f"Bearer {own.tokens['app']}"}, {})
    if "/oauth/" not in route:
        return
    for grant in GRANTS if route.endswith("/token") else GRANTS[:1]:
        asked["grant_type"] = grant
        yield Attempt(with_ids, {"authorization": foreign.basic}, dict(asked))
        yield Attempt(with_ids, {}, asked | {"client_id": foreign.client_id, "client_secret": foreign.client_secret})
        yield Attempt(with_ids, {"authorization": own.basic}, dict(asked))
        yield Attempt(with_ids, {}, asked | {"client_id": own.client_id})


async def owner_of(client: Client, one: Inhabitants) -> str:
    """Somebody who has just proved who they are."""
    return await sign_in(client, one.slug, tenant_called(one.slug).owner.email)


async def is_active(client: Client, one: Inhabitants, has: Belongings) -> bool:
    """Whether a tenant's own app is told that its token counts."""
    route = f"POST /t/{one.slug}/oauth/introspect"
    answered = await ask(client, route, {"authorization": has.basic}, {"token": has.tokens["app"]})
    return '"active":true' in answered.text


async def test_what_another_tenant_was_given_is_like_what_nobody_was(world: World, client: Client) -> None:
    amber = await belongings(client, world.amber, await owner_of(client, world.amber))
    birch = await belongings(client, world.birch, await owner_of(client, world.birch))
    random = Random(5)
    assert len(world.address.routes) >= 20
    for route in world.address.routes:
        for pair in zip(*(attempts(route, birch, has) for has in (amber, amber.like(random))), strict=True):
            answered = [await ask(client, *each) for each in pair]
            told = [_plain(each, sent, birch) for each, sent in zip(answered, pair, strict=True)]
            assert differences(*told) == [], (pair[0], answered)
            assert world.amber.canary not in answered[0].text, (pair[0], answered[0])
    for one, has in ((world.amber, amber), (world.birch, birch)):
        assert await is_active(client, one, has), one.slug


async def test_ones_own_counts_at_home(world: World, client: Client) -> None:
    """Else the test above would compare nothing with nothing."""
    amber = await belongings(client, world.amber, await owner_of(client, world.amber))
    assert await is_active(client, world.amber, amber)
    assert not await is_active(client, world.amber, replace(amber, tokens=amber.like(Random(5)).tokens))
    device = {"grant_type": GRANTS[3], "device_code": amber.values["device_code"]}
    waiting = await ask(client, "POST /t/amber/oauth/token", {"authorization": amber.basic}, device)
    assert "authorization_pending" in waiting.text


def _plain(answered: Said, sent: Attempt, own: Belongings) -> dict[str, object]:
    """Without what had been sent, and without what is new in every answer."""
    tried = [*sent.parameters.values(), *own.words, *sent.route.split("/")[-1:], *sent.headers.values()]
    return said({"status": answered.status, "headers": list(answered.headers), "text": answered.text}, tried)
