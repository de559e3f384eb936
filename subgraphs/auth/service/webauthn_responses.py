"""What authenticators answer, verified. Source: Web Authentication, level 3, sections 7.1 and 7.2.

The library checks type, challenge, origin, relying party, presence and signature. Beside that: no answer from within
another site's page, no credential whose nature has changed, and an answer that counts backwards is told from a forged
one, as its signature has been verified before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import orjson
import webauthn
from webauthn.helpers import parse_client_data_json
from webauthn.helpers.structs import AuthenticationCredential, CredentialDeviceType, RegistrationCredential

from subgraphs.auth.errors import PasskeyInvalid
from subgraphs.auth.models import Passkey

Credential = Mapping[str, Any]
"""A credential as browsers say it in JSON: `RegistrationResponseJSON` or `AuthenticationResponseJSON`."""

_MOST_BYTES: Final = 32_768
_LONGEST_ID: Final = 1023
_TRANSPORTS: Final = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})
_Answer = TypeVar("_Answer")


class SignCountWentBack(Exception):
    """Whoever has signed says that they have signed less often than before: there may be a copy of the key."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """What passkeys are made for.

    Attributes:
        id: the domain.
        origins: of the pages that may ask for them.
    """

    id: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """A new credential, whose private key whoever answered has."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    user_verified: bool
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asserted:
    """A passkey has signed."""

    sign_count: int
    user_verified: bool
    backed_up: bool
    user_handle: bytes | None
    """As it stands in the authenticator; None where that does not say."""


def read_registration(credential: Credential) -> RegistrationCredential:
    """Read what `navigator.credentials.create()` has given.

    Raises:
        PasskeyInvalid: it is nothing of the kind.
    """
    return _refusing(lambda: webauthn.helpers.parse_registration_credential_json(_small(credential)))


def read_assertion(credential: Credential) -> AuthenticationCredential:
    """Read what `navigator.credentials.get()` has given.

    Raises:
        PasskeyInvalid: it is nothing of the kind.
    """
    return _refusing(lambda: webauthn.helpers.parse_authentication_credential_json(_small(credential)))


def verify_registration(credential: RegistrationCredential, challenge: bytes, party: RelyingParty) -> Registered:
    """Verify the answer to a challenge.

    Raises:
        PasskeyInvalid: it is not right.
    """
    return _refusing(lambda: _registered(credential, challenge, party))


def _registered(credential: RegistrationCredential, challenge: bytes, party: RelyingParty) -> Registered:
    verified = webauthn.verify_registration_response(
        credential=credential,
        expected_challenge=challenge,
        expected_rp_id=party.id,
        expected_origin=list(party.origins),
    )
    _refuse_framed(credential.response.client_data_json)
    if len(verified.credential_id) > _LONGEST_ID or verified.credential_id != credential.raw_id:
        raise PasskeyInvalid
    given = credential.response.transports or []
    return Registered(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        user_verified=verified.user_verified,
        backup_eligible=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=verified.credential_backed_up,
        transports=tuple(sorted(_TRANSPORTS.intersection(each.value for each in given))),
    )


def verify_assertion(
    credential: AuthenticationCredential, challenge: bytes, party: RelyingParty, passkey: Passkey
) -> Asserted:
    """Verify that a passkey has signed a challenge.

    Raises:
        PasskeyInvalid: it has not, or it is another one than before.
        SignCountWentBack: it has, and there may be a copy of it.
    """
    asserted = _refusing(lambda: _asserted(credential, challenge, party, passkey))
    if (asserted.sign_count or passkey.sign_count) and asserted.sign_count <= passkey.sign_count:
        raise SignCountWentBack
    return asserted


def _asserted(
    credential: AuthenticationCredential, challenge: bytes, party: RelyingParty, passkey: Passkey
) -> Asserted:
    verified = webauthn.verify_authentication_response(
        credential=credential,
        expected_challenge=challenge,
        expected_rp_id=party.id,
        expected_origin=list(party.origins),
        credential_public_key=passkey.public_key,
        credential_current_sign_count=0,
    )
    _refuse_framed(credential.response.client_data_json)
    eligible = verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    if verified.credential_id != passkey.credential_id or eligible != passkey.backup_eligible:
        raise PasskeyInvalid
    return Asserted(
        verified.new_sign_count,
        verified.user_verified,
        verified.credential_backed_up,
        credential.response.user_handle,
    )


def _refuse_framed(client_data: bytes) -> None:
    """Nobody signs for us within a page of another site."""
    if parse_client_data_json(client_data).cross_origin:
        raise PasskeyInvalid


def _small(credential: Credential) -> dict[str, Any]:
    if len(orjson.dumps(credential)) > _MOST_BYTES:
        raise PasskeyInvalid
    return dict(credential)


def _refusing(read: Callable[[], _Answer]) -> _Answer:
    """Whatever a client sends is refused in one way if it is not right, and never an error of ours."""
    try:
        return read()
    except PasskeyInvalid:
        raise
    except Exception as error:  # parsers of binary formats fail in many ways
        raise PasskeyInvalid from error
