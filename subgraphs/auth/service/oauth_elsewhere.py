"""The identity providers through which people can sign in on the authorization server's own pages."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from shared.tenancy.policies import WayIn
from subgraphs.auth.service.federated_begun import LONGEST_URI
from subgraphs.auth.service.oauth_server import Server
from subgraphs.auth.service.policies import way_through
from subgraphs.auth.store.identity_providers import IdentityProviderStore

_PATHS: Final = {WayIn.FEDERATED: "federated", WayIn.SAML: "saml"}
_PROVE_ANEW: Final = {"prompt": "login"}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An identity provider that the tenant trusts, and where a browser begins to sign in through it."""

    name: str
    url: str


async def elsewhere(server: Server, page: str, *, again: bool = False) -> tuple[Elsewhere, ...]:
    """The providers, each with the way there and back to a page.

    Args:
        server: of the tenant.
        page: an address of the server's own, whole; there is no way back to one that is too long.
        again: whether people are to prove anew there who they are.
    """
    back = {"return_uri": page, **(_PROVE_ANEW if again else {})}
    if len(page) > LONGEST_URI:
        return ()
    trusted = await IdentityProviderStore(server.session).all()
    ways = server.issuer.tenant.policies.sign_in.ways
    return tuple(
        Elsewhere(each.name, f"{server.issuer.url}/{_PATHS[way]}/{each.alias}?{urlencode(back)}")
        for each in trusted
        for way in (way_through(each),)
        if each.enabled and way in ways
    )
