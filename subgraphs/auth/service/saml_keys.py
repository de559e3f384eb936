"""Changing the key that a tenant has for a provider which speaks SAML, without a moment at which sign-ins fail.

A second key is made and shown in the tenant's metadata; once the provider has read them, it signs; once the provider
knows no other any more, the first is forgotten. What is encrypted for either is opened all along.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared.caller import Caller
from shared.data_keys import KeyRing
from shared.database import TenantSession, unit_of_work
from shared.errors import NotFound, Refusal, VersionConflict
from shared.idempotency import Attempt, once
from subgraphs.auth.models.identity_providers import IdentityProvider
from subgraphs.auth.models.saml import SamlProvider
from subgraphs.auth.service.audit import Change, Subject, describe
from subgraphs.auth.service.identity_providers import refuse_less_than_owner, tell_changed
from subgraphs.auth.service.saml_desk import SamlDesk
from subgraphs.auth.service.saml_messages import KeyPair, new_keys
from subgraphs.auth.service.saml_providers import Described
from subgraphs.auth.store.identity_providers import IdentityProviderStore
from subgraphs.auth.store.saml import SamlStore


class KeyStep(StrEnum):
    """From one key to another."""

    ADD = "ADD"
    SWAP = "SWAP"
    DROP = "DROP"


class OutOfTurn(Refusal):
    code = "KEY_STEP_OUT_OF_TURN"
    default_message = "There is a second key already, or none yet"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A step with one provider's key, which has to have the `version`, if any is expected."""

    alias: str
    step: KeyStep
    version: int | None


async def change_key(saml: SamlDesk, caller: Caller, wanted: Wanted, attempt: Attempt) -> Described:
    """Take one step.

    Raises:
        Forbidden, PermissionNotHeld: the caller may not, or holds less than whom the provider could let in.
        NotFound: there is no such provider, or it does not speak SAML.
        VersionConflict: it has been changed since.
        OutOfTurn: there is a second key already, or none to go on with.
    """
    caller.require("tenant:manage")
    made = None
    if wanted.step is KeyStep.ADD:
        made = await saml.workers.run(lambda: new_keys(wanted.alias, saml.desk.clock()))
    async with unit_of_work(saml.desk.sessions, caller) as session:
        await refuse_less_than_owner(session)
        ring = await saml.desk.keys.of(session, sealing=True)

        async def take() -> UUID:
            provider, row = await _locked(session, wanted)
            match wanted.step:
                case KeyStep.ADD:
                    _add(ring, row, made)
                case KeyStep.SWAP:
                    _swap(ring, provider, row)
                case KeyStep.DROP:
                    _drop(row)
            provider.version += 1
            changes = [Change("key", None, wanted.step)]
            describe(session, Subject("IdentityProvider", provider.id), changes=changes)
            tell_changed(session, provider)
            return provider.id

        provider_id = await once(session, attempt, take)
        provider = await IdentityProviderStore(session).get(provider_id)
        row = await SamlStore(session).get(provider_id)
    if provider is None or row is None:
        raise NotFound
    return Described(provider, row)


def other_keys(ring: KeyRing, row: SamlProvider) -> KeyPair | None:
    """The second key of a tenant that changes its key."""
    if row.other_certificate is None or row.sealed_other_key is None:
        return None
    return KeyPair(
        ring.open(SamlProvider.sealed_other_key, row.provider_id, row.sealed_other_key), row.other_certificate
    )


async def _locked(session: TenantSession, wanted: Wanted) -> tuple[IdentityProvider, SamlProvider]:
    provider = await IdentityProviderStore(session).locked(wanted.alias)
    row = None if provider is None else await SamlStore(session).get(provider.id)
    if provider is None or row is None:
        raise NotFound
    if wanted.version is not None and provider.version != wanted.version:
        raise VersionConflict
    return provider, row


def _add(ring: KeyRing, row: SamlProvider, made: KeyPair | None) -> None:
    if row.other_certificate is not None or made is None:
        raise OutOfTurn
    row.other_certificate = made.certificate
    row.sealed_other_key = ring.seal(SamlProvider.sealed_other_key, row.provider_id, made.private_key)


def _swap(ring: KeyRing, provider: IdentityProvider, row: SamlProvider) -> None:
    """Let the second key be the first; the first stays as the second, so that this can be taken back."""
    other = other_keys(ring, row)
    if other is None:
        raise OutOfTurn
    first = ring.open(IdentityProvider.sealed_client_secret, provider.id, provider.sealed_client_secret)
    row.sealed_other_key = ring.seal(SamlProvider.sealed_other_key, row.provider_id, first)
    provider.sealed_client_secret = ring.seal(IdentityProvider.sealed_client_secret, provider.id, other.private_key)
    row.other_certificate, row.own_certificate = row.own_certificate, other.certificate


def _drop(row: SamlProvider) -> None:
    if row.other_certificate is None:
        raise OutOfTurn
    row.other_certificate = row.sealed_other_key = None
