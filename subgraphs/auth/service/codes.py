"""The codes that people and their clients hold: made with keys that no database holds, so that none has to be kept."""

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from pydantic import SecretStr

from shared.caller import TenantId
from shared.crypto import IdSigner, derive_key

_PREFIX: Final = "strt_"
"""Of refresh tokens, so that whoever finds one in the wrong place knows what it is."""
_SAYS: Final = struct.Struct(">16s16sI")
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a refresh token says: of which session it is, and how often that had been refreshed before."""

    tenant_id: TenantId
    session_id: UUID
    refreshes: int


@dataclass(frozen=True, slots=True)
class SignInCodes:
    """Everything that is handed out while people sign in."""

    devices: IdSigner
    """That a client keeps, to be known again."""
    challenges: IdSigner
    """That a sign-in goes on with, once its first factor was right."""
    links: IdSigner
    """That are sent by mail."""
    email_changes: IdSigner
    """That are sent to an address that somebody wants."""
    email_undos: IdSigner
    """That are sent to an address that somebody has given up."""
    _refresh: bytes = field(repr=False)
    _digests: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def create(cls, secret: SecretStr, earlier: Sequence[SecretStr] = ()) -> "SignInCodes":
        """Derive the keys.

        Args:
            secret: that everything is made with.
            earlier: those before it, whose digests are still known (`digests`).
        """
        return cls(
            devices=IdSigner.create(secret, "sign-in-device"),
            challenges=IdSigner.create(secret, "mfa-challenge"),
            links=IdSigner.create(secret, "mailed-link"),
            email_changes=IdSigner.create(secret, "email-change"),
            email_undos=IdSigner.create(secret, "email-undo"),
            _refresh=derive_key(secret, "refresh-token"),
            _digests=tuple(derive_key(each, "sign-in-digest") for each in (secret, *earlier)),
        )

    def digest(self, kind: str, value: str) -> bytes:
        """What stands for a value where it is only compared; nobody finds the value without the key."""
        return self.digests(kind, value)[0]

    def digests(self, kind: str, value: str) -> list[bytes]:
        """The same, and what stood for it when the secret was another; the newest first."""
        said = f"{kind}:{value}".encode(errors="surrogatepass")
        return [hmac.digest(key, said, hashlib.sha256) for key in self._digests]

    def refresh_token(self, token: RefreshToken) -> str:
        """Make a refresh token; the same for the same session after as many refreshes."""
        said = _SAYS.pack(token.tenant_id.bytes, token.session_id.bytes, token.refreshes)
        return _PREFIX + urlsafe_b64encode(said + self._mac(said)).decode()

    def read_refresh_token(self, token: str) -> RefreshToken | None:
        """What such a token says; None if it was not made here."""
        if not token.startswith(_PREFIX) or len(token) > _LONGEST:
            return None
        try:
            raw = urlsafe_b64decode(token.removeprefix(_PREFIX).encode("ascii"))
        except ValueError:
            return None
        said, mac = raw[: _SAYS.size], raw[_SAYS.size :]
        if not hmac.compare_digest(mac, self._mac(said)):
            return None
        tenant_id, session_id, refreshes = _SAYS.unpack(said)
        return RefreshToken(TenantId(UUID(bytes=tenant_id)), UUID(bytes=session_id), refreshes)

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._refresh, said, hashlib.sha256)
