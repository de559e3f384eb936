"""The tables of the users subgraph, in each tenant's schema.

All of them are known as soon as this is imported.
"""

from subgraphs.users.models.base import Model
from subgraphs.users.models.custom_fields import CustomFieldDefinition, CustomFieldKind
from subgraphs.users.models.invitations import Invitation
from subgraphs.users.models.people import ExternalId, User, UserStatus

__all__ = [
    "CustomFieldDefinition",
    "CustomFieldKind",
    "ExternalId",
    "Invitation",
    "Model",
    "User",
    "UserStatus",
]
