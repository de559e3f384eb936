"""The tables of the users subgraph, in each tenant's schema.

All of them are known as soon as this is imported.
"""

from subgraphs.users.models.base import Model
from subgraphs.users.models.invitations import Invitation
from subgraphs.users.models.people import User, UserStatus

__all__ = ["Invitation", "Model", "User", "UserStatus"]
