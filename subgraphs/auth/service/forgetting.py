"""Dropping what nobody needs to know any more; the worker does it now and then, for each tenant."""

from datetime import UTC, datetime, timedelta
from typing import Final

from shared.database import TenantSession
from subgraphs.auth.service.federated_begun import AT_PROVIDER
from subgraphs.auth.service.throttles import FORGET_AFTER
from subgraphs.auth.store.email_change import EmailChangeStore
from subgraphs.auth.store.identity_providers import FederatedSignInStore
from subgraphs.auth.store.impersonation import ImpersonationStore
from subgraphs.auth.store.magic_links import MailedLinkStore
from subgraphs.auth.store.mfa import MfaChallengeStore
from subgraphs.auth.store.oauth import OAuthStore
from subgraphs.auth.store.oauth_apps import OAuthRegistrationStore
from subgraphs.auth.store.oauth_device import OAuthDeviceStore
from subgraphs.auth.store.oauth_proofs import OAuthProofStore
from subgraphs.auth.store.saml import SamlStore
from subgraphs.auth.store.sessions import DeviceStore, SessionStore
from subgraphs.auth.store.throttles import ThrottleStore

SESSIONS_REMEMBERED: Final = timedelta(days=30)
"""After they have ended."""
DEVICES_REMEMBERED: Final = timedelta(days=180)
"""After they were used."""
CHALLENGES_REMEMBERED: Final = timedelta(days=8)
"""For longer than the keys of attempts (`shared.idempotency`), which name them."""

IMPERSONATIONS_REMEMBERED: Final = timedelta(days=365)
"""For the person in whose name they were; the audit has them for good."""


async def forget_old(session: TenantSession) -> None:
    """Drop sessions, devices, challenges, failures and what apps were granted, when they are over."""
    now = datetime.now(UTC)
    await SessionStore(session).forget(now - SESSIONS_REMEMBERED)
    await DeviceStore(session).forget(now - DEVICES_REMEMBERED)
    await MfaChallengeStore(session).forget(now - CHALLENGES_REMEMBERED)
    await MailedLinkStore(session).forget(now - CHALLENGES_REMEMBERED)
    await EmailChangeStore(session).forget(now - CHALLENGES_REMEMBERED)
    await ThrottleStore(session).forget(now - FORGET_AFTER)
    await ImpersonationStore(session).forget(now - IMPERSONATIONS_REMEMBERED)
    await OAuthDeviceStore(session).forget(now)
    await SamlStore(session).forget(now)
    await FederatedSignInStore(session).forget(now - AT_PROVIDER)  # what a browser has begun is answered no more
    await OAuthProofStore(session).forget(now)
    await OAuthRegistrationStore(session).forget(now)
    await OAuthStore(session).forget(now, ended_before=now - SESSIONS_REMEMBERED)
