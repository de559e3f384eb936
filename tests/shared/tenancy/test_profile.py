"""Quotas: the plan's, the operator's instead, and never more than those by a tenant's own choice."""

import pytest

from shared.tenancy.profile import Measure, QuotaExceeded, Quotas


class TestQuotas:
    def test_the_lower_one_counts(self) -> None:
        assert Quotas(users=5, streams=9).under(Quotas(users=3, storage_bytes=1)) == Quotas(
            users=3, streams=9, storage_bytes=1
        )

    def test_what_is_said_counts_instead_of_the_plan(self) -> None:
        assert Quotas(users=50).over(Quotas(users=10, streams=2)) == Quotas(users=50, streams=2)

    def test_a_limit_may_be_reached_and_not_passed(self) -> None:
        Quotas(users=2).check(Measure.USERS, 2)
        with pytest.raises(QuotaExceeded) as refused:
            Quotas(users=2).check(Measure.USERS, 3)
        assert refused.value.extensions == {"measure": "users", "limit": 2}

    def test_nothing_is_refused_without_a_limit(self) -> None:
        Quotas().check(Measure.STORAGE_BYTES, 10**18)
