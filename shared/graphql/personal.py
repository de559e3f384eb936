"""Personal fields: shown to the person they are about and to whoever may see others' data; null for everybody else."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import strawberry
from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension, SyncExtensionResolver

from shared.graphql.context import BaseContext


class Personal(FieldExtension):
    """Answer a field with null for callers it is not for; then nothing is loaded for it.

    Args:
        permission: lets its holders see the field of everybody.
        person: the id of the person whom the field's object is about.
    """

    def __init__(self, permission: str, *, person: Callable[[Any], UUID]) -> None:
        self._permission = permission
        self._person = person

    def resolve(self, next_: SyncExtensionResolver, source: Any, info: strawberry.Info, **kwargs: Any) -> object:
        """Resolve a field that waits for nothing."""
        return next_(source, info, **kwargs) if self._is_for(source, info) else None

    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: Any, info: strawberry.Info, **kwargs: Any
    ) -> object:
        """The same for one that does."""
        return await next_(source, info, **kwargs) if self._is_for(source, info) else None

    def _is_for(self, source: Any, info: strawberry.Info) -> bool:
        context: BaseContext[Any] = info.context
        caller = context.identity
        return caller is not None and (caller.user_id == self._person(source) or caller.may(self._permission))
