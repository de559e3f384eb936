"""What the users subgraph refuses."""

from shared.errors import Refusal


class EmailTaken(Refusal):
    code = "EMAIL_TAKEN"
    default_message = "Somebody is already here with this e-mail address"


class InvitationInvalid(Refusal):
    """One answer for a code that is forged, used, expired or somebody else's."""

    code = "INVITATION_INVALID"
    default_message = "The invitation is not valid for this e-mail address"
