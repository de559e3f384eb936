"""Personal fields: shown to the person they are about and to whoever may see others' data; null for everybody else.

An app that acts for the person is somebody else, unless they have granted it what the field is about. A field may be
shown in part to those who have to tell people apart, and need not know more of them.
"""

from collections.abc import Callable, Sequence
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
        partly: what of the field those see who hold one of `partly_to`, and are no app.
        partly_to: permissions.
    """

    def __init__(
        self,
        permission: str,
        *,
        person: Callable[[Any], UUID],
        scope: str | None = None,
        partly: Callable[[Any], object] | None = None,
        partly_to: Sequence[str] = (),
    ) -> None:
        self._permission = permission
        self._person = person
        self._scope = scope
        self._partly = partly
        self._partly_to = tuple(partly_to)

    def resolve(self, next_: SyncExtensionResolver, source: Any, info: strawberry.Info, **kwargs: Any) -> object:
        """Resolve a field that waits for nothing."""
        shows = self._shows(source, info)
        return None if shows is None else shows(next_(source, info, **kwargs))

    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: Any, info: strawberry.Info, **kwargs: Any
    ) -> object:
        """The same for one that does."""
        shows = self._shows(source, info)
        return None if shows is None else shows(await next_(source, info, **kwargs))

    def _shows(self, source: Any, info: strawberry.Info) -> Callable[[Any], object] | None:
        """What the caller is shown of the field's value; None: nothing."""
        context: BaseContext[Any] = info.context
        caller = context.identity
        if caller is None:
            return None
        if self._is_own(source, caller) or caller.may(self._permission):
            return _whole
        return self._partly if caller.client_id is None and any(map(caller.may, self._partly_to)) else None

    def _is_own(self, source: Any, caller: Caller) -> bool:
        person = self._person(source)
        return caller.is_themselves(person) or (caller.user_id == person and self._scope in caller.scopes)


def _whole(value: object) -> object:
    return value
