"""DPoP at the authorization servers: tokens are issued to keys, whose holders prove that they have them.

A proof has to carry a value that the server has given before, so that none can be made ahead: who does not know one is
given one with the refusal, and asks again. Source: RFC 9449, sections 5 to 8.
"""

# pyright: reportUnknownMemberType=false
# The type checker's stubs of Authlib are of another version than Authlib.

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from authlib.oauth2 import OAuth2Error
from sqlalchemy.util import await_only

from shared.dpop import HEADER, PROOF_SECONDS, Proof, ProofInvalid, read_proof
from subgraphs.auth.service.oauth import OAuthDesk
from subgraphs.auth.store.oauth_proofs import OAuthProofStore

if TYPE_CHECKING:
    from subgraphs.auth.service.oauth_server import Received, Server

_NONCE_SECONDS: Final = 120
"""After as many, another one is given; the one before is good for as long again."""
_KEPT: Final = timedelta(seconds=3 * PROOF_SECONDS)


class InvalidDPoPProof(OAuth2Error):
    error = "invalid_dpop_proof"


class UseDPoPNonce(OAuth2Error):
    """The proof lacks a value that the server has given, which comes with this. Source: RFC 9449, section 8."""

    error = "use_dpop_nonce"

    def __init__(self, nonce: str) -> None:
        super().__init__("Repeat the request with a proof that has the nonce of the header DPoP-Nonce")
        self._nonce = nonce

    def get_headers(self) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("DPoP-Nonce", self._nonce)]


class Prover:
    """What the sender of one request proves; an OAuth2Error is raised where it does not."""

    def __init__(self, oauth: OAuthDesk) -> None:
        self._oauth = oauth
        self.proof: Proof | None = None

    def read(self, received: "Received") -> None:
        """Look at the proof that came with a request, if one did.

        Raises:
            OAuth2Error: it is not one for this request, or lacks the nonce.
        """
        text = received.headers.get(HEADER)
        if text is None:
            return
        now = self._oauth.desk.clock().timestamp()
        try:
            proof = read_proof(text, method=received.method, url=received.uri, now=now)
        except ProofInvalid as error:
            raise InvalidDPoPProof(error.message) from error
        known = {self.nonce(int(now) // _NONCE_SECONDS - ago) for ago in (0, 1)}
        if proof.nonce not in known:
            raise UseDPoPNonce(self.nonce(int(now) // _NONCE_SECONDS))
        self.proof = proof

    def nonce(self, period: int) -> str:
        """What every process of ours gives in the same period."""
        made = hmac.digest(self._oauth.form_key, f"dpop-nonce:{period}".encode(), hashlib.sha256)
        return urlsafe_b64encode(made[:18]).decode()

    def key_for(self, bound_to: str | None, *, required: bool) -> str | None:
        """The thumbprint of the key that tokens are issued to; None for tokens that are good for whoever has them.

        Args:
            bound_to: the only key that it may be, if there is one.
            required: whether there has to be a key.

        Raises:
            OAuth2Error: it is another key, or none.
        """
        jkt = None if self.proof is None else self.proof.jkt
        if (bound_to is not None and jkt != bound_to) or (required and jkt is None):
            raise InvalidDPoPProof(ProofInvalid.default_message)
        return jkt

    def use(self, server: "Server") -> None:
        """Let the proof be good no more.

        Raises:
            OAuth2Error: it was used before.
        """
        if self.proof is None:
            return
        used = OAuthProofStore(server.session).use(self.proof.digest, server.now + _KEPT)
        if not await_only(used):
            raise InvalidDPoPProof("The proof was used before")


def confirmation(jkt: str | None) -> dict[str, Any]:
    """The claim by which a token names its key. Source: RFC 9449, section 6.1."""
    return {} if jkt is None else {"cnf": {"jkt": jkt}}
