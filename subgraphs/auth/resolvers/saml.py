"""The root field of identity providers that speak SAML: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.errors import BadUserInput
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.models.identity_providers import IdentityProviderKind
from subgraphs.auth.resolvers.identity_providers import read_domains, shown
from subgraphs.auth.service import saml_keys, saml_providers
from subgraphs.auth.service.identity_providers import PERMISSION, Trust
from subgraphs.auth.types.identity_providers import ChangeSamlKeyPayload, ConfigureSamlProviderPayload
from subgraphs.auth.types.saml import ChangeSamlKeyInput, ConfigureSamlProviderInput

_MOST_URIS = 20
_MOST_VALUES = 50


@strawberry.type
class SamlMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(ConfigureSamlProviderPayload)],
        description="Trust an identity provider that speaks SAML, or otherwise than before. Needs tenant:manage.",
    )
    async def configure_saml_provider(
        self, info: Info, input: ConfigureSamlProviderInput
    ) -> ConfigureSamlProviderPayload | None:
        context = info.context
        context.caller.require(PERMISSION)
        trust, said, attempt = _trust(input), _said(input), input.attempt("configureSamlProvider")
        tenant = await context.own_tenant()
        if tenant is None:
            return None
        known = await saml_providers.configure(
            context.saml, context.caller, tenant.slug, trust, said, attempt, input.expected_version
        )
        return ConfigureSamlProviderPayload(
            identity_provider=shown(context.saml, tenant.slug, known.provider, known.saml)
        )

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(ChangeSamlKeyPayload)],
        description="Take a step in changing the key that the tenant signs with, and that a provider encrypts for. "
        "Needs tenant:manage.",
    )
    async def change_saml_key(self, info: Info, input: ChangeSamlKeyInput) -> ChangeSamlKeyPayload | None:
        context = info.context
        alias, attempt = checks.slug(input.alias, field="alias"), input.attempt("changeSamlKey")
        tenant = await context.own_tenant()
        if tenant is None:
            return None
        wanted = saml_keys.Wanted(alias, input.step, input.expected_version)
        known = await saml_keys.change_key(context.saml, context.caller, wanted, attempt)
        return ChangeSamlKeyPayload(identity_provider=shown(context.saml, tenant.slug, known.provider, known.saml))


def _trust(input: ConfigureSamlProviderInput) -> Trust:
    if not 0 < len(input.return_uris) <= _MOST_URIS:
        raise BadUserInput(f"`returnUris` must have 1 to {_MOST_URIS}", field="returnUris")
    return Trust(
        alias=checks.slug(input.alias, field="alias"),
        name=checks.text(input.name, field="name"),
        issuer="",
        client_id="",
        email_domains=read_domains(input.email_domains),
        return_uris=input.return_uris,
        opens_accounts=input.opens_accounts,
        enabled=input.enabled,
        second_factor_counts=input.second_factor_counts,
        kind=IdentityProviderKind.SAML,
    )


def _said(input: ConfigureSamlProviderInput) -> saml_providers.SamlTrust:
    if len(input.role_values) > _MOST_VALUES:
        raise BadUserInput(f"`roleValues` must have at most {_MOST_VALUES}", field="roleValues")
    given = input.attributes
    names = {
        "subject": (given.subject, "subject"),
        "email": (given.email, "email"),
        "display_name": (given.display_name, "displayName"),
        "role": (given.role, "role"),
    }
    return saml_providers.SamlTrust(
        metadata_xml=input.metadata_xml,
        metadata_url=input.metadata_url,
        name_id_format=input.name_id_format.value,
        attributes={
            name: checks.text(value, field=f"attributes.{field}")
            for name, (value, field) in names.items()
            if value is not None
        },
        role_values={
            checks.text(each.value, field=f"roleValues.{position}.value"): each.role
            for position, each in enumerate(input.role_values)
        },
        allows_unsolicited=input.allows_unsolicited,
    )
