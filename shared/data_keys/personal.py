"""What a tenant knows of people, as JSON objects that are encrypted whole; some rows may have theirs in the clear yet.

Who writes such a value encrypts it, unless the column of before has something: a process of an earlier version that
still runs knows that column alone, and may write to it. So what stands there is newer than what is encrypted, and goes
over it; a rotation, which nobody begins before such processes have ended, encrypts all of it.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from shared.data_keys.columns import Protected
from shared.data_keys.rings import ColumnOf, KeyRing


def opened_object(
    ring: KeyRing, column: ColumnOf, row: UUID | str, sealed: Protected | None, plain: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The object of a row, from both columns.

    Raises:
        DataShredded: its key was destroyed.
        SealBroken: it was changed, or belongs to another tenant, column or row.
    """
    kept: dict[str, Any] = {}
    if sealed is not None:
        kept = msgspec.json.decode(ring.open(column, row, sealed), type=dict[str, Any])
    return {**kept, **(plain or {})}


def sealed_object(ring: KeyRing, column: ColumnOf, row: UUID | str, values: Mapping[str, Any]) -> Protected | None:
    """The object as it is kept; None if it is empty, which says nothing of anybody.

    Raises:
        DataShredded: the tenant has no keys any more.
    """
    return ring.seal(column, row, msgspec.json.encode(values).decode()) if values else None
