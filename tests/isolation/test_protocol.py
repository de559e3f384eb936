"""At a tenant's own addresses (OAuth, SAML, SCIM), what another tenant was given is like what nobody was given."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import pytest

from tests.isolation.browser import Browser
from tests.isolation.browser import asked as valid
from tests.isolation.client import Client
from tests.isolation.comparing import differences, said
from tests.isolation.protocol import GRANTS, Belongings, Said, ask, begin, belongings, filled, redemption
from tests.isolation.world import Inhabitants, World, sign_in, tenant_called

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]

SENT_BACK = 303


class Attempt(NamedTuple):
    """Something sent to one of birch's addresses."""

    route: str
    headers: dict[str, str]
    parameters: dict[str, str]


def attempts(route: str, own: Belongings, foreign: Belongings) -> Iterator[Attempt]:
    """What is another tenant's in every place: as who one is, and as what one asks for."""
    with_ids = filled(route, "birch", foreign)
    asked = {"grant_type": GRANTS[0], "response_type": "code", **foreign.parameters}
    for token in foreign.tokens.values():
        yield Attempt(with_ids, {"authorization": f"Bearer {token}"}, asked)
    if with_ids != filled(route, "birch", own):
        yield Attempt(with_ids, {"authorization": f"Bearer {own.tokens['app']}"}, {})
    if "/saml/" in route:
        yield Attempt(with_ids, {"cookie": foreign.cookie}, {**foreign.values, "SAMLResponse": "AAAA"})
    if "/oauth/" not in route:
        return
    if route.endswith("GET /t/{slug}/oauth/authorize"):
        yield Attempt(with_ids, {"cookie": foreign.cookie}, valid(own.client_id))
    for action in ("allow", "sign-out") if route.endswith(("/authorize", "/device", "/logout")) else ():
        yield Attempt(with_ids, {"cookie": foreign.cookie}, asked | {"client_id": own.client_id, "action": action})
        yield Attempt(with_ids, {"cookie": foreign.cookie}, {**foreign.values, "action": action})
    for grant in GRANTS if route.endswith("/token") else GRANTS[:1]:
        asked["grant_type"] = grant
        yield Attempt(with_ids, {"authorization": foreign.basic}, dict(asked))
        yield Attempt(with_ids, {}, asked | {"client_id": foreign.client_id, "client_secret": foreign.client_secret})
        yield Attempt(with_ids, {"authorization": own.basic}, dict(asked))
        yield Attempt(with_ids, {}, asked | {"client_id": own.client_id})


async def owner_of(client: Client, one: Inhabitants) -> str:
    """Somebody who has just proved who they are."""
    return await sign_in(client, one.slug, tenant_called(one.slug).owner.email)


async def counts(client: Client, one: Inhabitants, has: Belongings) -> list[bool]:
    """Whether what a tenant was given still counts: a token, a way back from a provider, two grants."""
    told = await begin(client, one, has, "introspect", token=has.tokens["app"])
    device = {"grant_type": GRANTS[3], "device_code": has.values["device_code"]}
    waiting = await ask(client, f"POST /t/{one.slug}/oauth/token", {"authorization": has.basic}, device)
    refreshing = {"grant_type": GRANTS[2], "refresh_token": has.values["refresh_token"]}
    taken = await begin(client, one, has, "token", **refreshing)
    answer = {"RelayState": has.values["RelayState"], "SAMLResponse": "AAAA"}
    back = await ask(client, f"POST /t/{one.slug}/saml/school/acs", {"cookie": has.cookie}, answer)
    return [told["active"], back.status == SENT_BACK, "authorization_pending" in waiting.text, "access_token" in taken]


async def is_redeemed_at_home_alone(client: Client, has: Belongings, home: Inhabitants, other: Belongings) -> bool:
    """Whether a code, which lasts a minute, counts at home after it was tried at birch's address."""
    form = redemption(await Browser(client, home, has.client_id).code())
    for basic in (has.basic, other.basic):
        tried = await ask(client, "POST /t/birch/oauth/token", {"authorization": basic}, form)
        assert "access_token" not in tried.text
    return "access_token" in await begin(client, home, has, "token", **form)


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
    assert await counts(client, world.amber, amber) == [True] * 4
    assert await is_redeemed_at_home_alone(client, amber, world.amber, birch)
    made_up = await begin(client, world.amber, amber, "introspect", token=amber.like(random).tokens["app"])
    assert not made_up["active"]


def _plain(answered: Said, sent: Attempt, own: Belongings) -> dict[str, object]:
    """Without what had been sent, and without what is new in every answer."""
    tried = [*sent.parameters.values(), *own.words, *sent.route.split("/")[-1:], *sent.headers.values()]
    return said({"status": answered.status, "headers": list(answered.headers), "text": answered.text}, tried)
