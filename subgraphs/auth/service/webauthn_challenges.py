"""Challenges: made by the server, kept until they are answered, once and soon, by whom and for what they were made."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from shared.database import TenantSession
from shared.ids import uuid7
from subgraphs.auth.errors import PasskeyInvalid
from subgraphs.auth.models import Passkey, WebAuthnChallenge
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.webauthn_responses import RelyingParty
from subgraphs.auth.store.webauthn import ChallengeStore

REGISTER: Final = "register"
SIGN_IN: Final = "sign-in"
LIFETIME: Final = timedelta(minutes=5)
_BYTES: Final = 32
_LOCALHOST: Final = "localhost"


@dataclass(frozen=True, slots=True)
class PasskeyDesk:
    """What passkeys need beside signing in."""

    desk: SignInDesk
    party: RelyingParty
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ceremony:
    """Something to be done in a browser: `options` for `navigator.credentials`, in the JSON form of the standard."""

    challenge_id: UUID
    options: dict[str, Any]


def relying_party(public_url: str, further_origins: Sequence[str] = ()) -> RelyingParty:
    """The platform as browsers know it.

    Browsers make passkeys for names, never for addresses: on the own machine that name is ``localhost``.

    Args:
        public_url: where people reach it.
        further_origins: of other pages under the same domain that may ask for passkeys.
    """
    parts = urlsplit(public_url)
    host = parts.hostname or _LOCALHOST
    if _is_loopback(host):
        host = _LOCALHOST
    port = "" if parts.port is None else f":{parts.port}"
    return RelyingParty(host, (f"{parts.scheme}://{host}{port}", *further_origins))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def begin(
    session: TenantSession, purpose: str, now: datetime, *, user_id: UUID | None, session_id: UUID | None
) -> WebAuthnChallenge:
    """Make a challenge; those that nobody has answered in time are forgotten."""
    store = ChallengeStore(session)
    await store.drop_expired(now)
    made = WebAuthnChallenge(
        id=uuid7(),
        purpose=purpose,
        challenge=os.urandom(_BYTES),
        user_id=user_id,
        session_id=session_id,
        expires_at=now + LIFETIME,
    )
    await store.add(made)
    return made


async def take(
    session: TenantSession,
    challenge_id: UUID,
    purpose: str,
    now: datetime,
    *,
    user_id: UUID | None,
    session_id: UUID | None,
) -> bytes:
    """What was to be signed; nobody can answer it a second time.

    Raises:
        PasskeyInvalid: it was made for something or somebody else, was answered before, or is too old.
    """
    taken = await ChallengeStore(session).take(challenge_id, purpose, user_id, session_id, now)
    if taken is None:
        raise PasskeyInvalid
    return taken


def creation(
    party: RelyingParty, made: WebAuthnChallenge, *, handle: bytes, email: str, tenant: str, held: Sequence[Passkey]
) -> Ceremony:
    """What a browser needs to make a passkey for somebody, on another authenticator than those they have.

    No attestation is asked for: which make an authenticator is of is nobody's business here.
    """
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=tenant,
        user_id=handle,
        user_name=email,
        challenge=made.challenge,
        timeout=_milliseconds(),
        exclude_credentials=[_described(each) for each in held],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return Ceremony(made.id, options_to_json_dict(options))


def assertion(party: RelyingParty, made: WebAuthnChallenge) -> Ceremony:
    """What a browser needs to have a challenge signed by a passkey that its owner chooses, and has to unlock."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=made.challenge,
        timeout=_milliseconds(),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Ceremony(made.id, options_to_json_dict(options))


def second_assertion(party: RelyingParty, made: WebAuthnChallenge, held: Sequence[Passkey]) -> Ceremony:
    """What a browser needs to have a challenge signed by one of these passkeys, beside what their owner knows."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=made.challenge,
        timeout=_milliseconds(),
        allow_credentials=[_described(each) for each in held],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return Ceremony(made.id, options_to_json_dict(options))


def _described(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(each) for each in passkey.transports]
    return PublicKeyCredentialDescriptor(id=passkey.credential_id, transports=transports)


def _milliseconds() -> int:
    return int(LIFETIME.total_seconds() * 1000)
