"""The GraphQL types of second factors."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

import strawberry
from strawberry.scalars import JSON

from shared.errors import parse_id
from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from subgraphs.auth.models import TotpFactor
from subgraphs.auth.service.mfa import MfaRequired
from subgraphs.auth.service.mfa_factors import STEP_SECONDS, Enrolment, MfaMethod
from subgraphs.auth.service.webauthn_factor import PasskeyAnswer
from subgraphs.auth.types.webauthn import credential_of

strawberry.enum(MfaMethod, description="What a second factor can be.")


@strawberry.type(description="A sign-in whose first factor was right, and whose second is awaited.")
class MfaChallenge:
    code: str = strawberry.field(
        description="Give it to `completeMfa`, once; to `startPasskeySecondFactor` before, for a passkey."
    )
    methods: list[MfaMethod] = strawberry.field(description="By which the person can go on; none if they `mustEnroll`.")
    must_enroll: bool = strawberry.field(
        description="The tenant asks for a second factor and the person has none: go on with `enrollRequiredMfa`."
    )
    expires_at: datetime = strawberry.field(description="Sign in again after that.")

    @classmethod
    def of(cls, required: MfaRequired) -> "MfaChallenge":
        return cls(
            code=required.code,
            methods=required.methods,
            must_enroll=not required.methods,
            expires_at=required.expires_at,
        )


@strawberry.type(description="An authenticator app of the viewer's.")
class MfaFactor:
    id: strawberry.ID = strawberry.field(description="It never changes.")
    name: str | None = strawberry.field(description="What the viewer calls it.")
    confirmed_at: datetime | None = strawberry.field(description="Since when it counts.")

    @classmethod
    def of(cls, factor: TotpFactor) -> "MfaFactor":
        return cls(id=strawberry.ID(str(factor.id)), name=factor.name, confirmed_at=factor.confirmed_at)


@strawberry.type(description="The viewer's second factors beside their passkeys.")
class Mfa:
    factors: list[MfaFactor] = strawberry.field(description="Those that count, the oldest first: five at most.")
    recovery_codes_left: int = strawberry.field(description="How many recovery codes have not been used.")

    @classmethod
    def of(cls, factors: Sequence[TotpFactor], left: int) -> "Mfa":
        return cls(factors=[MfaFactor.of(factor) for factor in factors], recovery_codes_left=left)


@strawberry.input(description="An authenticator app to add.")
class EnrollMfaInput(MutationInput):
    name: str | None = strawberry.field(
        default=None, description="What the viewer calls it: 1 to 100 characters; null for nothing."
    )


@strawberry.type(description="What came of `enrollMfa`: what the app has to be told.")
class EnrollMfaPayload(Payload):
    factor_id: strawberry.ID | None = strawberry.field(default=None, description="For `confirmMfa`.")
    secret: str | None = strawberry.field(default=None, description="For an app that takes no image, in base 32.")
    uri: str | None = strawberry.field(default=None, description="For a QR code: `otpauth://totp/…`.")

    @classmethod
    def of(cls, enrolment: Enrolment, tenant: str, account: str) -> "EnrollMfaPayload":
        """Source of the form: the Key URI format of Google Authenticator."""
        issuer = f"Studium ({tenant})"
        label = quote(f"{issuer}:{account}")
        asked = urlencode({"secret": enrolment.secret, "issuer": issuer, "period": STEP_SECONDS}, quote_via=quote)
        return cls(
            factor_id=strawberry.ID(str(enrolment.factor_id)),
            secret=enrolment.secret,
            uri=f"otpauth://totp/{label}?{asked}",
        )


@strawberry.input(description="A code of an authenticator app that is being added.")
class ConfirmMfaInput(MutationInput):
    factor_id: strawberry.ID = strawberry.field(description="The app's.")
    code: str = strawberry.field(description="Six digits, as the app shows them now.")


@strawberry.input(description="What one of a person's passkeys has answered.")
class PasskeyAnswerInput:
    challenge_id: strawberry.ID = strawberry.field(
        description="As `startPasskeySecondFactor` or `startPasskeyStepUp` gave it."
    )
    credential: JSON = strawberry.field(description="What the credential's `toJSON()` gives.")

    def answer(self) -> PasskeyAnswer:
        return PasskeyAnswer(parse_id(self.challenge_id, field="challengeId"), credential_of(self.credential))


@strawberry.input(description="A second factor, for a sign-in that waits for one: a code or a passkey.")
class CompleteMfaInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    challenge: str = strawberry.field(description="The `code` of the challenge.")
    code: str | None = strawberry.field(
        default=None, description="As an authenticator app shows it now, or a recovery code."
    )
    passkey: PasskeyAnswerInput | None = strawberry.field(
        default=None, description="For `WEBAUTHN`: what came of `startPasskeySecondFactor`."
    )
    device_name: str | None = strawberry.field(
        default=None, description="What the person calls this client, if it is a new one: 1 to 100 characters."
    )


@strawberry.input(description="A proof of who the viewer is.")
class StepUpInput(MutationInput):
    code: str | None = strawberry.field(
        default=None, description="Of an authenticator app, or a recovery code: for those who have a second factor."
    )
    passkey: PasskeyAnswerInput | None = strawberry.field(
        default=None, description="For those who have a passkey: what came of `startPasskeyStepUp`."
    )
    password: str | None = strawberry.field(default=None, description="For those who have no second factor.")


@strawberry.input(description="An authenticator app to take away.")
class RemoveMfaInput(MutationInput):
    factor_id: strawberry.ID = strawberry.field(description="The app's.")


@strawberry.type(description="What came of `removeMfa`.")
class RemoveMfaPayload(Payload):
    factor_id: strawberry.ID | None = strawberry.field(default=None, description="The app that is gone.")


@strawberry.input(description="Other recovery codes in place of those there are.")
class RenewRecoveryCodesInput(MutationInput):
    pass


@strawberry.type(description="What came of `renewRecoveryCodes`.")
class RenewRecoveryCodesPayload(Payload):
    recovery_codes: list[str] = strawberry.field(
        default_factory=list, description="Each works once, in place of a second factor. Those before work no more."
    )
