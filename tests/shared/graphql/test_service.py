"""Operations executed in process."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.graphql.service import GraphQLService


def error(answer: dict[str, Any]) -> dict[str, Any]:
    """The only error of an answer."""
    (only,) = answer["errors"]
    return only


class TestExecute:
    async def test_a_query_is_answered(self, service: GraphQLService) -> None:
        assert await service.execute("{ hello }") == {"data": {"hello": "world"}}

    async def test_who_asks_for_a_trace_gets_one(self, service: GraphQLService) -> None:
        answer = await service.execute("{ hello }", headers={"Apollo-Federation-Include-Trace": "ftv1"})
        assert answer["data"] == {"hello": "world"}
        assert isinstance(answer["extensions"]["ftv1"], str)

    async def test_header_names_are_read_in_any_case(self, service: GraphQLService) -> None:
        for name in ("authorization", "Authorization", "AUTHORIZATION"):
            answer = await service.execute("{ whoami }", headers={name: "Bearer reader"})
            assert "errors" not in answer

    async def test_a_missing_token_makes_the_request_anonymous(self, service: GraphQLService) -> None:
        answer = await service.execute("{ hello }")
        assert answer["data"] == {"hello": "world"}
        assert error(await service.execute("{ whoami }"))["extensions"] == {"code": "UNAUTHENTICATED"}

    @pytest.mark.parametrize("authorization", ["Bearer forged", "Bearer ", "Basic abc", "reader"])
    async def test_an_invalid_token_refuses_the_whole_request(
        self, service: GraphQLService, authorization: str
    ) -> None:
        answer = await service.execute("{ hello }", headers={"Authorization": authorization})
        assert "data" not in answer
        assert error(answer)["extensions"]["code"] == "UNAUTHENTICATED"

    @pytest.mark.parametrize(
        ("query", "variables", "operation", "code"),
        [
            ("{", None, None, "GRAPHQL_PARSE_FAILED"),
            ("{ nothing }", None, None, "GRAPHQL_VALIDATION_FAILED"),
            ("query A { hello }", None, "B", "OPERATION_RESOLUTION_FAILURE"),
            ("query A($n: Int!) { books(first: $n) { edges { cursor } } }", {"n": "x"}, None, "BAD_USER_INPUT"),
            ("", None, None, "BAD_REQUEST"),
        ],
    )
    async def test_a_bad_request_has_a_stable_code(
        self, service: GraphQLService, query: str, variables: dict[str, Any] | None, operation: str | None, code: str
    ) -> None:
        answer = await service.execute(query, variables, operation)
        assert "data" not in answer
        assert error(answer)["extensions"]["code"] == code

    async def test_a_bug_is_masked_and_found_in_the_log_by_its_id(self, service: GraphQLService) -> None:
        with capture_logs() as logs:
            answer = await service.execute("{ hello broken }")
        shown = error(answer)
        assert answer["data"] == {"hello": "world", "broken": None}
        assert shown["message"] == "Internal error"
        assert shown["path"] == ["broken"]
        assert shown["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        (logged,) = [entry for entry in logs if entry["event"] == "graphql.bug"]
        assert logged["id"] == shown["extensions"]["id"]
        assert "secret" in repr(logged["exc_info"])
        assert "secret" not in repr(answer)


class TestMutations:
    LEND = "mutation($n: Int!) { lend(input: {number: $n}) { book { title } userErrors { code message path } } }"

    async def test_a_mutation_answers_with_its_entity(self, service: GraphQLService) -> None:
        answer = await service.execute(self.LEND, {"n": 2})
        assert answer == {"data": {"lend": {"book": {"title": "Volume 2"}, "userErrors": []}}}

    async def test_an_expected_refusal_is_data(self, service: GraphQLService) -> None:
        answer = await service.execute(self.LEND, {"n": 1})
        refusal = {"code": "ALREADY_LENT", "message": "The book is lent", "path": ["input", "number"]}
        assert answer == {"data": {"lend": {"book": None, "userErrors": [refusal]}}}

    async def test_a_wrong_request_is_a_coded_error(self, service: GraphQLService) -> None:
        answer = await service.execute(self.LEND, {"n": 99})
        assert answer["data"] is None
        assert error(answer)["extensions"] == {"code": "NOT_FOUND"}


class TestSubscribe:
    async def test_each_event_is_an_answer(self, service: GraphQLService, reader: dict[str, str]) -> None:
        answers = [each async for each in service.subscribe("subscription { titles(number: 3) }", headers=reader)]
        assert answers == [{"data": {"titles": "Volume 3"}}] * 2

    async def test_a_query_gives_one_answer(self, service: GraphQLService) -> None:
        assert [each async for each in service.subscribe("{ hello }")] == [{"data": {"hello": "world"}}]

    async def test_a_refused_token_gives_one_error(self, service: GraphQLService) -> None:
        headers = {"Authorization": "Bearer forged"}
        (answer,) = [each async for each in service.subscribe("subscription { forever }", headers=headers)]
        assert error(answer)["extensions"]["code"] == "UNAUTHENTICATED"

    async def test_an_anonymous_resolver_refusal_is_coded(self, service: GraphQLService) -> None:
        (answer,) = [each async for each in service.subscribe("subscription { titles(number: 3) }")]
        assert error(answer)["extensions"]["code"] == "UNAUTHENTICATED"
