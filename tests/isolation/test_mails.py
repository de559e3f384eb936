"""What is mailed to a tenant's people opens nothing elsewhere, counts at home afterwards, and names nobody else."""

import asyncio
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import unquote

import pytest

from tests.isolation.client import Client, open_http
from tests.isolation.comparing import differences, said
from tests.isolation.graph import Operation
from tests.isolation.lookalikes import lookalike
from tests.isolation.world import World, tenant_called
from tests.patience import PATIENCE_SECONDS

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]

REQUEST: Final = """mutation ($who: RequestLinkInput!) {
  requestSignInLink(input: $who) { userErrors { code } }
  requestEmailConfirmation(input: $who) { userErrors { code } }
}"""
INVITE: Final = """mutation ($input: InviteUsersInput!) {
  inviteUsers(input: $input) { userErrors { code } invitations { id } }
}"""
LINK: Final = re.compile(r"/([a-z-]+)#tenant=\w+&code=(\S+)")
GUEST: Final = "guest@amber.example"
LONG_ENOUGH: Final = "correct horse battery"
USES: Final[dict[str, dict[str, Any]]] = {
    "signInByLink": {},
    "resetPassword": {"newPassword": LONG_ENOUGH},
    "confirmEmail": {},
    "acceptInvitation": {"password": LONG_ENOUGH},
}
"""The mutations that take a code out of a mail, and what they want beside it."""
AT_HOME: Final = {"sign-in": "signInByLink", "confirm-email": "confirmEmail", "accept-invitation": "acceptInvitation"}
"""By the page that a link leads to."""


def using(name: str, tenant: str, code: str) -> Operation:
    """Use a code at a tenant."""
    type_name = f"{name[0].upper()}{name[1:]}Input"
    query = f"mutation ($input: {type_name}!) {{ {name}(input: $input) {{ __typename userErrors {{ code path }} }} }}"
    return Operation(query, {"input": {"tenant": tenant, "code": code, **USES[name]}})


def mails_of(world: World) -> list[EmailMessage]:
    """All that were written."""
    folder = Path(world.address.spans).parent / "mail"
    return [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(folder.glob("*.eml"))]


async def codes_for(world: World, to: str, count: int) -> dict[str, str]:
    """The codes in the mails to an address, by page, as soon as there are so many."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found := _codes(await asyncio.to_thread(mails_of, world), to)) < count:  # noqa: ASYNC110 - no notice
            await asyncio.sleep(0.1)
    return found


def _codes(mails: list[EmailMessage], to: str) -> dict[str, str]:
    texts = [each.get_content() for each in mails if str(each["To"]) == to]
    return {page: unquote(code) for text in texts for page, code in LINK.findall(text)}


@pytest.fixture(scope="module")
def codes(world: World) -> dict[str, str]:
    """The codes that a person of amber's and a guest were mailed, by page."""

    async def mailed() -> dict[str, str]:
        [learner] = tenant_called(world.amber.slug).of_role("LEARNER")
        async with open_http() as http:
            client = Client(http, world.address)
            await client.data(REQUEST, None, who={"tenant": world.amber.slug, "email": learner.email})
            await client.data(INVITE, world.amber.owner, input={"emails": [GUEST], "role": "LEARNER"})
        return {**await codes_for(world, learner.email, 2), **await codes_for(world, GUEST, 1)}

    return asyncio.run(mailed())


async def test_a_code_opens_nothing_elsewhere_and_counts_at_home(
    world: World, client: Client, codes: dict[str, str]
) -> None:
    random = Random(3)
    for name in USES:
        for code in codes.values():
            told = [await client.ask(using(name, "birch", each), None) for each in (code, lookalike(code, random))]
            assert differences(*(said(each.body, []) for each in told)) == [], (name, told)
            assert all(each.body["data"][name]["userErrors"] for each in told), (name, told)
    for page, name in AT_HOME.items():
        told = await client.ask(using(name, "amber", codes[page]), None)
        assert told.body["data"][name]["userErrors"] == [], (name, told.text)


@pytest.mark.usefixtures("codes")
async def test_a_mail_names_its_own_tenant_alone(world: World) -> None:
    """Of the tenants whose people have written no address of another one's."""
    others, seen = {world.amber.slug: world.birch, world.birch.slug: world.amber}, 0
    for each in await asyncio.to_thread(mails_of, world):
        if (of := str(each["Subject"]).rpartition(" · ")[2]) in others:
            told = f"{each.as_string()} {each.get_content()}"
            assert [value for value in others[of].secrets if value in told] == [], told
            seen += 1
    assert seen
