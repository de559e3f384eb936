"""What every mutation input carries."""

from hashlib import sha256

import msgspec
import strawberry


@strawberry.input
class MutationInput:
    """Base of every mutation's input."""

    idempotency_key: str | None = strawberry.field(
        default=None, description="Repeat a request with the same key and it is done once: the first answer is given."
    )


@strawberry.input
class UpdateInput(MutationInput):
    """Base of the inputs that change something which has a version."""

    expected_version: int | None = strawberry.field(
        default=None, description="Refuse with VERSION_CONFLICT unless this is still the version."
    )


def fingerprint(input: MutationInput) -> bytes:
    """Hash what an input asks for, its key aside: a key that comes back with another hash was reused by mistake."""
    asked = {name: value for name, value in vars(input).items() if name != "idempotency_key"}
    return sha256(msgspec.json.encode([type(input).__name__, asked], order="deterministic")).digest()
