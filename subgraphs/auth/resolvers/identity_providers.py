"""The root fields of identity providers, and of signing in through them: unpack, call, wrap."""

from collections.abc import Sequence

import strawberry

from shared import checks
from shared.database import unit_of_work
from shared.errors import BadUserInput
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.models.identity_providers import IdentityProvider as IdentityProviderRow
from subgraphs.auth.models.saml import SamlProvider
from subgraphs.auth.service import federated, identity_providers
from subgraphs.auth.service.mfa import own_tenant
from subgraphs.auth.service.saml_desk import SamlDesk
from subgraphs.auth.store.identity_providers import IdentityProviderStore
from subgraphs.auth.store.saml import SamlStore
from subgraphs.auth.types.accounts import SignInPayload
from subgraphs.auth.types.identity_providers import (
    CompleteFederatedSignInInput,
    CompleteFederatedSignInPayload,
    ConfigureIdentityProviderInput,
    ConfigureIdentityProviderPayload,
    IdentityProvider,
    RemoveIdentityProviderInput,
    RemoveIdentityProviderPayload,
)
from subgraphs.auth.types.saml import SamlSettings

_MOST_DOMAINS = 100
_LONGEST_SECRET = 2_000


@strawberry.type
class IdentityProviderQuery:
    @strawberry.field(description="The providers that the tenant trusts, by alias. Needs tenant:manage.")
    async def identity_providers(self, info: Info) -> list[IdentityProvider] | None:
        caller = info.context.caller
        caller.require(identity_providers.PERMISSION)
        async with info.context.desk.sessions.read(caller) as session:
            rows = await IdentityProviderStore(session).all()
            spoken = await SamlStore(session).all()
        tenant = await info.context.own_tenant()
        if tenant is None:
            return None
        context, slug = info.context, tenant.slug
        return [
            shown(context.saml, slug, row, spoken[row.id])
            if row.id in spoken
            else IdentityProvider.of(row, context.federation.callback(slug, row.alias))
            for row in rows
        ]


@strawberry.type
class IdentityProviderMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(ConfigureIdentityProviderPayload)],
        description="Trust an OpenID provider, or otherwise than before. It is asked for its metadata first. Needs "
        "tenant:manage.",
    )
    async def configure_identity_provider(
        self, info: Info, input: ConfigureIdentityProviderInput
    ) -> ConfigureIdentityProviderPayload | None:
        context = info.context
        context.caller.require(identity_providers.PERMISSION)
        trust = _trust(input)
        await context.federation.client.metadata(trust.issuer, anew=True)
        attempt = input.attempt("configureIdentityProvider", without={"client_secret"})
        policy = (await own_tenant(context.desk, context.caller)).policies.sign_in
        async with unit_of_work(context.desk.sessions, context.caller) as session:
            row = await identity_providers.configure(
                session, context.desk.keys, trust, attempt, expected_version=input.expected_version, policy=policy
            )
        tenant = await context.own_tenant()
        if tenant is None:
            return None
        return ConfigureIdentityProviderPayload(
            identity_provider=IdentityProvider.of(row, context.federation.callback(tenant.slug, row.alias))
        )

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(RemoveIdentityProviderPayload)],
        description="Trust a provider no more; whom it meant is forgotten, their accounts stay. Refused with "
        "LOCKS_EVERYBODY_OUT where the tenant lets nobody in by anything else. Needs tenant:manage.",
    )
    async def remove_identity_provider(
        self, info: Info, input: RemoveIdentityProviderInput
    ) -> RemoveIdentityProviderPayload | None:
        alias, attempt = checks.slug(input.alias, field="alias"), input.attempt("removeIdentityProvider")
        desk, caller = info.context.desk, info.context.caller
        policy = (await own_tenant(desk, caller)).policies.sign_in
        async with unit_of_work(desk.sessions, caller) as session:
            removed = await identity_providers.remove(session, alias, attempt, policy=policy)
        return RemoveIdentityProviderPayload(identity_provider_id=strawberry.ID(str(removed)))

    @strawberry.mutation(
        extensions=[Refusals(CompleteFederatedSignInPayload)],
        description="Open a session for whoever came back from an identity provider, with the code in the address. "
        "Refused with ACCOUNT_NOT_READY while a newcomer's account is being opened: the code goes on working.",
    )
    async def complete_federated_sign_in(
        self, info: Info, input: CompleteFederatedSignInInput
    ) -> CompleteFederatedSignInPayload | None:
        attempt = input.attempt("completeFederatedSignIn")
        outcome = await federated.sign_in(info.context.desk, input.tenant, input.code, input.code_verifier, attempt)
        given = SignInPayload.of(outcome)
        return CompleteFederatedSignInPayload(session=given.session, viewer=given.viewer, challenge=given.challenge)


def shown(saml: SamlDesk, slug: str, row: IdentityProviderRow, spoken: SamlProvider) -> IdentityProvider:
    """A provider that is spoken with by SAML."""
    settings = SamlSettings.of(spoken, saml.entity_id(slug, row.alias))
    return IdentityProvider.of(row, saml.acs_url(slug, row.alias), settings)


def _trust(input: ConfigureIdentityProviderInput) -> identity_providers.Trust:
    secret = input.client_secret
    if secret is not None and not 0 < len(secret) <= _LONGEST_SECRET:
        raise BadUserInput(f"`clientSecret` must have 1 to {_LONGEST_SECRET} characters", field="clientSecret")
    return identity_providers.Trust(
        alias=checks.slug(input.alias, field="alias"),
        name=checks.text(input.name, field="name"),
        issuer=checks.text(input.issuer, field="issuer", longest=1_000),
        client_id=checks.text(input.client_id, field="clientId", longest=500),
        email_domains=read_domains(input.email_domains),
        return_uris=input.return_uris,
        opens_accounts=input.opens_accounts,
        enabled=input.enabled,
        second_factor_counts=input.second_factor_counts,
        client_secret=secret,
    )


def read_domains(domains: Sequence[str]) -> list[str]:
    """Domains of addresses, in small letters."""
    if len(domains) > _MOST_DOMAINS:
        raise BadUserInput(f"`emailDomains` must have at most {_MOST_DOMAINS}", field="emailDomains")
    return [
        checks.email_address(f"somebody@{domain}", field=f"emailDomains.{position}").partition("@")[2]
        for position, domain in enumerate(domains)
    ]
