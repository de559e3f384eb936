"""Header rules say what subgraphs get to see of a client's headers, and what else."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.serve.traffic.rules import (
    HeaderRule,
    HeaderRules,
    Insert,
    InvalidRule,
    Propagate,
    Remove,
    Rename,
    propagating,
)

CLIENT = {"authorization": "Bearer x", "x-a": "1", "x-b": "2", "cookie": "c"}


def sent(*rules: HeaderRule, given: Mapping[str, str] = CLIENT) -> Mapping[str, str]:
    return HeaderRules(rules).apply(given)


class TestRules:
    def test_without_any_everything_is_sent(self) -> None:
        assert sent() == CLIENT

    def test_with_a_header_that_is_propagated_nothing_else_is_sent(self) -> None:
        assert sent(Propagate("X-A")) == {"x-a": "1"}

    def test_headers_are_propagated_by_an_expression_for_whole_names(self) -> None:
        assert sent(Propagate(matching="X-[ab]")) == {"x-a": "1", "x-b": "2"}
        assert sent(Propagate(matching="x-")) == {}

    def test_a_header_may_have_another_name_there(self) -> None:
        assert sent(Propagate("x-a", rename="X-Tenant")) == {"x-tenant": "1"}

    def test_what_the_client_did_not_send_may_have_a_default(self) -> None:
        assert sent(Propagate("x-c", default="3"), Propagate("x-a", default="4")) == {"x-c": "3", "x-a": "1"}
        assert sent(Propagate("x-c")) == {}

    def test_what_is_inserted_wins_over_the_client(self) -> None:
        assert sent(Insert("X-A", "ours")) == {**CLIENT, "x-a": "ours"}

    def test_headers_are_removed_by_name_or_expression(self) -> None:
        assert sent(Remove("Cookie"), Remove(matching="x-.*")) == {"authorization": "Bearer x"}

    def test_headers_are_renamed_if_they_are_there(self) -> None:
        assert sent(Rename("x-a", "X-Z"), Rename("x-c", "x-y"), Propagate("x-a")) == {"x-a": "1"}
        assert sent(Rename("x-a", "X-Z"), given={"x-a": "1"}) == {"x-z": "1"}

    def test_they_are_applied_in_their_order(self) -> None:
        assert sent(Insert("x-n", "1"), Remove("x-n"), given={}) == {}
        assert sent(Remove("x-n"), Insert("x-n", "1"), given={}) == {"x-n": "1"}

    def test_names_are_alike_whatever_their_case(self) -> None:
        assert sent(Propagate("x-a"), given={"X-A": "1"}) == {"x-a": "1"}

    @pytest.mark.parametrize(
        "rule",
        [
            Propagate(),
            Propagate("x-a", matching="x"),
            Propagate(matching="("),
            Propagate(matching="x", rename="y"),
            Propagate(matching="x", default="y"),
            Propagate("x-a", rename="x a"),
            Propagate("x-a", default="a\r\nb: c"),
            Insert("x\n", "1"),
            Insert("x-a", "1\n2"),
            Insert("Host", "evil"),
            Insert("content-length", "1"),
            Remove(),
            Rename("x-a", "host"),
            Rename("x-a", ""),
        ],
    )
    def test_one_that_says_nothing_or_no_header_is_refused(self, rule: HeaderRule) -> None:
        with pytest.raises(InvalidRule):
            HeaderRules([rule])

    @given(st.dictionaries(st.text(), st.text()), st.text(min_size=1))
    def test_whatever_the_client_sends_only_what_is_propagated_gets_through(
        self, headers: Mapping[str, str], name: str
    ) -> None:
        assert set(sent(Propagate("x-a"), Propagate(matching="x-b.*"), given=headers)) <= {
            each.lower() for each in headers if each.lower() == "x-a" or each.lower().startswith("x-b")
        }


class TestPropagating:
    async def test_only_what_a_rule_propagates_is_let_through(self) -> None:
        authenticate = propagating([Propagate("X-A"), Propagate(matching="x-b.*"), Insert("x-i", "1")], "authorization")
        headers = {"x-a": "1", "x-bb": "2", "x-c": "3", "authorization": "y", "x-i": "4"}
        context = await authenticate(headers, None)
        assert context.headers == {"x-a": "1", "x-bb": "2", "authorization": "y"}

    async def test_a_websocket_may_give_them_as_parameters(self) -> None:
        context = await propagating([Propagate("x-a")])({"x-a": "1"}, {"X-A": "2", "x-b": 3})
        assert context.headers == {"x-a": "2"}
        assert (await propagating([Propagate("x-a")])({}, {"x-a": 3})).headers == {}
