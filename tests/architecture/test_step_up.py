"""Which mutations of the auth subgraph ask for a fresh proof of who somebody is, and which do not, and why not."""

from collections.abc import Mapping
from typing import Any, Final

from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from shared.graphql.step_up import StepUp
from subgraphs.auth.resolvers import Mutation

PROVED: Final = frozenset(
    {
        "assignRole",
        "changeEmail",
        "changePassword",
        "configureIdentityProvider",
        "changeSamlKey",
        "configureSamlProvider",
        "confirmMfa",
        "createApiToken",
        "createAppRegistrationToken",
        "createRole",
        "deleteTenant",
        "enrollMfa",
        "exportTenant",
        "registerOAuthApp",
        "removeIdentityProvider",
        "removeMfa",
        "removePasskey",
        "renewRecoveryCodes",
        "resetSecondFactors",
        "rotateOAuthAppSecret",
        "setSignInPolicy",
        "startImpersonation",
        "startPasskeyRegistration",
        "suspendTenant",
        "unlinkIdentity",
        "updateOAuthApp",
        "updateRole",
    }
)
"""What lets somebody in, gives rights or secrets away, or ends the tenant."""
NOT_PROVED: Final[Mapping[str, frozenset[str]]] = {
    "nobody has proved anything yet, or this is how they do": frozenset(
        {
            "completeFederatedSignIn",
            "completeMfa",
            "confirmEmail",
            "confirmRequiredMfa",
            "enrollRequiredMfa",
            "finishPasskeySignIn",
            "refreshSession",
            "requestEmailConfirmation",
            "requestPasswordReset",
            "requestSignInLink",
            "resetPassword",
            "resumeTenant",
            "signIn",
            "signInByLink",
            "signUpTenant",
            "startPasskeySecondFactor",
            "startPasskeySignIn",
            "startPasskeyStepUp",
            "stepUp",
            "undoEmailChange",
        }
    ),
    "it answers a challenge that was given for a proof": frozenset({"confirmEmailChange", "finishPasskeyRegistration"}),
    "it takes away, and whoever wants that must not be kept waiting": frozenset(
        {
            "revokeAppRegistrationToken",
            "deleteRole",
            "disableServiceAccount",
            "removeDomain",
            "removeFeatureFlag",
            "removeOAuthApp",
            "revokeApiToken",
            "revokeOtherSessions",
            "revokeRole",
            "revokeSession",
            "signOut",
            "stopImpersonation",
            "withdrawAppConsent",
        }
    ),
    "it lets nobody in and can be changed back": frozenset(
        {
            "createServiceAccount",
            "renamePasskey",
            "setBranding",
            "setFeatureFlag",
            "setQuota",
            "updateTenant",
            "verifyDomain",
        }
    ),
}


def mutations() -> dict[str, Any]:
    """The fields of the mutation root, by their names in the graph."""
    fields = get_object_definition(Mutation, strict=True).fields
    return {field.graphql_name or to_camel_case(field.python_name): field for field in fields}


def test_every_mutation_is_said_to_ask_for_a_proof_or_not_to() -> None:
    said = PROVED.union(*NOT_PROVED.values())
    assert mutations().keys() == said, "say in this module which they are"
    assert len(said) == len(PROVED) + sum(map(len, NOT_PROVED.values()))


def test_what_is_said_to_ask_for_a_proof_does_and_nothing_else() -> None:
    asking = {name for name, field in mutations().items() if any(isinstance(each, StepUp) for each in field.extensions)}
    assert asking == PROVED
