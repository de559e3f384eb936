"""Clients see no more of a subgraph's errors than they should, and the log has the rest under the same id."""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import pytest

from router.execute import SubgraphRequest, SubgraphResponse
from router.execute.errors import MAX_ERRORS
from router.serve.masking import internals
from router.serve.masking.config import ErrorPolicy, Masking
from router.serve.masking.internals import shows_internals
from router.serve.masking.transport import MESSAGE, InvalidMasking, masking

REQUEST = SubgraphRequest("books", "{a}")
INTERNALS = [
    'Traceback (most recent call last):\n  File "/srv/app/main.py", line 3, in book\nKeyError: 1',
    "TypeError: Cannot read properties of undefined\n    at resolve (/app/node_modules/books/index.js:12:34)",
    "java.lang.NullPointerException: null",
    'SELECT id, email FROM "users" WHERE id = 7',
    "insert into accounts values (1)",
    "(psycopg.errors.UndefinedTable) relation does not exist",
    "request to http://inventory.internal:8080/v1/books failed",
    "connect ECONNREFUSED 10.2.3.4:5432",
    "lookup books.prod.svc: no such host",
    "cannot open /var/lib/books/data.db",
    r"cannot open C:\Users\ada\books.mdb",
    "redis://:hunter2@cache:6379 does not answer",
    "wrong api_key: sk_live_1234567890",
    "goroutine 12 [running]:",
    "'>=' not supported between instances of 'NoneType' and 'int'",
    "'NoneType' object has no attribute 'title'",
    "'int' object is not subscriptable",
    "book() missing 1 required positional argument: 'id'",
    "Cannot read properties of undefined (reading 'title')",
]
FOR_CLIENTS = [
    "No such book.",
    "You may select at most 10 books from the list.",
    "The update was refused: set a title first.",
    "Only 3 at a time.",
    "Book 10.2 is out of print.",
    "Your session has expired; sign in again.",
    "Authors/editors only.",
    "The object has no title.",
    "Comparing is not supported between drafts.",
    "You cannot read properties of others.",
]


class Books:
    """A subgraph that always answers the same."""

    def __init__(self, *errors: Mapping[str, Any]) -> None:
        self.response = SubgraphResponse({"a": None}, errors)

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        return self.response

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        yield self.response

    async def aclose(self) -> None:
        """Nothing to close."""


