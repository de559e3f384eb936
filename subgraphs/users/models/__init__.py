"""The tables of the users subgraph, in each tenant's schema.

All of them are known as soon as this is imported.
"""

from subgraphs.users.models.base import Model
from subgraphs.users.models.consents import Consent, ConsentDocument
from subgraphs.users.models.custom_fields import CustomFieldDefinition, CustomFieldKind
from subgraphs.users.models.data_requests import (
    DataRequest,
    DataRequestKind,
    DataRequestPart,
    DataRequestState,
    ExportedRow,
)
from subgraphs.users.models.deactivation import Deactivation
from subgraphs.users.models.groups import Group, GroupMember
from subgraphs.users.models.invitations import Invitation
from subgraphs.users.models.kept_addresses import KeptAddress
from subgraphs.users.models.org_units import OrgUnit, OrgUnitMember, OrgUnitPath
from subgraphs.users.models.people import ExternalId, User, UserStatus
from subgraphs.users.models.relationships import Relationship, RelationshipKind
from subgraphs.users.models.rosters import ImportJob, ImportProblem, ImportState
from subgraphs.users.models.scim import ProvisionedGroup, ProvisionedUser

__all__ = [
    "Consent",
    "ConsentDocument",
    "CustomFieldDefinition",
    "CustomFieldKind",
    "DataRequest",
    "DataRequestKind",
    "DataRequestPart",
    "DataRequestState",
    "Deactivation",
    "ExportedRow",
    "ExternalId",
    "Group",
    "GroupMember",
    "ImportJob",
    "ImportProblem",
    "ImportState",
    "Invitation",
    "KeptAddress",
    "Model",
    "OrgUnit",
    "OrgUnitMember",
    "OrgUnitPath",
    "ProvisionedGroup",
    "ProvisionedUser",
    "Relationship",
    "RelationshipKind",
    "User",
    "UserStatus",
]
