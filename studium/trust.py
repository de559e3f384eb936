"""Between the router and its subgraphs: the router signs who asks, and subgraphs answer nobody else.

A caller's own token goes no further than to the router.
"""

from typing import Final

from pydantic import SecretStr

from router.serve import InternalTokens, TokenSigner
from router.serve.traffic import CallHooks
from shared.router_tokens import CARRIED, HEADER, ISSUER, LIFETIME_SECONDS, TENANT_CLAIM
from studium.embedded.errors import CannotStart

_TOKENS: Final = InternalTokens(
    issuer=ISSUER, header=HEADER, lifetime_seconds=LIFETIME_SECONDS, tenant_claim=TENANT_CLAIM, carried=CARRIED
)


def signer(key: SecretStr) -> TokenSigner:
    """Signs for subgraphs with a private key (PEM).

    Raises:
        CannotStart: it is none.
    """
    try:
        return TokenSigner(key.get_secret_value(), _TOKENS)
    except ValueError as error:
        raise CannotStart(f"STUDIUM_ROUTER_KEY cannot be used: {error}") from error


def signing(key: SecretStr | None) -> CallHooks:
    """The hooks that sign every request to a subgraph; none without a key."""
    return CallHooks(before=(signer(key),)) if key else CallHooks()


def introduction(key: SecretStr | None, subgraph: str) -> dict[str, str]:
    """Headers with which the router asks a subgraph on nobody's behalf, before there is any transport."""
    return {HEADER: f"Bearer {signer(key).token(None, subgraph)}"} if key else {}
