"""ID tokens: who has signed in, for the app that asked. Source: OpenID Connect Core 1.0, sections 2 and 3.1.3."""

# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false
# The type checker's stubs of Authlib are of another version than Authlib.

from collections.abc import Mapping
from typing import Any, Final, cast

from authlib.oidc.core import OpenIDCode
from authlib.oidc.core.grants.code import OpenIDToken
from authlib.oidc.core.util import create_half_hash

from shared.authentication import Authentication
from subgraphs.auth.service.oauth import EndUser
from subgraphs.auth.service.oauth_codes import Code
from subgraphs.auth.service.oauth_scopes import OPENID
from subgraphs.auth.service.oauth_server import ACCESS_SECONDS, Request, Server

ID_TOKEN: Final = "JWT"  # noqa: S105 - the name of a type
"""Their type."""
_ALGORITHM: Final = "ES256"


def user_info(user: EndUser, scope: str) -> dict[str, Any]:
    """What an app with that scope gets to know of a person. Source: OpenID Connect Core 1.0, section 5.4."""
    about: dict[str, Any] = {"sub": str(user.user_id)}
    if "email" in scope.split():
        about |= {"email": user.email, "email_verified": user.email_verified}
    return about


def id_token(server: Server, request: Request, token: Mapping[str, Any]) -> str:
    """The ID token that comes with an access token."""
    code = cast("Code | None", request.authorization_code)
    now = int(server.now.timestamp())
    authentication: Authentication = request.user.authentication
    half = create_half_hash(token["access_token"], _ALGORITHM)
    claims: dict[str, Any] = {
        "iss": server.issuer.url,
        "aud": request.client.client_id,
        "iat": now,
        "exp": now + ACCESS_SECONDS,
        "at_hash": half.decode() if half else None,
        **user_info(request.user, token["scope"]),
        **authentication.claims(),
    }
    if server.family is not None and server.family.session_id is not None:
        claims["sid"] = str(server.family.session_id)
    if code is not None and code.row.nonce is not None:
        claims["nonce"] = code.row.nonce
    return server.oauth.desk.issuer.sign(claims, type_=ID_TOKEN)


class _Signed:
    """Adds the ID token to the answer, where the scope has `openid`."""

    server: Server

    def encode_id_token(self, token: Mapping[str, Any], request: Request) -> str:
        return id_token(self.server, request, token)


class CodeIdentity(_Signed, OpenIDCode):
    """With the answer to a code, and OpenID Connect's rules for authorization requests."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server

    def exists_nonce(self, nonce: str, request: Request) -> bool:
        """It is the app that looks at it; a code is good once, and its ID token is issued once."""
        return False


class RefreshIdentity(_Signed, OpenIDToken):
    """With the answer to a refresh token."""

    def __init__(self, server: Server) -> None:
        self.server = server


__all__ = ["ID_TOKEN", "OPENID", "CodeIdentity", "RefreshIdentity", "id_token", "user_info"]
