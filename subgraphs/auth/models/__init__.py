"""The tables of the auth subgraph, in each tenant's schema.

All of them are known as soon as this is imported.
"""

from subgraphs.auth.models.accounts import Account, SignInSession
from subgraphs.auth.models.base import Model

__all__ = ["Account", "Model", "SignInSession"]
