"""The addresses that other standards than GraphQL fix, each of one tenant, and what belongs to a tenant there."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from urllib.parse import urlencode

from tests.isolation.client import Client
from tests.isolation.lookalikes import lookalike
from tests.isolation.world import Inhabitants

GRANTS: Final = (
    "authorization_code",
    "client_credentials",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
)
_REDIRECT: Final = "https://app.example/back"
_REGISTER: Final = """mutation ($input: RegisterOAuthAppInput!) {
  registerOAuthApp(input: $input) { app { id } clientSecret userErrors { code } }
}"""
_TOLD: Final = ("www-authenticate", "location", "content-type")


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a tenant's app has been given, and what else is known by an identifier.

    Attributes:
        client_id: of the app; `client_secret` is its secret.
        tokens: access tokens of the app, and of the owner.
        values: by the names that parameters have: ``device_code``, ``request_uri``.
    """

    client_id: str
    client_secret: str
    tokens: Mapping[str, str]
    values: Mapping[str, str]

    @property
    def basic(self) -> str:
        """For HTTP Basic."""
        return "Basic " + b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()

    def like(self, random: Random) -> "Belongings":
        """Others of the same shape, which nobody was ever given."""
        return Belongings(
            lookalike(self.client_id, random),
            lookalike(self.client_secret, random),
            {name: lookalike_token(token, random) for name, token in self.tokens.items()},
            {name: _lookalike_value(value, random) for name, value in self.values.items()},
        )

    @property
    def parameters(self) -> dict[str, str]:
        """Everything that a form or a query may name."""
        token = self.tokens["app"]
        return {**self.values, "token": token, "subject_token": token, "actor_token": token}

    @property
    def words(self) -> list[str]:
        """All of it, as it might be said again."""
        return [self.client_id, self.client_secret, *self.tokens.values(), *self.values.values()]


@dataclass(frozen=True, slots=True)
class Said:
    """What an address answered."""

    status: int
    headers: tuple[str, ...]
    text: str


async def belongings(client: Client, one: Inhabitants, owner: str) -> Belongings:
    """Register an app as the tenant's owner, and let it begin whatever can be begun without a browser."""
    given = {"name": f"App of {one.canary}", "scopes": ["users:provision"], "redirectUris": [_REDIRECT]}
    given |= {"mayIntrospect": True, "grantTypes": [grant for grant in GRANTS if "exchange" not in grant]}
    made = (await client.data(_REGISTER, owner, input=given))["registerOAuthApp"]
    app = Belongings(made["app"]["id"], made["clientSecret"], {}, {})
    granted = await _begin(client, one, app, "token", grant_type="client_credentials", scope="users:provision")
    device = await _begin(client, one, app, "device_authorization", scope="users:provision")
    asked = {"response_type": "code", "redirect_uri": _REDIRECT, "scope": "users:provision", "state": "here"}
    asked |= {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
    pushed = await _begin(client, one, app, "par", **asked)
    values = {"device_code": device["device_code"], "user_code": device["user_code"]}
    values |= {"request_uri": pushed["request_uri"], "id": one.kinds["users.users.id"][0]}
    tokens = {"app": granted["access_token"], "owner": owner}
    return Belongings(app.client_id, app.client_secret, tokens, values)


async def _begin(client: Client, one: Inhabitants, app: Belongings, name: str, **form: str) -> Any:
    answered = await ask(client, f"POST /t/{one.slug}/oauth/{name}", {"authorization": app.basic}, form)
    assert answered.status < 300, answered.text
    return json.loads(answered.text)


async def ask(client: Client, route: str, headers: Mapping[str, str], parameters: Mapping[str, str]) -> Said:
    """Send parameters as a form or, where there is none, in the address."""
    method, path = route.split(" ", 1)
    as_query = method in {"GET", "DELETE"}
    url = f"http://{client.address.router}{path}" + (f"?{urlencode(parameters)}" if as_query else "")
    form = None if as_query else dict(parameters)
    async with client.http.request(method, url, headers=headers, data=form, allow_redirects=False) as response:
        told = tuple(f"{name}: {response.headers.get(name)}" for name in _TOLD)
        return Said(response.status, told, await response.text())


def filled(route: str, slug: str, has: Belongings) -> str:
    """A route's address at a tenant, with what somebody else has in the other places."""
    known = {"slug": slug, "client_id": has.client_id, "id": has.values["id"]}
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: known.get(found[1], "school"), route)


def lookalike_token(token: str, random: Random) -> str:
    """With the same claims, and a signature that nobody has made."""
    claims, dot, signature = token.rpartition(".")
    return f"{claims}{dot}{lookalike(signature, random)}"


def _lookalike_value(value: str, random: Random) -> str:
    """Behind a name that all of its kind have. Source: RFC 9126, section 2.2 (``urn:ietf:params:…``)."""
    name, colon, rest = value.rpartition(":")
    return f"{name}{colon}{lookalike(rest, random)}"
