"""The tables of the auth subgraph, in each tenant's schema.

All of them are known as soon as this is imported.
"""

from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.api_tokens import ApiToken
from subgraphs.auth.models.audit import ActorKind, AuditEvent, AuditHead
from subgraphs.auth.models.base import Model
from subgraphs.auth.models.email_change import EmailChange
from subgraphs.auth.models.identity_providers import FederatedIdentity, FederatedSignIn, IdentityProvider
from subgraphs.auth.models.impersonation import Impersonation
from subgraphs.auth.models.magic_links import LinkPurpose, MailedLink
from subgraphs.auth.models.mfa import MfaChallenge, RecoveryCode, TotpFactor
from subgraphs.auth.models.oauth import OAuthCode, OAuthConsent, OAuthGrant, OAuthPushedRequest, OAuthRefreshToken
from subgraphs.auth.models.oauth_apps import OAuthApp, OAuthAppSecret, OAuthRegistrationToken
from subgraphs.auth.models.oauth_device import OAuthDeviceRequest
from subgraphs.auth.models.oauth_logouts import OAuthLogout
from subgraphs.auth.models.oauth_proofs import OAuthUsedProof
from subgraphs.auth.models.roles import RoleAssignment, TenantRole
from subgraphs.auth.models.saml import SamlAssertion, SamlProvider
from subgraphs.auth.models.service_accounts import ServiceAccount
from subgraphs.auth.models.sessions import Device, SignInSession
from subgraphs.auth.models.tenant_exports import TenantExportPiece
from subgraphs.auth.models.throttles import Throttle
from subgraphs.auth.models.webauthn import Passkey, WebAuthnChallenge

__all__ = [
    "Account",
    "ActorKind",
    "ApiToken",
    "AuditEvent",
    "AuditHead",
    "Device",
    "EmailChange",
    "FederatedIdentity",
    "FederatedSignIn",
    "IdentityProvider",
    "Impersonation",
    "LinkPurpose",
    "MailedLink",
    "MfaChallenge",
    "Model",
    "OAuthApp",
    "OAuthAppSecret",
    "OAuthCode",
    "OAuthConsent",
    "OAuthDeviceRequest",
    "OAuthGrant",
    "OAuthLogout",
    "OAuthPushedRequest",
    "OAuthRefreshToken",
    "OAuthRegistrationToken",
    "OAuthUsedProof",
    "Passkey",
    "RecoveryCode",
    "RoleAssignment",
    "SamlAssertion",
    "SamlProvider",
    "ServiceAccount",
    "SignInSession",
    "TenantExportPiece",
    "TenantRole",
    "Throttle",
    "TotpFactor",
    "WebAuthnChallenge",
]
