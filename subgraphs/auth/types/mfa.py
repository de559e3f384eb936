"""The GraphQL types of second factors."""

from datetime import datetime

import strawberry

from subgraphs.auth.service.mfa import MfaRequired
from subgraphs.auth.service.mfa_factors import MfaMethod

strawberry.enum(MfaMethod, description="What a second factor can be.")


@strawberry.type(description="A sign-in whose first factor was right, and whose second is awaited.")
class MfaChallenge:
    code: str = strawberry.field(description="Give it to `completeMfa`, once.")
    methods: list[MfaMethod] = strawberry.field(description="By which the person can go on.")
    expires_at: datetime = strawberry.field(description="Sign in again after that.")

    @classmethod
    def of(cls, required: MfaRequired) -> "MfaChallenge":
        return cls(code=required.code, methods=required.methods, expires_at=required.expires_at)
