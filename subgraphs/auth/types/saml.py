"""What of identity providers is SAML's alone, as clients see it."""

from datetime import datetime
from enum import StrEnum

import strawberry
from cryptography.hazmat.primitives.hashes import SHA256

from shared.graphql.inputs import UpdateInput
from shared.roles import Role
from subgraphs.auth.models.saml import SamlProvider
from subgraphs.auth.service.saml_assertions import EMAIL_ADDRESS, PERSISTENT, TRANSIENT, UNSPECIFIED
from subgraphs.auth.service.saml_keys import KeyStep
from subgraphs.auth.service.saml_messages import certificate_of


@strawberry.enum(
    description="What kind of name a provider gives somebody: the same at each sign-in and nobody else's ever, their "
    "e-mail address there, whatever it calls them lastingly, or another each time, so that an attribute names them."
)
class SamlNameIdFormat(StrEnum):
    PERSISTENT = PERSISTENT
    EMAIL_ADDRESS = EMAIL_ADDRESS
    UNSPECIFIED = UNSPECIFIED
    TRANSIENT = TRANSIENT


@strawberry.type(description="A key that a provider may sign with.")
class SamlCertificate:
    fingerprint: str = strawberry.field(description="SHA-256 of it, in hexadecimal.")
    expires_at: datetime = strawberry.field(description="As it says; the key counts beyond.")

    @classmethod
    def of(cls, pem: str) -> "SamlCertificate":
        certificate = certificate_of(pem)
        return cls(fingerprint=certificate.fingerprint(SHA256()).hex(), expires_at=certificate.not_valid_after_utc)


strawberry.enum(
    KeyStep,
    description="Make a second key, which the tenant's metadata show from then on; let the two change places, so that "
    "the other one signs; forget the second one.",
)


@strawberry.input(description="A step in changing the tenant's key for a provider.")
class ChangeSamlKeyInput(UpdateInput):
    alias: str = strawberry.field(description="The provider's name in addresses.")
    step: KeyStep = strawberry.field(description="Each as soon as the provider has read the metadata since the last.")


@strawberry.type(description="In which attributes of an assertion is read what.")
class SamlAttributes:
    subject: str | None = strawberry.field(description="Who somebody is, lastingly; null: the name itself says so.")
    email: str | None = strawberry.field(description="Their e-mail address.")
    display_name: str | None = strawberry.field(description="What they are called.")
    role: str | None = strawberry.field(description="What newcomers are.")


@strawberry.type(description="What a value of the attribute for the role makes of newcomers.")
class SamlRoleValue:
    value: str = strawberry.field(description="As the provider writes it.")
    role: Role = strawberry.field(description="What they become.")


@strawberry.type(description="How a provider is spoken with by SAML.")
class SamlSettings:
    metadata_uri: str = strawberry.field(
        description="Where the provider finds the tenant's metadata; also the tenant's entity ID there."
    )
    sso_url: str = strawberry.field(description="Where people are sent to sign in.")
    metadata_url: str | None = strawberry.field(description="Where its metadata were read; null if they were sent.")
    name_id_format: SamlNameIdFormat = strawberry.field(description="What kind of name it is asked for.")
    certificates: list[SamlCertificate] = strawberry.field(description="Of all the keys that it may sign with.")
    own_certificate: SamlCertificate = strawberry.field(description="Of the key that the tenant signs with.")
    other_certificate: SamlCertificate | None = strawberry.field(
        description="Of the tenant's second key, while it changes its key; null otherwise."
    )
    attributes: SamlAttributes = strawberry.field(description="In which attributes is read what.")
    role_values: list[SamlRoleValue] = strawberry.field(description="What newcomers become.")
    allows_unsolicited: bool = strawberry.field(description="Whether sign-ins may begin at the provider.")

    @classmethod
    def of(cls, row: SamlProvider, metadata_uri: str) -> "SamlSettings":
        names = row.attributes
        return cls(
            metadata_uri=metadata_uri,
            sso_url=row.sso_url,
            metadata_url=row.metadata_url,
            name_id_format=SamlNameIdFormat(row.name_id_format),
            certificates=[SamlCertificate.of(each) for each in row.certificates],
            own_certificate=SamlCertificate.of(row.own_certificate),
            other_certificate=None if row.other_certificate is None else SamlCertificate.of(row.other_certificate),
            attributes=SamlAttributes(
                subject=names.get("subject"),
                email=names.get("email"),
                display_name=names.get("display_name"),
                role=names.get("role"),
            ),
            role_values=[SamlRoleValue(value=value, role=Role(role)) for value, role in row.role_values.items()],
            allows_unsolicited=row.allows_unsolicited,
        )


@strawberry.input(description="In which attributes of an assertion is read what: their names, or pysaml2's for OIDs.")
class SamlAttributesInput:
    subject: str | None = strawberry.field(
        default=None, description="Who somebody is, lastingly; null: the name of the assertion's subject."
    )
    email: str | None = strawberry.field(default="mail", description="Their e-mail address.")
    display_name: str | None = strawberry.field(default="displayName", description="What they are called.")
    role: str | None = strawberry.field(default=None, description="What newcomers are.")


@strawberry.input(description="What a value of the attribute for the role makes of newcomers.")
class SamlRoleValueInput:
    value: str = strawberry.field(description="As the provider writes it: 1 to 200 characters.")
    role: Role = strawberry.field(description="What they become; nobody becomes an owner.")


@strawberry.input(description="How a provider is spoken with by SAML, and what it is believed.")
class ConfigureSamlProviderInput(UpdateInput):
    alias: str = strawberry.field(description="Its name in addresses: small letters, digits and hyphens.")
    name: str = strawberry.field(description="What people read: 1 to 200 characters.")
    metadata_xml: str | None = strawberry.field(
        default=None, description="The provider's metadata; null leaves what there is. At most 256 KiB."
    )
    metadata_url: str | None = strawberry.field(
        default=None, description="Where they are read instead, now: give it again when the provider changes its key."
    )
    name_id_format: SamlNameIdFormat = strawberry.field(
        default=SamlNameIdFormat.PERSISTENT, description="What kind of name it is asked for, and believed."
    )
    attributes: SamlAttributesInput = strawberry.field(
        default_factory=SamlAttributesInput, description="In which attributes is read what."
    )
    role_values: list[SamlRoleValueInput] = strawberry.field(
        default_factory=list, description="What newcomers become; learners without."
    )
    email_domains: list[str] = strawberry.field(
        default_factory=list, description="Whose e-mail addresses it may speak for."
    )
    return_uris: list[str] = strawberry.field(
        description="Where people may go on once they have signed in; compared letter by letter. Who begins at the "
        "provider goes on at the first."
    )
    opens_accounts: bool = strawberry.field(default=False, description="Whether newcomers of these domains are let in.")
    allows_unsolicited: bool = strawberry.field(
        default=False,
        description="Whether sign-ins may begin at the provider: then people can be signed in as another unawares.",
    )
    enabled: bool = strawberry.field(default=True, description="Whether people can sign in through it.")
    second_factor_counts: bool = strawberry.field(
        default=False,
        description="Whether who has shown a second factor to the provider, as it says, is asked for none here.",
    )
