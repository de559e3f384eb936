"""What the users subgraph refuses."""

from shared.errors import Refusal


class EmailTaken(Refusal):
    code = "EMAIL_TAKEN"
    default_message = "Somebody is already here with this e-mail address"


class InvitationInvalid(Refusal):
    """One answer for a code that is forged, used, expired or somebody else's."""

    code = "INVITATION_INVALID"
    default_message = "The invitation is not valid for this e-mail address"


class HandleTaken(Refusal):
    code = "HANDLE_TAKEN"
    default_message = "Somebody else has this handle"


class ExternalIdTaken(Refusal):
    code = "EXTERNAL_ID_TAKEN"
    default_message = "That system calls somebody else so"


class CustomFieldKindFixed(Refusal):
    code = "CUSTOM_FIELD_KIND_FIXED"
    default_message = "The field is there, and its kind does not change; define another one"


class TooManyCustomFields(Refusal):
    code = "TOO_MANY_CUSTOM_FIELDS"
    default_message = "The tenant has as many fields as it may have"


class NameTaken(Refusal):
    code = "NAME_TAKEN"
    default_message = "Another one has this name"


class CodeTaken(Refusal):
    code = "CODE_TAKEN"
    default_message = "Another org unit has this code"


class OrgUnitIsBelow(Refusal):
    code = "ORG_UNIT_IS_BELOW"
    default_message = "An org unit cannot be below itself"


class OrgUnitInUse(Refusal):
    code = "ORG_UNIT_IN_USE"
    default_message = "There are org units below it"


class TreeTooLarge(Refusal):
    code = "TREE_TOO_LARGE"
    default_message = "There are too many org units at that place, or it is too deep"


class RelationshipCircular(Refusal):
    code = "RELATIONSHIP_CIRCULAR"
    default_message = "Nobody is that to themselves, directly or through others"


class DataRequestPending(Refusal):
    code = "DATA_REQUEST_PENDING"
    default_message = "Such a request about this person is not complete yet"


class LastOwner(Refusal):
    code = "LAST_OWNER"
    default_message = "Nobody else could look after the tenant"


class PermissionNotHeld(Refusal):
    code = "PERMISSION_NOT_HELD"
    default_message = "The person may do more than you"


class InvitationRevoked(Refusal):
    code = "INVITATION_REVOKED"
    default_message = "The invitation was taken back; invite the person anew"


class InvitationSentEnough(Refusal):
    code = "INVITATION_SENT_ENOUGH"
    default_message = "The invitation was sent a moment ago, or as often as it may be"


class RosterInvalid(Refusal):
    code = "ROSTER_INVALID"
    default_message = "The roster cannot be read"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, path=("input", "csv"))


class TooManyImports(Refusal):
    code = "TOO_MANY_IMPORTS"
    default_message = "Other rosters are being imported; wait until they are"


class ImportDone(Refusal):
    code = "IMPORT_DONE"
    default_message = "Every row of the roster is behind it already"


class PersonNotActive(Refusal):
    code = "PERSON_NOT_ACTIVE"
    default_message = "The person has not signed up, or is deactivated"


class ConsentOutdated(Refusal):
    code = "CONSENT_OUTDATED"
    default_message = "There is a later version, or nobody is asked any more; read the documents again"


class TooManyDocuments(Refusal):
    code = "TOO_MANY_DOCUMENTS"
    default_message = "The tenant has as many documents as it may have"


class InvitationClaimed(Refusal):
    code = "INVITATION_CLAIMED"
    default_message = "The person has signed up with it"
