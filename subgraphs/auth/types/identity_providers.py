"""Identity providers, and signing in through them, as clients see it."""

import strawberry

from shared.graphql.inputs import MutationInput, UpdateInput
from shared.graphql.user_errors import Payload
from subgraphs.auth.models.identity_providers import IdentityProvider as IdentityProviderRow
from subgraphs.auth.models.identity_providers import IdentityProviderKind
from subgraphs.auth.types.accounts import IssuedSession, Viewer
from subgraphs.auth.types.mfa import MfaChallenge
from subgraphs.auth.types.saml import SamlSettings

strawberry.enum(IdentityProviderKind, description="How a provider is spoken with.")


@strawberry.type(description="Somebody else who says who people are, as far as the tenant trusts them.")
class IdentityProvider:
    id: strawberry.ID = strawberry.field(description="It never changes.")
    alias: str = strawberry.field(
        description="Its name in addresses: `/t/<tenant>/federated/<alias>`, or `/t/<tenant>/saml/<alias>`."
    )
    kind: IdentityProviderKind = strawberry.field(description="How it is spoken with.")
    name: str = strawberry.field(description="What people read.")
    enabled: bool = strawberry.field(description="Whether people can sign in through it now.")
    issuer: str = strawberry.field(description="Its address, as it names itself.")
    client_id: str = strawberry.field(description="The tenant's name there.")
    email_domains: list[str] = strawberry.field(
        description="Whose verified e-mail addresses link people to accounts that are there already."
    )
    return_uris: list[str] = strawberry.field(description="Where people may go on once they have signed in.")
    opens_accounts: bool = strawberry.field(description="Whether newcomers of these domains get an account.")
    second_factor_counts: bool = strawberry.field(
        description="Whether who has shown a second factor to the provider, as it says, is asked for none here."
    )
    callback_uri: str = strawberry.field(
        description="What has to be registered there as the redirect URI, or for assertions."
    )
    version: int = strawberry.field(description="Counts its changes.")
    saml: SamlSettings | None = strawberry.field(default=None, description="What is SAML's alone; null with OIDC.")

    @classmethod
    def of(cls, row: IdentityProviderRow, callback_uri: str, saml: SamlSettings | None = None) -> "IdentityProvider":
        return cls(
            id=strawberry.ID(str(row.id)),
            alias=row.alias,
            kind=IdentityProviderKind(row.kind),
            name=row.name,
            enabled=row.enabled,
            issuer=row.issuer,
            client_id=row.client_id,
            email_domains=row.email_domains,
            return_uris=row.return_uris,
            opens_accounts=row.opens_accounts,
            second_factor_counts=row.second_factor_counts,
            callback_uri=callback_uri,
            version=row.version,
            saml=saml,
        )


@strawberry.input(description="How a provider is to be asked, and what it is believed.")
class ConfigureIdentityProviderInput(UpdateInput):
    alias: str = strawberry.field(description="Its name in addresses: small letters, digits and hyphens.")
    name: str = strawberry.field(description="What people read: 1 to 200 characters.")
    issuer: str = strawberry.field(description="Its OpenID issuer; `/.well-known/openid-configuration` is asked there.")
    client_id: str = strawberry.field(description="The tenant's name there.")
    client_secret: str | None = strawberry.field(
        default=None, description="Kept sealed, and never shown; null leaves the one there is."
    )
    email_domains: list[str] = strawberry.field(
        default_factory=list, description="Whose verified e-mail addresses it may speak for."
    )
    return_uris: list[str] = strawberry.field(
        description="Where people may go on once they have signed in; compared letter by letter."
    )
    opens_accounts: bool = strawberry.field(default=False, description="Whether newcomers of these domains are let in.")
    enabled: bool = strawberry.field(default=True, description="Whether people can sign in through it.")
    second_factor_counts: bool = strawberry.field(
        default=False,
        description="Whether who has shown a second factor to the provider, as it says, is asked for none here.",
    )


@strawberry.type(description="What came of `configureIdentityProvider`.")
class ConfigureIdentityProviderPayload(Payload):
    identity_provider: IdentityProvider | None = strawberry.field(
        default=None, description="As it is now; null if it was refused."
    )


@strawberry.input(description="Which provider is not to be trusted any more.")
class RemoveIdentityProviderInput(MutationInput):
    alias: str = strawberry.field(description="Its name in addresses.")


@strawberry.type(description="What came of `removeIdentityProvider`.")
class RemoveIdentityProviderPayload(Payload):
    identity_provider_id: strawberry.ID | None = strawberry.field(default=None, description="Of the one that is gone.")


@strawberry.input(description="What the browser came back with.")
class CompleteFederatedSignInInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    code: str = strawberry.field(description="From the fragment of the address; it works once, for two minutes.")
    code_verifier: str | None = strawberry.field(
        default=None,
        description="Whose `code_challenge` by S256 the sign-in was begun with (RFC 7636), so that nobody is signed in "
        "by a code that another browser came back with; null only if it was begun without.",
    )


@strawberry.type(description="What came of `completeFederatedSignIn`.")
class CompleteFederatedSignInPayload(Payload):
    session: IssuedSession | None = strawberry.field(
        default=None, description="Opened for the viewer; null while a second factor is awaited."
    )
    viewer: Viewer | None = strawberry.field(default=None, description="Whoever has signed in.")
    challenge: MfaChallenge | None = strawberry.field(
        default=None, description="Go on with `completeMfa`; null unless the person has a second factor here."
    )


@strawberry.type(description="What came of `changeSamlKey`.")
class ChangeSamlKeyPayload(Payload):
    identity_provider: IdentityProvider | None = strawberry.field(
        default=None, description="As it is now; null if it was refused."
    )


@strawberry.type(description="What came of `configureSamlProvider`.")
class ConfigureSamlProviderPayload(Payload):
    identity_provider: IdentityProvider | None = strawberry.field(
        default=None, description="As it is now; null if it was refused."
    )
