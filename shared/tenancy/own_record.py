"""What a tenant's own people change of its record: each change is one version more, and everybody is told of it."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, cast

import sqlalchemy as sa

from shared.caller import Caller
from shared.errors import TenantNotFound, VersionConflict
from shared.tenancy.notices import CHANGED_CHANNEL
from shared.tenancy.registry import Registry, TenantRecord, directory, record_of, tenants

Alter: TypeAlias = Callable[[TenantRecord], Mapping[str, Any]]
"""Makes the new values of columns of the record as it is; it may refuse, and may be asked again."""
_ATTEMPTS: Final = 5


async def change_own(
    registry: Registry, caller: Caller, alter: Alter, *, expected_version: int | None = None
) -> TenantRecord:
    """Change the record of the caller's tenant, in a transaction of its own; what others change meanwhile stays.

    Raises:
        VersionConflict: it is of another version than expected, or others change it again and again.
        TenantNotFound: there is none.
    """
    chosen = sa.select(directory).where(directory.c.id == caller.tenant_id)
    async with registry.acting_for(caller) as connection:
        for _ in range(_ATTEMPTS):
            row = (await connection.execute(chosen)).one_or_none()
            if row is None:
                raise TenantNotFound
            record = record_of(row)
            if expected_version is not None and record.version != expected_version:
                raise VersionConflict
            values = {**alter(record), "version": record.version + 1, "untold": True}
            this = sa.and_(tenants.c.id == record.id, tenants.c.version == record.version)
            changed = await connection.execute(sa.update(tenants).where(this).values(values))
            if cast("sa.CursorResult[Any]", changed).rowcount:
                await connection.execute(sa.select(sa.func.pg_notify(CHANGED_CHANNEL, str(record.id))))
                return record_of((await connection.execute(chosen)).one())
    raise VersionConflict
