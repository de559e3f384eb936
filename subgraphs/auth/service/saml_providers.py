"""Which identity providers a tenant trusts by SAML, and whom it takes their assertions to mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from shared.caller import Caller
from shared.database import unit_of_work
from shared.errors import BadUserInput, NotFound
from shared.idempotency import Attempt
from shared.roles import Role
from subgraphs.auth.models.identity_providers import IdentityProvider
from subgraphs.auth.models.saml import SamlProvider
from subgraphs.auth.service import identity_providers
from subgraphs.auth.service.federated_people import Person, believable_address, believable_name
from subgraphs.auth.service.identity_providers import PERMISSION, Trust, check_return_uri
from subgraphs.auth.service.mfa import own_tenant
from subgraphs.auth.service.oidc_client import ProviderRefused
from subgraphs.auth.service.saml_assertions import EMAIL_ADDRESS, TRANSIENT, UNSPECIFIED, Believed
from subgraphs.auth.service.saml_desk import SamlDesk
from subgraphs.auth.service.saml_messages import KeyPair, ProviderMetadata, new_keys, read_metadata
from subgraphs.auth.store.identity_providers import IdentityProviderStore
from subgraphs.auth.store.saml import SamlStore

_LONGEST_SUBJECT: Final = 255


@dataclass(frozen=True, slots=True)
class SamlTrust:
    """How a provider is spoken with, and what is read where.

    Attributes:
        metadata_xml: of the provider; None leaves what there is, or what `metadata_url` has.
        metadata_url: where they are read, now.
        attributes: the names of the attributes for ``subject``, ``email``, ``display_name`` and ``role``.
        role_values: what newcomers become, by a value of the attribute for the role.
    """

    metadata_xml: str | None
    metadata_url: str | None
    name_id_format: str
    attributes: Mapping[str, str]
    role_values: Mapping[str, Role]
    allows_unsolicited: bool


@dataclass(frozen=True, slots=True)
class Described:
    """A provider, whole."""

    provider: IdentityProvider
    saml: SamlProvider


async def configure(
    saml: SamlDesk, caller: Caller, slug: str, trust: Trust, said: SamlTrust, attempt: Attempt, expected: int | None
) -> Described:
    """Trust a provider by SAML, or another way than before.

    Args:
        saml: where its metadata are read.
        caller: who trusts it.
        slug: the tenant's.
        trust: without what the metadata say: its issuer, and what the tenant is known by there.
        said: how it is spoken with.
        attempt: is made once.
        expected: the version that it has to have, if any is expected.

    Raises:
        BadUserInput: its metadata cannot be used, or a new one has none, or its subjects would not last.
        OutboundRefused: its metadata cannot be had where they are said to be.
        VersionConflict, TooManyIdentityProviders, NameTaken, LocksEverybodyOut: as with any other.
    """
    caller.require(PERMISSION)
    _check(said)
    metadata = await _metadata(saml, said)
    known = await _known(saml, caller, trust.alias)
    if metadata is None and known is None:
        raise BadUserInput("`metadataXml` or `metadataUrl` is needed for a new provider", field="metadataXml")
    keys = None if known else await saml.workers.run(lambda: new_keys(trust.alias, saml.desk.clock()))
    values = _values(said, metadata, keys)
    trust = replace(
        trust,
        issuer=metadata.entity_id if metadata else "" if known is None else known.issuer,
        client_id=saml.entity_id(slug, trust.alias),
        client_secret=keys.private_key if keys else None,
    )
    policy = (await own_tenant(saml.desk, caller)).policies.sign_in
    async with unit_of_work(saml.desk.sessions, caller) as session:
        store = SamlStore(session)

        async def also(provider_id: UUID) -> None:
            await store.put(provider_id, values)

        provider = await identity_providers.configure(
            session, saml.desk.keys, trust, attempt, expected_version=expected, policy=policy, also=also
        )
        row = await store.get(provider.id)
    if row is None:
        raise NotFound
    return Described(provider, row)


async def _known(saml: SamlDesk, caller: Caller, alias: str) -> IdentityProvider | None:
    """The provider of that name, if it is spoken with by SAML already."""
    async with saml.desk.sessions.read(caller) as session:
        found = await IdentityProviderStore(session).by_alias(alias)
        return found if found is not None and await SamlStore(session).get(found.id) else None


def person_of(said: Believed, row: SamlProvider, email_domains: Sequence[str]) -> Person:
    """Whom an assertion means, as far as it is believed.

    Raises:
        ProviderRefused: it names nobody, or by a name that somebody else may have tomorrow.
    """
    names, attributes = row.attributes, said.attributes
    email = _first(attributes, names.get("email"))
    if email is None and said.name_id_format == EMAIL_ADDRESS:
        email = said.name_id
    believed = believable_address(email, email_domains)
    called = believable_name(_first(attributes, names.get("display_name")), believed)
    roles = [row.role_values[each] for each in attributes.get(names.get("role", ""), ()) if each in row.role_values]
    role = Role(roles[0]) if roles else Role.LEARNER
    return Person(_subject(said, row), called, believed, role, said.authenticated_at, said.contexts)


def _subject(said: Believed, row: SamlProvider) -> str:
    """What the provider will always call the same person, and nobody else. Source: SAML 2.0 core, section 8.3."""
    named = row.attributes.get("subject")
    if named:
        values = said.attributes.get(named, ())
        subject = values[0] if len(values) == 1 else ""
    else:
        asked = row.name_id_format
        fits = said.name_id_format != TRANSIENT if asked == UNSPECIFIED else said.name_id_format == asked
        subject = said.name_id if fits else ""
    if not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise ProviderRefused
    return subject


def _check(said: SamlTrust) -> None:
    if said.metadata_xml is not None and said.metadata_url is not None:
        raise BadUserInput("Give either `metadataXml` or `metadataUrl`", field="metadataUrl")
    if said.name_id_format == TRANSIENT and "subject" not in said.attributes:
        raise BadUserInput(
            "A transient name is another each time: name an attribute that is not", field="attributes.subject"
        )
    if Role.OWNER in said.role_values.values():
        raise BadUserInput("A provider makes nobody an owner", field="roleValues")


async def _metadata(saml: SamlDesk, said: SamlTrust) -> ProviderMetadata | None:
    if said.metadata_url is not None:
        document = await saml.outbound.get(said.metadata_url)
    elif said.metadata_xml is not None:
        document = said.metadata_xml.encode(errors="surrogatepass")
    else:
        return None
    found = await saml.workers.run(lambda: read_metadata(document, saml.desk.clock()))
    check_return_uri(found.sso_url, field="metadataXml")
    return found


def _values(said: SamlTrust, metadata: ProviderMetadata | None, keys: KeyPair | None) -> dict[str, object]:
    """The columns that are written; those that nothing new is known of are left out."""
    values: dict[str, object] = {
        "name_id_format": said.name_id_format,
        "attributes": dict(said.attributes),
        "role_values": dict(said.role_values),
        "allows_unsolicited": said.allows_unsolicited,
    }
    if metadata is not None:
        values |= {
            "sso_url": metadata.sso_url,
            "certificates": list(metadata.certificates),
            "metadata_url": said.metadata_url,
        }
    return values if keys is None else {**values, "own_certificate": keys.certificate}


def _first(attributes: Mapping[str, Sequence[str]], name: str | None) -> str | None:
    values = attributes.get(name, ()) if name else ()
    return values[0] if values else None
