"""The tables of the auth subgraph, in each tenant's schema.

All of them are known as soon as this is imported.
"""

from subgraphs.auth.models.accounts import Account
from subgraphs.auth.models.api_tokens import ApiToken
from subgraphs.auth.models.base import Model
from subgraphs.auth.models.identity_providers import FederatedIdentity, FederatedSignIn, IdentityProvider
from subgraphs.auth.models.magic_links import LinkPurpose, MailedLink
from subgraphs.auth.models.mfa import MfaChallenge, RecoveryCode, TotpFactor
from subgraphs.auth.models.service_accounts import ServiceAccount
from subgraphs.auth.models.sessions import Device, SignInSession
from subgraphs.auth.models.throttles import Throttle

__all__ = [
    "Account",
    "ApiToken",
    "Device",
    "FederatedIdentity",
    "FederatedSignIn",
    "IdentityProvider",
    "LinkPurpose",
    "MailedLink",
    "MfaChallenge",
    "Model",
    "RecoveryCode",
    "ServiceAccount",
    "SignInSession",
    "Throttle",
    "TotpFactor",
]
