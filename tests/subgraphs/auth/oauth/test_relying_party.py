"""A relying party that we have not written: Authlib's own client."""

import json
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from httpx2 import ASGITransport
from joserfc import jwt
from joserfc.jwk import KeySet

from shared.graphql.app import SubgraphApp
from tests.subgraphs.auth.oauth.conftest import REDIRECT_URI, App, Person, Server

VERIFIER = "v" * 64


async def test_authlibs_client_completes_its_flow(auth: SubgraphApp, server: Server, person: Person, app: App) -> None:
    transport = ASGITransport(auth.app)
    made: Any = AsyncOAuth2Client(
        app.id,
        app.secret,
        scope="openid email learn",
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
        transport=transport,
    )
    plain = server.http
    async with made as client:
        metadata = (await plain.get(f"{server.issuer}/.well-known/openid-configuration")).json()
        keys = KeySet.import_key_set((await plain.get(metadata["jwks_uri"])).json())
        url, state = cast(
            "tuple[str, str]",
            client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=VERIFIER, nonce="n-1"),
        )
        answer = await person.consent({name: value for name, [value] in parse_qs(urlsplit(url).query).items()})
        token = await client.fetch_token(
            metadata["token_endpoint"],
            authorization_response=answer.headers["location"],
            code_verifier=VERIFIER,
            state=state,
        )
        decoded = jwt.decode(token["id_token"], keys, algorithms=["ES256"])
        options = {"iss": {"essential": True, "value": server.issuer}, "aud": {"essential": True, "value": app.id}}
        parameters = {"nonce": "n-1", "client_id": app.id, "access_token": token["access_token"]}
        claims: Any = cast("Any", CodeIDToken)(decoded.claims, decoded.header, options, parameters)
        claims.validate(leeway=30)
        refreshed = await client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
        assert refreshed["refresh_token"] != token["refresh_token"]
        asked = await client.introspect_token(
            metadata["introspection_endpoint"], token=refreshed["access_token"], token_type_hint="access_token"
        )
        assert json.loads(asked.text)["active"]
        await client.revoke_token(metadata["revocation_endpoint"], token=refreshed["refresh_token"])
        asked = await client.introspect_token(metadata["introspection_endpoint"], token=refreshed["access_token"])
        assert asked.json() == {"active": False}
