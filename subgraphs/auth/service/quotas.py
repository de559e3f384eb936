"""How much a tenant allows itself, which is never more than it was given."""

from typing import Final

import msgspec

from shared.caller import Caller
from shared.errors import BadUserInput, Refusal
from shared.tenancy.own_record import Alter
from shared.tenancy.profile import Measure, Quotas
from shared.tenancy.registry import TenantRecord
from subgraphs.auth.service.tenants import Settling, TenantDesk, settle

_MOST: Final = {Measure.STORAGE_BYTES: 2**53 - 1}
_MOST_COUNTED: Final = 2**31 - 1
"""Whole numbers of the graph have 32 bits."""


class QuotaAbovePlan(Refusal):
    code = "QUOTA_ABOVE_PLAN"
    default_message = "The plan does not give that much"


async def set_quota(
    desk: TenantDesk, caller: Caller, settling: Settling, measure: Measure, limit: float | None
) -> TenantRecord:
    """Settle the most of one measure; None is as much as the plan gives.

    Raises:
        QuotaAbovePlan: that is more than the plan, or the platform's operator, gives.
        BadUserInput: it is no whole number from 0 on.
        Forbidden, VersionConflict: see `settle`.
    """
    return await settle(desk, caller, settling, _limited(measure, _whole(measure, limit)))


def _limited(measure: Measure, limit: int | None) -> Alter:
    def alter(found: TenantRecord) -> dict[str, object]:
        ceiling = found.ceiling.of(measure)
        if limit is not None and ceiling is not None and limit > ceiling:
            raise QuotaAbovePlan(f"The plan gives {ceiling} at most", path=("input", "limit"), limit=ceiling)
        settled = {each.value: found.own_quotas.of(each) for each in Measure} | {measure.value: limit}
        return {"quotas": msgspec.to_builtins(Quotas(**settled))}

    return alter


def _whole(measure: Measure, limit: float | None) -> int | None:
    if limit is None:
        return None
    if not 0 <= limit <= _MOST.get(measure, _MOST_COUNTED) or limit != int(limit):
        raise BadUserInput("`limit` is not a whole number from 0 on, or too large", field="limit")
    return int(limit)
