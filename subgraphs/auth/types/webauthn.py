"""The GraphQL types of passkeys."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from shared import checks
from shared.errors import BadUserInput
from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from subgraphs.auth.models import Passkey as PasskeyRow
from subgraphs.auth.service.webauthn_challenges import Ceremony
from subgraphs.auth.service.webauthn_responses import Credential


@strawberry.type(description="A key on a person's device or in their password manager, which proves who they are.")
class Passkey:
    id: strawberry.ID = strawberry.field(description="It never changes.")
    name: str = strawberry.field(description="What its owner calls it.")
    created_at: datetime = strawberry.field(description="When it was added.")
    last_used_at: datetime | None = strawberry.field(description="When its owner last used it; null if never.")
    signs_in_alone: bool = strawberry.field(
        description="Its device asked for a PIN, a finger or a face when it was made, so that no password is needed."
    )
    synced: bool = strawberry.field(description="It is kept in more than one place, as password managers do.")
    suspected_at: datetime | None = strawberry.field(
        description="Since when it is refused because there may be a copy of it; null if it is not. Remove it."
    )

    @classmethod
    def of(cls, row: PasskeyRow) -> "Passkey":
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            signs_in_alone=row.verifies_user,
            synced=row.backed_up,
            suspected_at=row.suspected_at,
        )


@strawberry.type(description="Something to be done with a passkey in the browser, within five minutes.")
class PasskeyCeremony:
    challenge_id: strawberry.ID = strawberry.field(description="To be sent along with the answer.")
    options: JSON = strawberry.field(
        description="For `PublicKeyCredential.parseCreationOptionsFromJSON`, or `parseRequestOptionsFromJSON` where a "
        "passkey is used."
    )

    @classmethod
    def of(cls, ceremony: Ceremony) -> "PasskeyCeremony":
        return cls(challenge_id=strawberry.ID(str(ceremony.challenge_id)), options=JSON(ceremony.options))


def credential_of(given: object) -> Credential:
    """A credential as a client says it.

    Raises:
        BadUserInput: it is no JSON object.
    """
    if not isinstance(given, dict):
        raise BadUserInput("`credential` must be a JSON object", field="credential")
    return given  # pyright: ignore[reportUnknownVariableType]  # keys of JSON objects are strings


@strawberry.input(description="A passkey is to be added for the viewer.")
class StartPasskeyRegistrationInput(MutationInput):
    pass


@strawberry.type(description="What came of `startPasskeyRegistration`.")
class StartPasskeyRegistrationPayload(Payload):
    ceremony: PasskeyCeremony | None = strawberry.field(
        default=None, description="For `navigator.credentials.create()`; null if it was refused."
    )


@strawberry.input(description="A passkey that the browser has made.")
class FinishPasskeyRegistrationInput(MutationInput):
    challenge_id: strawberry.ID = strawberry.field(description="As `startPasskeyRegistration` gave it.")
    credential: JSON = strawberry.field(description="The new credential: what its `toJSON()` gives.")
    name: str = strawberry.field(default="Passkey", description="What to call it: 1 to 200 characters.")

    def checked_name(self) -> str:
        return checks.text(self.name, field="name")


@strawberry.type(description="What came of `finishPasskeyRegistration`.")
class FinishPasskeyRegistrationPayload(Payload):
    passkey: Passkey | None = strawberry.field(default=None, description="The passkey; null if it was refused.")
    recovery_codes: list[str] = strawberry.field(
        default_factory=list,
        description="With the first second factor: each works once in its place. Keep them where the passkey is not.",
    )


@strawberry.input(description="What to call a passkey.")
class RenamePasskeyInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The passkey's id.")
    name: str = strawberry.field(description="1 to 200 characters.")


@strawberry.type(description="What came of `renamePasskey`.")
class RenamePasskeyPayload(Payload):
    passkey: Passkey | None = strawberry.field(default=None, description="The passkey.")


@strawberry.input(description="Which passkey is to be accepted no more.")
class RemovePasskeyInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The passkey's id.")


@strawberry.type(description="What came of `removePasskey`.")
class RemovePasskeyPayload(Payload):
    passkey_id: strawberry.ID | None = strawberry.field(default=None, description="The passkey that is gone.")


@strawberry.input(description="Where somebody wants to come in with a passkey.")
class StartPasskeySignInInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")


@strawberry.type(description="What came of `startPasskeySignIn`.")
class StartPasskeySignInPayload(Payload):
    ceremony: PasskeyCeremony | None = strawberry.field(
        default=None, description="For `navigator.credentials.get()`: the person chooses a passkey, and unlocks it."
    )


@strawberry.input(description="A passkey that somebody has unlocked.")
class FinishPasskeySignInInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    challenge_id: strawberry.ID = strawberry.field(description="As `startPasskeySignIn` gave it.")
    credential: JSON = strawberry.field(description="What the credential's `toJSON()` gives.")
    device_token: str | None = strawberry.field(
        default=None, description="That an earlier sign-in of the person gave this client."
    )
    device_name: str | None = strawberry.field(
        default=None,
        description="What the person calls this client in the list of their sessions: 1 to 100 characters.",
    )


@strawberry.input(description="Whose second factor is awaited.")
class StartPasskeySecondFactorInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    challenge: str = strawberry.field(description="The `code` of the challenge that the sign-in gave.")


@strawberry.type(description="What came of `startPasskeySecondFactor`.")
class StartPasskeySecondFactorPayload(Payload):
    ceremony: PasskeyCeremony | None = strawberry.field(
        default=None, description="For `navigator.credentials.get()`; the answer is for `completeMfa`."
    )


@strawberry.input(description="The viewer wants to prove again who they are.")
class StartPasskeyStepUpInput(MutationInput):
    pass


@strawberry.type(description="What came of `startPasskeyStepUp`.")
class StartPasskeyStepUpPayload(Payload):
    ceremony: PasskeyCeremony | None = strawberry.field(
        default=None, description="For `navigator.credentials.get()`; the answer is for `stepUp`."
    )
