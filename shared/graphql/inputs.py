"""What every mutation input carries."""

from collections.abc import Collection

import msgspec
import strawberry

from shared.idempotency import Attempt


@strawberry.input
class MutationInput:
    """Base of every mutation's input."""

    idempotency_key: str | None = strawberry.field(
        default=None, description="Repeat a request with the same key and it is done once: the first answer is given."
    )

    def attempt(self, operation: str, *, without: Collection[str] = ()) -> Attempt:
        """Describe this sending of a mutation for `shared.idempotency.once`.

        Args:
            operation: the mutation's name.
            without: fields that must not be kept, not even hashed: passwords.
        """
        asked = {name: value for name, value in vars(self).items() if name not in {"idempotency_key", *without}}
        return Attempt(operation, key=self.idempotency_key, input=msgspec.to_builtins(asked))


@strawberry.input
class UpdateInput(MutationInput):
    """Base of the inputs that change something which has a version."""

    expected_version: int | None = strawberry.field(
        default=None, description="Refuse with VERSION_CONFLICT unless this is still the version."
    )
