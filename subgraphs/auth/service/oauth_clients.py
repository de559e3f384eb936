"""OAuth apps as the authorization server sees them: clients in the sense of RFC 6749."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import ClientMixin

from subgraphs.auth.models import OAuthApp
from subgraphs.auth.service.oauth_scopes import narrowed

_SECRET_PREFIX: Final = "studsec_"  # noqa: S105 - so that scanners of leaked secrets know them
_SECRET_BYTES: Final = 32
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})


def new_secret() -> str:
    """A secret of 256 random bits."""
    return _SECRET_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def new_token() -> str:
    """A code or a token of 256 random bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest(secret: str) -> bytes:
    """What is kept of a random secret, code or token."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


class Client(ClientMixin):
    """An app with the hashes of its secrets that are good now."""

    def __init__(self, app: OAuthApp, hashes: Sequence[bytes]) -> None:
        self.app = app
        self.client_id = str(app.id)
        self._hashes = hashes

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        """The only one there is; an app that has several names the one it means."""
        return self.app.redirect_uris[0] if len(self.app.redirect_uris) == 1 else ""

    def get_allowed_scope(self, scope: str | None) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride] - the stubs lag
        """What of a scope it may have; None for nothing, which is refused."""
        return narrowed(scope or "", self.app.scopes) or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether it is exactly one of the app's; of a program on the person's device, the port may be any.

        Source: RFC 9700, section 4.1.3, and RFC 8252, section 7.3.
        """
        if redirect_uri in self.app.redirect_uris:
            return True
        asked = _without_port(redirect_uri)
        return asked is not None and asked in map(_without_port, self.app.redirect_uris)

    def check_client_secret(self, client_secret: str) -> bool:
        asked = digest(client_secret)
        return any(hmac.compare_digest(asked, known) for known in self._hashes)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whoever can keep a secret or a key has to prove it, at every endpoint, and by that alone."""
        if not self.app.confidential:
            return method == "none"
        return method != "none" and (method == "private_key_jwt") is self.app.authenticates_by_key

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.app.grant_types


def _without_port(uri: str) -> tuple[str, str, str] | None:
    """A redirect URI of this machine by everything but its port; None for others."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname if parts.scheme == "http" and "@" not in parts.netloc else None
    except ValueError:
        return None
    return (host, parts.path, parts.query) if host in _LOOPBACK and host and "#" not in uri else None
