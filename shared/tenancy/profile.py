"""What a tenant's record says beside its name: how it looks, and how much it may use. Plain values, kept as JSON."""

from enum import StrEnum
from typing import Final

import msgspec

from shared.errors import Refusal


class QuotaExceeded(Refusal):
    code = "QUOTA_EXCEEDED"
    default_message = "The tenant has used up what it may have of this"


class Plan(StrEnum):
    FREE = "free"


class Branding(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a tenant shows itself. What it has not settled is None, and then looks like the platform."""

    logo_url: str | None = None
    primary_color: str | None = None
    on_primary_color: str | None = None
    """Of text upon the primary colour."""
    background_color: str | None = None
    text_color: str | None = None
    sender_name: str | None = None
    """Whom the tenant's mail is from."""
    sender_address: str | None = None
    """Of a domain the tenant has verified."""


class Measure(StrEnum):
    """What is counted of a tenant."""

    USERS = "users"
    STORAGE_BYTES = "storage_bytes"
    COST_PER_MINUTE = "cost_per_minute"
    STREAMS = "streams"


class Quotas(msgspec.Struct, frozen=True, omit_defaults=True):
    """The most a tenant may have of each measure; None is as much as the platform gives everybody."""

    users: int | None = None
    """People with an account or an open invitation."""
    storage_bytes: int | None = None
    cost_per_minute: int | None = None
    """Of all its operations, as the router counts."""
    streams: int | None = None
    """Subscriptions open at the same time at one router."""

    def of(self, measure: Measure) -> int | None:
        limit: int | None = getattr(self, measure.value)
        return limit

    def under(self, ceiling: "Quotas") -> "Quotas":
        """The lower one of each."""
        return Quotas(**{each.value: _lower(self.of(each), ceiling.of(each)) for each in Measure})

    def over(self, otherwise: "Quotas") -> "Quotas":
        """These, and those for what is not said here."""
        said = {each.value: self.of(each) for each in Measure}
        return Quotas(**{name: otherwise.of(Measure(name)) if own is None else own for name, own in said.items()})

    def check(self, measure: Measure, wanted: int) -> None:
        """Raise `QuotaExceeded` if `wanted`, with what there is already, is more than may be."""
        limit = self.of(measure)
        if limit is not None and wanted > limit:
            raise QuotaExceeded(f"The tenant may have {limit} of `{measure.value}`", measure=measure.value, limit=limit)


PLAN_QUOTAS: Final = {Plan.FREE: Quotas(users=10_000, storage_bytes=10 * 1024**3)}
"""What each plan has, unless the platform's operator has said otherwise for a tenant."""


def _lower(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)
