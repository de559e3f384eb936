"""The public keys of apps: by them they prove who they are, and that a request is theirs.

Keys are registered by value. Nothing that an app names is ever fetched: who asked us to could ask for anything.
Sources: RFC 7523, section 3, and RFC 9101, section 6.
"""

# pyright: reportUnknownMemberType=false
# The type checker's stubs of Authlib are of another version than Authlib.

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import orjson
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError
from authlib.oauth2.rfc9101.errors import InvalidRequestObjectError
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jwt import ClaimsOption
from sqlalchemy.util import await_only

from shared.errors import BadUserInput
from subgraphs.auth.service.oauth import CLIENT_ALGORITHMS
from subgraphs.auth.service.oauth_clients import Client
from subgraphs.auth.service.oauth_server import Request, Server
from subgraphs.auth.store.oauth_proofs import OAuthProofStore

MOST_KEYS: Final = 5
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LEEWAY: Final = 30
_LONGEST_TOKEN: Final = 8192
_LONGEST_LIFE: Final = 3600
"""Seconds. What a client has signed once is not good for ever."""
_RSA_BITS: Final = range(2048, 4097)
_RSA_LENGTHS: Final = range(342, 684)
"""Of their modulus in Base64: looked at before anybody calculates with it."""
_ABOUT_ITSELF: Final = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def public_keys(jwks: Mapping[str, Any], *, field: str) -> dict[str, Any]:
    """A key set of an app, with what is needed of it alone.

    Raises:
        BadUserInput: it is none, or has private, symmetric, weak or too many keys.
    """
    listed: Any = jwks.get("keys")
    if not isinstance(listed, list) or not 0 < len(cast("list[Any]", listed)) <= MOST_KEYS:
        raise BadUserInput(f"A key set has one to {MOST_KEYS} keys", field=field)
    if any(not isinstance(key, dict) or _PRIVATE & key.keys() for key in cast("list[Any]", listed)):
        raise BadUserInput("A key set has public keys alone", field=field)
    if any("n" in key and len(str(key["n"])) not in _RSA_LENGTHS for key in cast("list[dict[str, Any]]", listed)):
        raise BadUserInput("RSA keys have 2048 to 4096 bits", field=field)
    try:
        keys = KeySet.import_key_set({"keys": listed}).keys
        if not all(map(_is_strong, keys)):
            raise BadUserInput("Keys are P-256, Ed25519 or RSA of 2048 to 4096 bits", field=field)
        return {"keys": [{**key.as_dict(private=False), "kid": key.ensure_kid() or key.kid} for key in keys]}
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadUserInput("That is no key set", field=field) from error


def _is_strong(key: object) -> bool:
    match key:
        case RSAKey():
            return key.public_key.key_size in _RSA_BITS
        case ECKey() | OKPKey():
            return key.curve_name in {"P-256", "Ed25519"}
        case _:
            return False


class KeyAssertion:
    """An app proves by a signature who it is: ``private_key_jwt``."""

    METHOD: Final = "private_key_jwt"

    def __init__(self, server: Server) -> None:
        self._server = server

    def __call__(self, query_client: Callable[[str], Client | None], request: Request) -> Client | None:
        """The app; None if the request has no assertion.

        Raises:
            InvalidClientError: the assertion is not right, not for this server, or was used before.
        """
        form = request.form
        text = form.get("client_assertion")
        if text is None or form.get("client_assertion_type") != _ASSERTION_TYPE:
            return None
        try:
            client = query_client(_subject(text))
            if client is None or form.get("client_id", client.client_id) != client.client_id:
                raise InvalidClientError(description="The assertion is another app's")
            claims = signed_claims(client, text, self._server, self._audiences(), sub=client.client_id)
            self._use(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise InvalidClientError(description="The assertion is not right") from error
        return client

    def _audiences(self) -> list[str]:
        issuer = self._server.issuer
        return [issuer.url, *(issuer.endpoint(name) for name in ("token", "par", "introspect", "revoke"))]

    def _use(self, claims: Mapping[str, Any]) -> None:
        """Let the assertion be good no more. Source: RFC 7523, section 3, item 7."""
        said = f"{claims['sub']}\0{claims['jti']}".encode(errors="surrogatepass")
        keep = datetime.fromtimestamp(claims["exp"] + 2 * _LEEWAY, UTC)
        if not await_only(OAuthProofStore(self._server.session).use(hashlib.sha256(said).digest(), keep)):
            raise InvalidClientError(description="The assertion was used before")


def _subject(text: str) -> str:
    """Whom an assertion names, before anything of it is looked at.

    Raises:
        ValueError: it is none. So mean JoseError, KeyError and TypeError.
    """
    if len(text) > _LONGEST_TOKEN:
        raise ValueError
    named: Any = orjson.loads(jws.extract_compact(text.encode("ascii")).payload or b"")
    if not isinstance(named["sub"], str):
        raise TypeError
    return cast("str", named["sub"])


def signed_claims(
    client: Client, text: str, server: Server, audiences: list[str], *, late: timedelta = timedelta(0), **values: str
) -> Mapping[str, Any]:
    """What an app has signed, for this server and now; with these values, and for not too long.

    Raises:
        ValueError: it has not. So mean JoseError and TypeError.
    """
    claims = jwt.decode(text, keys_of(client), algorithms=list(CLIENT_ALGORITHMS)).claims
    now = int(server.now.timestamp())
    exact = {name: _exactly(value) for name, value in {**values, "iss": client.client_id}.items()}
    options: dict[str, ClaimsOption] = {
        **exact,
        "aud": {"essential": True, "values": audiences},
        "exp": {"essential": True},
    }
    jwt.JWTClaimsRegistry(now=now, leeway=_LEEWAY + int(late.total_seconds()), **options).validate(claims)
    if type(claims["exp"]) is not int or claims["exp"] > now + _LONGEST_LIFE:
        raise ValueError
    return claims


def _exactly(value: str) -> ClaimsOption:
    return {"essential": True, "value": value}


def keys_of(client: Client) -> KeySet:
    """The keys of an app.

    Raises:
        OAuth2Error: it has none.
    """
    if client.app.jwks is None:
        raise InvalidClientError(description="The app has no keys")
    return KeySet.import_key_set(cast("Any", client.app.jwks))


def requested(server: Server, asked: Mapping[str, str], *, late: timedelta = timedelta(0)) -> Mapping[str, str]:
    """The parameters of an authorization request, which an app may have signed: then those count alone.

    Args:
        server: that is asked.
        asked: the parameters as they were sent.
        late: so much before may it have ended, as people take their time to answer.

    Raises:
        OAuth2Error: it is not signed by the app that it names, for this server, now. Source: RFC 9101, section 6.3.
    """
    text, client = asked.get("request"), server.query_client(asked.get("client_id", ""))
    if text is None or client is None or client.app.jwks is None:
        return asked
    if "request_uri" in asked or len(text) > _LONGEST_TOKEN:
        raise InvalidRequestError("'request' goes without 'request_uri'")
    try:
        claims = signed_claims(client, text, server, [server.issuer.url], late=late, client_id=client.client_id)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise InvalidRequestObjectError from error
    said = {name: value for name, value in claims.items() if name not in _ABOUT_ITSELF}
    signed = {name: str(value) if type(value) is int else value for name, value in said.items()}
    plain = all(isinstance(value, str) and value.isascii() and value.isprintable() for value in signed.values())
    if not plain or {"request", "request_uri"} & signed.keys():
        raise InvalidRequestObjectError
    return signed
