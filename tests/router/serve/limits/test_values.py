"""Variables are refused for their number and depth before they are looked at one by one."""

import time
from typing import Any

import pytest

from router.serve import GraphQLRequest, Limits, Refused, RequestContext
from router.serve.limits.values import check_variables
from tests.router.serve.library import LibrarySubgraph, library_engine

PROMPT_SECONDS = 5.0
"""Of processor time. Generous: what it guards against takes many seconds."""


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def test_as_many_values_as_allowed_pass() -> None:
    check_variables({"a": [1, 2], "b": {"c": None}}, Limits(variable_values=5))


def test_one_more_is_refused() -> None:
    with pytest.raises(Refused, match="more than 4 values"):
        check_variables({"a": [1, 2], "b": {"c": None}}, Limits(variable_values=4))


def test_values_that_are_no_lists_or_objects_count_as_well() -> None:
    with pytest.raises(Refused, match="more than 2 values"):
        check_variables({"a": 1, "b": 2, "c": 3}, Limits(variable_values=2))


def test_depth_is_counted_through_lists_and_objects() -> None:
    check_variables({"a": nested(4)}, Limits(variable_depth=4))
    with pytest.raises(Refused, match="deeper than 3 levels"):
        check_variables({"a": nested(4)}, Limits(variable_depth=3))


def test_no_depth_is_too_deep_to_be_seen() -> None:
    with pytest.raises(Refused, match="deeper than 50 levels"):
        check_variables({"a": nested(100_000)}, Limits())


async def test_a_million_values_are_refused_promptly_and_with_a_code() -> None:
    engine = library_engine(LibrarySubgraph())
    request = GraphQLRequest("query($id: ID!) { book(id: $id) { id } }", None, {"id": [[1, 2, 3, 4]] * 250_000})
    started = time.process_time()
    response = await engine.execute(request, RequestContext())
    assert time.process_time() - started < PROMPT_SECONDS
    assert [error["extensions"]["code"] for error in response.errors] == ["BAD_USER_INPUT"]
    assert len(response.as_bytes()) < 10_000


async def test_an_error_does_not_send_a_large_value_back() -> None:
    engine = library_engine(LibrarySubgraph())
    request = GraphQLRequest("query($n: Int) { books(first: $n) { id } }", None, {"n": "x" * 1_000_000})
    response = await engine.execute(request, RequestContext())
    assert response.errors[0]["message"].startswith("Variable '$n' ")
    assert len(response.as_bytes()) < 10_000
