"""The values that people have in the tenant's own fields: encrypted by the tenant's key wherever they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.data_keys import KeyRing, Protected
from shared.data_keys.personal import opened_object, sealed_object
from subgraphs.users.models import User


@dataclass(frozen=True, slots=True)
class SealedFields:
    """Opens and seals the values of one tenant's people."""

    ring: KeyRing

    def of(self, user: User) -> dict[str, Any]:
        """Somebody's values, by the keys of their definitions.

        Raises:
            DataShredded: they were erased for good.
        """
        return opened_object(
            self.ring, User.sealed_custom_fields, user.id, user.sealed_custom_fields, user.custom_fields
        )

    def sealed(self, user_id: UUID, values: Mapping[str, Any]) -> Protected | None:
        """Values as the row of somebody keeps them."""
        return sealed_object(self.ring, User.sealed_custom_fields, user_id, values)

    def set(self, user: User, values: Mapping[str, Any]) -> None:
        """Give somebody other values.

        Who has some in the clear yet keeps all of them there until `studium data-keys finish` encrypts them: processes
        of before see nothing else, and run beside this one while it is updated.
        """
        if user.custom_fields:
            user.sealed_custom_fields, user.custom_fields = None, dict(values)
        else:
            user.sealed_custom_fields = self.sealed(user.id, values)


def has_some(user: User) -> bool:
    """Whether somebody has any value, as far as one sees without a key."""
    return bool(user.custom_fields) or user.sealed_custom_fields is not None
