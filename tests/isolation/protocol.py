"""The addresses that other standards than GraphQL fix, each of one tenant, and what belongs to a tenant there."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from subgraphs.auth.service.saml_messages import KeyPair, new_keys
from tests.isolation.browser import REDIRECT, SCOPES, VERIFIER, Browser, asked
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
_REGISTER: Final = """mutation ($input: RegisterOAuthAppInput!) {
  registerOAuthApp(input: $input) { app { id } clientSecret userErrors { code } }
}"""
_TRUST: Final = """mutation ($input: ConfigureSamlProviderInput!) {
  configureSamlProvider(input: $input) { userErrors { code } }
}"""
_METADATA: Final = """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/metadata">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
      <X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>
  </IDPSSODescriptor>
</EntityDescriptor>"""
_RETURN: Final = "https://app.example/signed-in"
_TOLD: Final = ("www-authenticate", "location", "content-type")


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a tenant's app has been given, and what else is known by an identifier.

    Attributes:
        client_id: of the app; `client_secret` is its secret.
        tokens: access tokens of the app, and of the owner.
        values: by the names that parameters have: ``code``, ``device_code``, ``request_uri``.
        cookies: by which a browser of the owner's is known again, which has signed in and consented.
    """

    client_id: str
    client_secret: str
    tokens: Mapping[str, str]
    values: Mapping[str, str]
    cookies: Mapping[str, str]

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
            {name: lookalike(value, random) for name, value in self.cookies.items()},
        )

    @property
    def cookie(self) -> str:
        """As a browser sends it."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def parameters(self) -> dict[str, str]:
        """Everything that a form or a query may name."""
        token = self.tokens["app"]
        told = {**self.values, "token": token, "subject_token": token, "actor_token": token}
        return {**told, "code_verifier": VERIFIER, "redirect_uri": REDIRECT}

    @property
    def words(self) -> list[str]:
        """All of it, as it might be said again."""
        known = [self.client_id, self.client_secret, *self.tokens.values(), *self.values.values()]
        return [*known, *self.cookies.values()]


@dataclass(frozen=True, slots=True)
class Said:
    """What an address answered."""

    status: int
    headers: tuple[str, ...]
    text: str


async def belongings(client: Client, one: Inhabitants, owner: str) -> Belongings:
    """Register an app as the tenant's owner, and let it begin whatever can be begun without a browser."""
    given = {"name": f"App of {one.canary}", "scopes": [*SCOPES], "redirectUris": [REDIRECT]}
    given |= {"mayIntrospect": True, "grantTypes": [grant for grant in GRANTS if "exchange" not in grant]}
    made = (await client.data(_REGISTER, owner, input=given))["registerOAuthApp"]
    app = Belongings(made["app"]["id"], made["clientSecret"], {}, {}, {})
    granted = await begin(client, one, app, "token", grant_type="client_credentials", scope="users:provision")
    device = await begin(client, one, app, "device_authorization", scope="users:provision")
    browser = Browser(client, one, app.client_id)
    pushed = await begin(client, one, app, "par", **asked(app.client_id))
    taken = await begin(client, one, app, "token", **redemption(await browser.code()))
    values = {"device_code": device["device_code"], "user_code": device["user_code"]}
    values |= {"request_uri": pushed["request_uri"], "id": one.kinds["users.users.id"][0]}
    state, cookies = await _sent_to_school(client, one, owner)
    values |= {
        "RelayState": state,
        "refresh_token": taken["refresh_token"],
        "code": await browser.code(),
        **browser.form,
    }
    tokens = {"app": granted["access_token"], "person": taken["access_token"], "owner": owner}
    return replace(app, tokens=tokens, values=values, cookies={**browser.cookies, **cookies})


async def _sent_to_school(client: Client, one: Inhabitants, owner: str) -> tuple[str, dict[str, str]]:
    """Trust a provider that the other tenant trusts as well, and begin to sign in there: the state, and the cookies."""
    certificate = "".join(keys_of_school().certificate.split("-----")[2].split())
    given = {"alias": "school", "name": "School", "metadataXml": _METADATA.format(certificate), "returnUris": [_RETURN]}
    assert (await client.data(_TRUST, owner, input=given))["configureSamlProvider"]["userErrors"] == []
    url = f"http://{client.address.router}/t/{one.slug}/saml/school?{urlencode({'return_uri': _RETURN})}"
    async with client.http.get(url, allow_redirects=False) as answer:
        [state] = parse_qs(urlsplit(answer.headers["location"]).query)["RelayState"]
        return state, {name: morsel.value for name, morsel in answer.cookies.items()}


@cache
def keys_of_school() -> KeyPair:
    """Of the provider that both tenants trust."""
    return new_keys("school", datetime.now(UTC))


def redemption(code: str) -> dict[str, str]:
    """What a code is redeemed by, beside who the app is."""
    return {"grant_type": GRANTS[0], "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}


async def begin(client: Client, one: Inhabitants, app: Belongings, name: str, **form: str) -> Any:
    """What a tenant's app is told that asks for something it may have."""
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