async def shown(policy: ErrorPolicy, *errors: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return (await masking({"books": Books(*errors)}, policy)["books"].fetch(REQUEST)).errors


def error(message: str, **extensions: Any) -> dict[str, Any]:
    return {"message": message, "path": ["a"], "extensions": extensions}


class TestInternals:
    @pytest.mark.parametrize("message", INTERNALS)
    async def test_what_shows_how_a_subgraph_works_is_masked_by_default(self, message: str) -> None:
        (masked,) = await shown(ErrorPolicy(), error(message, code="INTERNAL_SERVER_ERROR"))
        assert masked["message"] == MESSAGE
        assert masked["path"] == ["a"]
        assert set(masked["extensions"]) == {"code", "id"}

    @pytest.mark.parametrize("message", FOR_CLIENTS)
    async def test_what_was_written_for_clients_passes(self, message: str) -> None:
        given = error(message, code="NOT_FOUND", field={"name": "id"})
        assert await shown(ErrorPolicy(), given) == (given,)

    async def test_an_extension_that_shows_them_is_left_out(self) -> None:
        (told,) = await shown(ErrorPolicy(), error("No.", code="X", cause=["at f (/app/x.js:1:2)"], hint="Try again."))
        assert told == error("No.", code="X", hint="Try again.")

    @pytest.mark.parametrize("masking", [Masking.INTERNALS, Masking.ALL])
    @pytest.mark.parametrize(
        "extension",
        [
            {"seen": [{"by": INTERNALS[0]}]},
            {"SELECT a FROM b": 1},
            {"at": {"stacktrace": ["resolve"]}},
            {"exception": {"name": "E"}},
        ],
        ids=str,
    )
    async def test_none_is_shown_however_deep_or_whatever_its_name(
        self, masking: Masking, extension: dict[str, Any]
    ) -> None:
        policy = ErrorPolicy(masking, codes=("X",), extensions=("hint", *extension))
        (told,) = await shown(policy, error("No.", code="X", hint="Try again.", **extension))
        assert told == error("No.", code="X", hint="Try again.")
        (masked,) = await shown(policy, error(INTERNALS[0], code="X", hint="Try again.", **extension))
        assert masked["extensions"].keys() == {"code", "id", "hint"}

    async def test_an_extension_may_be_deeper_than_calls_may(self) -> None:
        deep: list[Any] = []
        for _ in range(5_000):
            deep = [deep]
        (told,) = await shown(ErrorPolicy(), error("No.", code="X", deep=deep))
        assert told["extensions"]["deep"] is deep

    def test_a_text_that_no_client_would_read_shows_them(self) -> None:
        assert shows_internals("x" * 100_000)


class TestHowMuchIsLookedAt:
    @pytest.fixture
    def looked_at(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The texts that were."""
        texts: list[str] = []
        monkeypatch.setattr(internals, "shows_internals", lambda text: bool(texts.append(text)))  # pyright: ignore[reportUnknownLambdaType,reportUnknownArgumentType]  # the type is that of the list
        return texts

    async def test_a_text_is_looked_at_once(self, looked_at: list[str]) -> None:
        await shown(ErrorPolicy(), *(error("No such book.", code="NOT_FOUND") for _ in range(100)))
        assert sorted(looked_at) == ["NOT_FOUND", "No such book.", "code"]

    async def test_no_more_errors_are_than_clients_are_told_of(self, looked_at: list[str]) -> None:
        told = await shown(ErrorPolicy(), *(error(f"No book {number}.") for number in range(10 * MAX_ERRORS)))
        assert len(told) == len(looked_at) == MAX_ERRORS

    async def test_what_is_too_much_is_hidden(self, looked_at: list[str]) -> None:
        told = await shown(ErrorPolicy(), *(error(f"{number:4900}") for number in range(MAX_ERRORS)))
        assert sum(map(len, looked_at)) <= internals.MOST
        assert [each["message"] for each in told[:20]] == [f"{number:4900}" for number in range(20)]
        assert {each["message"] for each in told[20:]} == {MESSAGE}

    async def test_many_values_are_too_much_as_well(self) -> None:
        (told,) = await shown(ErrorPolicy(), error("No.", numbers=[*range(internals.MOST)], hint="Try again."))
        assert "numbers" not in told["extensions"]


class TestMaskingAll:
    async def test_every_message_is_masked(self) -> None:
        (masked,) = await shown(ErrorPolicy(Masking.ALL), error("No such book.", code="NOT_FOUND", book=7))
        assert masked["message"] == MESSAGE
        assert masked["extensions"].keys() == {"code", "id"}
        assert masked["extensions"]["code"] == "NOT_FOUND"

    async def test_codes_that_are_meant_for_clients_pass(self) -> None:
        policy = ErrorPolicy(Masking.ALL, codes=("NOT_FOUND",))
        given = error("No such book.", code="NOT_FOUND", book=7)
        assert await shown(policy, given) == (given,)

    async def test_a_code_for_clients_lets_no_internals_through(self) -> None:
        (masked,) = await shown(ErrorPolicy(Masking.ALL, codes=("NOT_FOUND",)), error(INTERNALS[3], code="NOT_FOUND"))
        assert masked["message"] == MESSAGE
        assert masked["extensions"].keys() == {"code", "id"}

    async def test_extensions_may_be_let_through(self) -> None:
        (masked,) = await shown(ErrorPolicy(Masking.ALL, extensions=("book",)), error("x", book=7, author="Ada"))
        assert masked["extensions"]["book"] == 7
        assert "author" not in masked["extensions"]

    @pytest.mark.parametrize("code", [7, None, "SELECT 1 FROM x", "", ["NOT_FOUND"]])
    async def test_a_code_that_is_none_is_replaced(self, code: Any) -> None:
        (masked,) = await shown(ErrorPolicy(Masking.ALL), error("x", code=code))
        assert masked["extensions"]["code"] == "DOWNSTREAM_SERVICE_ERROR"

    async def test_extensions_that_are_none_do_no_harm(self) -> None:
        (masked,) = await shown(ErrorPolicy(Masking.ALL), {"message": "x", "extensions": "y"})
        assert masked["extensions"].keys() == {"code", "id"}


class TestWhere:
    async def test_a_subgraph_may_be_trusted(self) -> None:
        policy = ErrorPolicy(Masking.ALL, {"books": Masking.NONE})
        given = error(INTERNALS[0])
        assert await shown(policy, given) == (given,)

    async def test_events_are_masked_as_well(self) -> None:
        transport = masking({"books": Books(error(INTERNALS[0]))}, ErrorPolicy())["books"]
        async with aclosing(transport.subscribe(REQUEST)) as events:
            assert [each["message"] async for event in events for each in event.errors] == [MESSAGE]


class TestLog:
    async def test_it_has_what_was_masked_under_the_same_id_and_no_values(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        text = "SELECT * FROM users WHERE email = 'ada@example.org' AND token=abc123 at postgres://app:hunter2@db/x"
        with caplog.at_level(logging.ERROR):
            (masked,) = await shown(ErrorPolicy(), error(text))
        (record,) = caplog.records
        line = record.getMessage()
        assert masked["extensions"]["id"] in line
        assert "SELECT * FROM users WHERE email = '…'" in line
        assert not any(secret in line for secret in ("ada@", "abc123", "hunter2"))

    async def test_a_thousand_errors_of_one_answer_are_one_line(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.ERROR):
            masked = await shown(ErrorPolicy(), *(error(f"{INTERNALS[0]}{'x' * 9_000}") for _ in range(1_000)))
        assert len({each["extensions"]["id"] for each in masked}) == 1
        (record,) = caplog.records
        assert len(record.getMessage()) < 12_000


def test_a_policy_for_a_subgraph_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidMasking, match="no subgraph boks; there are books"):
        masking({"books": Books()}, ErrorPolicy(subgraphs={"boks": Masking.ALL}))
