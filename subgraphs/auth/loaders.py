"""Batched reads of one request."""

from dataclasses import dataclass

from aiodataloader import DataLoader

from shared.caller import Caller, TenantId
from shared.tenancy.registry import Registry, TenantRecord


@dataclass(frozen=True, slots=True)
class Loaders:
    tenant_by_id: DataLoader[TenantId, TenantRecord | None]
    """The caller's own tenant; any other does not exist."""

    @classmethod
    def create(cls, tenants: Registry, caller: Caller) -> "Loaders":
        async def own(ids: list[TenantId]) -> list[TenantRecord | None]:
            record = await tenants.by_id(caller.tenant_id)
            return [record if id_ == caller.tenant_id else None for id_ in ids]

        return cls(tenant_by_id=DataLoader(own))
