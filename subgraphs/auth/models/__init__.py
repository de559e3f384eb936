"""The tables of the auth subgraph, in each tenant's schema.

All of them are known as soon as this is imported.
"""

from subgraphs.auth.models.accounts import Account, SignInSession
from subgraphs.auth.models.api_tokens import ApiToken
from subgraphs.auth.models.base import Model
from subgraphs.auth.models.service_accounts import ServiceAccount

__all__ = ["Account", "ApiToken", "Model", "ServiceAccount", "SignInSession"]
