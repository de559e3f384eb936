"""`_entities`, as a router asks for it."""

from typing import Any

import pytest

from shared.graphql.service import GraphQLService

ENTITIES = """
query($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Book { number title }
    ... on Author { name }
    ... on Loan { overdue }
  }
}
"""


@pytest.fixture
def entities(service: GraphQLService, reader: dict[str, str]) -> Any:
    """Ask for entities."""

    async def ask(*representations: dict[str, Any]) -> dict[str, Any]:
        return await service.execute(ENTITIES, {"representations": list(representations)}, headers=reader)

    return ask


class TestEntities:
    async def test_references_of_one_type_are_loaded_in_one_batch(self, entities: Any, shelf: Any) -> None:
        answer = await entities(*({"__typename": "Book", "number": number} for number in (3, 1, 2)))
        assert [book["title"] for book in answer["data"]["_entities"]] == ["Volume 3", "Volume 1", "Volume 2"]
        assert shelf.batches == [[3, 1, 2]]

    async def test_mixed_types_keep_their_order(self, entities: Any) -> None:
        answer = await entities(
            {"__typename": "Author", "name": "Ada"},
            {"__typename": "Book", "number": 1},
            {"__typename": "Author", "name": "Bob"},
        )
        assert [each["__typename"] for each in answer["data"]["_entities"]] == ["Author", "Book", "Author"]

    async def test_an_unknown_entity_is_null_without_an_error(self, entities: Any) -> None:
        answer = await entities({"__typename": "Book", "number": 99}, {"__typename": "Author", "name": "Nobody"})
        assert answer == {"data": {"_entities": [None, None]}}

    async def test_an_unknown_type_is_an_error_at_its_own_index(self, entities: Any) -> None:
        answer = await entities({"__typename": "Ghost", "id": "1"}, {"__typename": "Book", "number": 1})
        assert answer["data"]["_entities"][0] is None
        assert answer["data"]["_entities"][1]["title"] == "Volume 1"
        (error,) = answer["errors"]
        assert error["path"] == ["_entities", 0]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"

    async def test_a_failing_reference_leaves_the_others_alone(self, entities: Any) -> None:
        answer = await entities({"__typename": "Author", "name": "Broken"}, {"__typename": "Author", "name": "Ada"})
        assert answer["data"]["_entities"] == [None, {"__typename": "Author", "name": "Ada"}]
        (error,) = answer["errors"]
        assert error["message"] == "Internal error"
        assert error["path"] == ["_entities", 0]

    @pytest.mark.parametrize(
        "malformed",
        [
            {"__typename": "Loan", "id": "no-uuid", "dueAt": "2025-01-01T00:00:00Z"},
            {"__typename": "Loan", "id": None, "dueAt": "2025-01-01T00:00:00Z"},
            {"__typename": "Loan", "id": "00000000-0000-0000-0000-000000000001", "dueAt": "yesterday"},
            {"__typename": "Book", "isbn": "1"},
            {"__typename": "Book", "number": "one"},
        ],
    )
    async def test_a_malformed_reference_is_an_error_at_its_own_index(
        self, entities: Any, malformed: dict[str, Any]
    ) -> None:
        answer = await entities({"__typename": "Author", "name": "Ada"}, malformed)
        assert answer["data"]["_entities"] == [{"__typename": "Author", "name": "Ada"}, None]
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["path"] == ["_entities", 1]

    async def test_a_reference_that_fails_its_batch_leaves_the_others_alone(self, entities: Any) -> None:
        answer = await entities(*({"__typename": "Book", "number": number} for number in (1, -1, 2)))
        assert [each and each["title"] for each in answer["data"]["_entities"]] == ["Volume 1", None, "Volume 2"]
        (error,) = answer["errors"]
        assert error["path"] == ["_entities", 1]

    async def test_required_fields_arrive_under_python_names_and_as_python_values(self, entities: Any) -> None:
        id_ = "00000000-0000-0000-0000-000000000001"
        answer = await entities(
            {"__typename": "Loan", "id": id_, "dueAt": "2025-01-01T00:00:00+00:00"},
            {"__typename": "Loan", "id": id_, "dueAt": "2027-01-01T00:00:00+00:00"},
        )
        assert [loan["overdue"] for loan in answer["data"]["_entities"]] == [True, False]

    async def test_the_clients_variables_are_left_as_they_were(
        self, service: GraphQLService, reader: dict[str, str]
    ) -> None:
        representation = {"__typename": "Book", "number": 1}
        await service.execute(ENTITIES, {"representations": [representation]}, headers=reader)
        assert representation == {"__typename": "Book", "number": 1}

    async def test_an_anonymous_router_gets_a_coded_error_per_item(self, service: GraphQLService) -> None:
        answer = await service.execute(ENTITIES, {"representations": [{"__typename": "Book", "number": 1}]})
        assert answer["data"] == {"_entities": [None]}
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
