"""What a provider says of when and how somebody proved who they are, and what that counts for here.

A provider may let somebody in whom it knows from before, without asking them for anything: so a sign-in through it is a
fresh proof of who they are only if the provider says that they gave one, and when.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from shared.authentication import FEDERATED, SEVERAL_FACTORS
from subgraphs.auth.models.identity_providers import IdentityProvider
from subgraphs.auth.service.federated_begun import Asked
from subgraphs.auth.service.oidc_client import ProviderRefused
from subgraphs.auth.store.identity_providers import FederatedAnswer

LEEWAY: Final = timedelta(seconds=60)
"""By which the provider's clock may differ from ours."""
SEVERAL_FACTOR_CONTEXTS: Final = frozenset(
    {
        "https://refeds.org/profile/mfa",
        "http://schemas.microsoft.com/claims/multipleauthn",
        "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered",
    }
)
"""What providers call proofs by factors of two kinds. Sources: REFEDS MFA profile; SAML 2.0 authentication context."""


class NotProvedAgain(ProviderRefused):
    """The provider knew the person from before, though it was asked not to rely on that."""

    code = "NOT_PROVED_AGAIN"
    default_message = "The identity provider did not have you prove anew who you are"


def answer_of(
    provider: IdentityProvider, subject: str, at: datetime | None, contexts: Collection[str], now: datetime
) -> FederatedAnswer:
    """What is kept of a provider's answer.

    Args:
        provider: as far as the tenant trusts it.
        subject: whom it means.
        at: when they proved who they are; None if it does not say. What is yet to come is believed of nobody.
        contexts: names of how they did, of which those of `SEVERAL_FACTOR_CONTEXTS` and ``mfa`` (RFC 8176) say that
            they showed a second factor.
        now: the time.
    """
    believed = None if at is None or at > now + LEEWAY else min(at, now)
    several = provider.second_factor_counts and not _SEVERAL.isdisjoint(contexts)
    return FederatedAnswer(subject, believed, [FEDERATED, SEVERAL_FACTORS] if several else [FEDERATED])


def refuse_old(answer: FederatedAnswer, asked: Asked) -> None:
    """Refuse an answer that says nothing new where the person was to prove anew who they are.

    Raises:
        NotProvedAgain: so it is. Sources: OpenID Connect Core 1.0, section 3.1.3.7; SAML 2.0 core, section 3.4.1.
    """
    at = answer.authenticated_at
    if asked.way_back.again and (at is None or at < asked.at - LEEWAY):
        raise NotProvedAgain


def claimed_time(claims: Mapping[str, Any]) -> datetime | None:
    """When somebody proved who they are, by an OpenID provider's claims; None if that is no time."""
    moment = claims.get("auth_time")
    if isinstance(moment, bool) or not isinstance(moment, int | float) or not 0 <= moment < _LAST:
        return None
    return datetime.fromtimestamp(moment, UTC)


def claimed_contexts(claims: Mapping[str, Any]) -> frozenset[str]:
    """How they did. Sources: OpenID Connect Core 1.0, section 2 (``acr``); RFC 8176 (``amr``)."""
    methods = claims.get("amr")
    named = cast("Iterable[Any]", methods) if isinstance(methods, list) else ()
    return frozenset(each for each in (claims.get("acr"), *named) if isinstance(each, str))


_SEVERAL: Final = SEVERAL_FACTOR_CONTEXTS | {SEVERAL_FACTORS}
_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
