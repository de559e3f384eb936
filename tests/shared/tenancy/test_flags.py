"""Flags decide alike each time, for whom their rules say, and OpenFeature's client gets what they decide."""

from collections.abc import Generator

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

from shared.caller import TenantId
from shared.ids import uuid7
from shared.tenancy.flags import Flag, Flags, Rule, Subject, decide, values_for
from shared.tenancy.provider import TenantFlags, context_of
from tests.tenants import Tenant

SWITCH = Flag(variants={"on": True, "off": False}, default="off", rules=(Rule("on", roles=("OWNER",)),))
HALF = Flag(variants={"new": "b", "old": "a"}, default="old", rules=(Rule("new", percentage=50),))
FLAGS = Flags({"switch": SWITCH, "half": HALF, "asleep": Flag({"on": True}, "on", enabled=False)})


@pytest.fixture
def client() -> Generator[OpenFeatureClient]:
    """OpenFeature's own client over the provider."""
    api.set_provider(TenantFlags(), "tenancy-tests")
    yield api.get_client("tenancy-tests")
    api.clear_providers()


class TestDecide:
    def test_the_first_rule_that_is_met_decides(self) -> None:
        flag = Flag(
            variants={"a": 1, "b": 2, "c": 3},
            default="a",
            rules=(Rule("b", users=("ann",)), Rule("c", roles=("OWNER",))),
        )
        values = [decide("f", flag, Subject(key, "OWNER")).value for key in ("ann", "ben")]
        assert values == [2, 3]
        assert decide("f", flag, Subject("ben", "LEARNER")).value == 1

    def test_a_percentage_is_about_so_many_people_and_always_the_same(self) -> None:
        people = [Subject(str(uuid7())) for _ in range(2_000)]
        chosen = [decide("half", HALF, one).by_rule for one in people]
        assert 850 < sum(chosen) < 1_150
        assert chosen == [decide("half", HALF, one).by_rule for one in people]
        assert chosen != [decide("other", HALF, one).by_rule for one in people]

    def test_nobody_in_particular_falls_under_no_percentage(self) -> None:
        whole = Flag({"on": True, "off": False}, "off", rules=(Rule("on", percentage=100),))
        assert not decide("f", whole, Subject("")).value

    def test_flags_that_are_off_have_no_value(self) -> None:
        assert values_for(FLAGS, Subject("", "OWNER")) == {"switch": True, "half": "a"}


class TestProvider:
    def test_people_get_what_the_rules_say(self, client: OpenFeatureClient) -> None:
        tenant = Tenant(TenantId(uuid7()), slug="t")
        owner, learner = tenant.caller(role="OWNER"), tenant.caller()
        details = client.get_boolean_details("switch", False, context_of(owner, FLAGS))  # noqa: FBT003 - OpenFeature's
        assert (details.value, details.variant, details.reason) == (True, "on", Reason.TARGETING_MATCH)
        assert client.get_boolean_value("switch", True, context_of(learner, FLAGS)) is False  # noqa: FBT003
        assert client.get_string_value("half", "?", context_of(learner, FLAGS)) in {"a", "b"}

    @pytest.mark.parametrize(
        ("key", "code"), [("nothing", ErrorCode.FLAG_NOT_FOUND), ("half", ErrorCode.TYPE_MISMATCH)]
    )
    def test_what_cannot_be_told_is_the_default(self, client: OpenFeatureClient, key: str, code: ErrorCode) -> None:
        tenant = Tenant(TenantId(uuid7()), slug="t")
        details = client.get_boolean_details(key, True, context_of(tenant.caller(), FLAGS))  # noqa: FBT003
        assert (details.value, details.error_code) == (True, code)

    def test_a_flag_that_is_off_is_the_default(self, client: OpenFeatureClient) -> None:
        tenant = Tenant(TenantId(uuid7()), slug="t")
        details = client.get_boolean_details("asleep", False, context_of(tenant.caller(), FLAGS))  # noqa: FBT003
        assert (details.value, details.reason) == (False, Reason.DISABLED)

    def test_without_a_tenant_nothing_is_evaluated(self, client: OpenFeatureClient) -> None:
        details = client.get_boolean_details("switch", False)  # noqa: FBT003
        assert (details.value, details.error_code) == (False, ErrorCode.INVALID_CONTEXT)
