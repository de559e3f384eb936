"""The root fields of the auth subgraph: each topic's in a module of its own."""

import strawberry

from subgraphs.auth.resolvers.accounts import AccountMutation, AccountQuery
from subgraphs.auth.resolvers.api_tokens import ApiTokenMutation, ApiTokenQuery
from subgraphs.auth.resolvers.audit import AuditQuery
from subgraphs.auth.resolvers.email_change import EmailChangeMutation
from subgraphs.auth.resolvers.external_identities import ExternalIdentityMutation, ExternalIdentityQuery
from subgraphs.auth.resolvers.flags import FlagMutation, FlagQuery
from subgraphs.auth.resolvers.identity_providers import IdentityProviderMutation, IdentityProviderQuery
from subgraphs.auth.resolvers.impersonation import ImpersonationMutation, ImpersonationQuery
from subgraphs.auth.resolvers.magic_links import MagicLinkMutation
from subgraphs.auth.resolvers.mfa import MfaMutation, MfaQuery
from subgraphs.auth.resolvers.mfa_enrolling import MfaEnrollingMutation
from subgraphs.auth.resolvers.oauth_apps import OAuthAppMutation, OAuthAppQuery
from subgraphs.auth.resolvers.oauth_registration import OAuthRegistrationMutation
from subgraphs.auth.resolvers.policies import PolicyMutation
from subgraphs.auth.resolvers.quotas import QuotaMutation
from subgraphs.auth.resolvers.recovery import RecoveryMutation
from subgraphs.auth.resolvers.roles import RoleMutation, RoleQuery
from subgraphs.auth.resolvers.saml import SamlMutation
from subgraphs.auth.resolvers.sessions import SessionMutation, SessionQuery
from subgraphs.auth.resolvers.tenant_life import TenantLifeMutation, TenantLifeQuery
from subgraphs.auth.resolvers.tenants import TenantMutation
from subgraphs.auth.resolvers.webauthn import PasskeyMutation, PasskeyQuery


@strawberry.type
class Query(
    AccountQuery,
    ApiTokenQuery,
    AuditQuery,
    ExternalIdentityQuery,
    FlagQuery,
    IdentityProviderQuery,
    ImpersonationQuery,
    OAuthAppQuery,
    RoleQuery,
    MfaQuery,
    SessionQuery,
    TenantLifeQuery,
    PasskeyQuery,
):
    pass


@strawberry.type
class Mutation(
    AccountMutation,
    ApiTokenMutation,
    EmailChangeMutation,
    ExternalIdentityMutation,
    FlagMutation,
    IdentityProviderMutation,
    ImpersonationMutation,
    OAuthAppMutation,
    OAuthRegistrationMutation,
    QuotaMutation,
    RecoveryMutation,
    RoleMutation,
    MagicLinkMutation,
    MfaMutation,
    MfaEnrollingMutation,
    PolicyMutation,
    SamlMutation,
    SessionMutation,
    TenantLifeMutation,
    TenantMutation,
    PasskeyMutation,
):
    pass
