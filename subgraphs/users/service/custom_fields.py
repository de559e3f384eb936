"""Fields that a tenant defines, and the values people have in them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias
from uuid import UUID

from shared import checks
from shared.database import TenantSession
from shared.errors import BadUserInput, NotFound
from shared.idempotency import Attempt, once
from subgraphs.users.errors import CustomFieldKindFixed, TooManyCustomFields
from subgraphs.users.models import CustomFieldDefinition, CustomFieldKind
from subgraphs.users.store.custom_fields import CustomFieldStore

MANAGER: Final = "users:manage"
MAX_DEFINITIONS: Final = 100
MAX_CHOICES: Final = 200
_LONGEST_TEXT: Final = 2000
_MOST_DIGITS: Final = 30

CustomValue: TypeAlias = str | bool
"""A value as it is kept. Numbers are kept as text: JSON would make binary fractions of them."""


async def define(
    session: TenantSession,
    attempt: Attempt,
    *,
    key: str,
    label: str,
    kind: CustomFieldKind,
    choices: Sequence[str],
    editable_by_self: bool,
) -> CustomFieldDefinition:
    """Define a field, or change what may change of one: everything but its kind.

    Raises:
        CustomFieldKindFixed: it is there, with another kind.
        TooManyCustomFields: the tenant has as many as it may have.
    """
    session.caller.require(MANAGER)
    _check_choices(kind, choices)

    async def perform() -> UUID:
        store = CustomFieldStore(session)
        found = await store.locked(key)
        if found is None and await store.count() >= MAX_DEFINITIONS:
            raise TooManyCustomFields
        definition = found or await store.add(key, label=label, kind=kind) or await store.locked(key)
        if definition is None or definition.kind != kind:
            raise CustomFieldKindFixed(path=("input", "kind"))
        definition.label, definition.editable_by_self = label, editable_by_self
        definition.choices = list(choices)
        definition.version += found is not None
        return definition.id

    definition_id = await once(session, attempt, perform)
    definition = await session.get(CustomFieldDefinition, definition_id)
    if definition is None:
        raise NotFound
    return definition


def _check_choices(kind: CustomFieldKind, choices: Sequence[str]) -> None:
    if (kind is CustomFieldKind.CHOICE) != bool(choices):
        raise BadUserInput("`choices` are for the kind CHOICE, which needs some", field="choices")
    if len(choices) > MAX_CHOICES or len(set(choices)) != len(choices):
        raise BadUserInput(f"`choices` must be at most {MAX_CHOICES} different texts", field="choices")


def merged(
    kept: Mapping[str, CustomValue],
    changes: Mapping[str, str | None],
    definitions: Mapping[str, CustomFieldDefinition],
    *,
    by_self: bool,
) -> dict[str, CustomValue]:
    """The values with the changes applied, a None of which takes the value away.

    Raises:
        BadUserInput: there is no such field, the value is not of its kind, or only managers may change it.
    """
    values = dict(kept)
    for key, text in changes.items():
        field = f"customFields.{key}"
        definition = definitions.get(key)
        if definition is None:
            raise BadUserInput(f"There is no field `{key}`", field=field)
        if by_self and not definition.editable_by_self:
            raise BadUserInput(f"`{key}` is not for oneself to change", field=field)
        if text is None:
            values.pop(key, None)
        else:
            values[key] = parsed(definition, text, field=field)
    return values


def parsed(definition: CustomFieldDefinition, text: str, *, field: str) -> CustomValue:
    """Read a value of a definition's kind, in the form it is kept.

    Raises:
        BadUserInput: it is not of that kind.
    """
    kind = CustomFieldKind(definition.kind)
    if kind is CustomFieldKind.CHOICE:
        if text not in definition.choices:
            raise BadUserInput(f"`{field}` must be one of the choices", field=field)
        return text
    try:
        return _READERS[kind](text, field)
    except ValueError:
        raise BadUserInput(f"`{field}` is not of the kind {kind}", field=field) from None


def shown(value: CustomValue) -> str:
    """A value as clients read it, which is also how they may send it."""
    return value if isinstance(value, str) else str(value).lower()


def _number(text: str, field: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(field) from None
    if not number.is_finite() or len(text) > _MOST_DIGITS or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError(field)
    return format(number, "f")


def _boolean(text: str, field: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(field)
    return text == "true"


_READERS: Final[Mapping[CustomFieldKind, Callable[[str, str], CustomValue]]] = {
    CustomFieldKind.TEXT: lambda text, field: checks.text(text, field=field, longest=_LONGEST_TEXT, lines=True),
    CustomFieldKind.NUMBER: _number,
    CustomFieldKind.BOOLEAN: _boolean,
    CustomFieldKind.DATE: lambda text, _: date.fromisoformat(text).isoformat(),
}
