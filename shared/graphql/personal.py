"""Personal fields: shown to the person they are about and to whoever may see others' data; null for everybody else.

An app that acts for the person is somebody else, unless they have granted it what the field is about.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import strawberry
from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension, SyncExtensionResolver

from shared.caller import Caller
from shared.graphql.context import BaseContext


class Personal(FieldExtension):
    """Answer a field with null for callers it is not for; then nothing is loaded for it.

    Args:
        permission: lets its holders see the field of everybody.
        person: the id of the person whom the field's object is about.
        scope: of OpenID Connect, that lets an app see the field of the person for whom it acts.
    """

    def __init__(self, permission: str, *, person: Callable[[Any], UUID], scope: str | None = None) -> None:
        self._permission = permission
        self._person = person
        self._scope = scope

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
        return caller is not None and (self._is_own(source, caller) or caller.may(self._permission))

    def _is_own(self, source: Any, caller: Caller) -> bool:
        person = self._person(source)
        return caller.is_themselves(person) or (caller.user_id == person and self._scope in caller.scopes)
