"""Documents are refused for their cost before any work is done for them."""

import asyncio
import contextlib
import time

import pytest

from router.serve import GraphQLRequest, Limits, Refused, RequestContext
from router.serve.limits.depth import check_depth
from tests.router.serve.library import LibrarySubgraph, library_engine

PROMPT_SECONDS = 5.0
"""Of processor time. Generous: what it guards against takes many seconds."""


async def refusal(query: str, limits: Limits | None = None) -> str:
    engine = library_engine(LibrarySubgraph(), limits)
    response = await engine.execute(GraphQLRequest(query), RequestContext())
    assert not response.executed
    return str(response.errors[0]["message"])


def doubling_fragments(count: int) -> str:
    spreads = [f"fragment F{n} on Author {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count)]
    return "{ book(id: 1) { author { ...F0 } } }" + "".join(spreads) + f"fragment F{count} on Author {{ name }}"


class TestDepth:
    @pytest.mark.parametrize("bracket", ["{", "[", "("])
    async def test_a_document_nested_too_deep_is_refused(self, bracket: str) -> None:
        assert "deeper than 500" in await refusal(bracket * 20_000)

    async def test_a_list_literal_nested_too_deep_is_refused(self) -> None:
        assert "deeper than 500" in await refusal("{ book(id: " + "[" * 5_000 + "]" * 5_000 + ") { id } }")

    @pytest.mark.parametrize("levels", [150, 300, 480])
    async def test_what_the_parser_cannot_hold_is_refused_as_well(self, levels: int) -> None:
        selection = "author { books { " * (levels // 2) + "id" + " } }" * (levels // 2)
        engine = library_engine(LibrarySubgraph())
        response = await engine.execute(GraphQLRequest(f"{{ book(id: 1) {{ {selection} }} }}"), RequestContext())
        assert response.errors == [] or "deep" in response.errors[0]["message"]

    @pytest.mark.parametrize(
        "text",
        ['{ a(b: "{{{{{{{{") }', '{ a(b: """{{{{ \\""" {{{{""") }', "{ a # {{{{{{{{\n }", '{ a(b: "\\"{{{{{{") }'],
    )
    def test_brackets_in_strings_and_comments_do_not_count(self, text: str) -> None:
        check_depth(text, Limits(depth=2))

    @pytest.mark.parametrize(
        "text", ['"\\"' * 300_000, '"' * 600_000, '"' + '\\"' * 300_000, '"""' + '"a' * 300_000, "#\n" * 300_000]
    )
    def test_no_text_takes_long_to_look_at(self, text: str) -> None:
        started = time.process_time()
        with contextlib.suppress(Refused):
            check_depth(text, Limits())
        assert time.process_time() - started < PROMPT_SECONDS


class TestTokens:
    async def test_too_many_tokens_are_refused(self) -> None:
        assert "more than 15000 tokens" in await refusal("{" + "a " * 20_000 + "}")

    async def test_comments_count_too(self) -> None:
        assert "more than 15000 tokens" in await refusal("{ whoami }" + "#\n" * 20_000)


class TestSelections:
    async def test_fragments_that_double_are_refused_promptly(self) -> None:
        started = time.process_time()
        assert "selects more than 20000" in await refusal(doubling_fragments(60))
        assert time.process_time() - started < PROMPT_SECONDS

    async def test_cyclic_fragments_are_refused_by_validation(self) -> None:
        cyclic = "{ book(id: 1) { ...A } } fragment A on Book { ...B } fragment B on Book { ...A }"
        assert "Cannot spread fragment" in await refusal(cyclic)


class TestValidation:
    async def test_the_number_of_errors_is_bounded(self) -> None:
        engine = library_engine(LibrarySubgraph(), Limits(validation_errors=5))
        document = "{" + " ".join(f"nothing{number}" for number in range(50)) + "}"
        response = await engine.execute(GraphQLRequest(document), RequestContext())
        assert len(response.errors) == 6

    async def test_the_event_loop_goes_on_while_a_large_document_is_validated(self) -> None:
        engine = library_engine(LibrarySubgraph(), Limits(aliases=1_000, root_fields=1_000))
        query = "{" + " ".join(f"a{n}: book(id: {n}) {{ id title }}" for n in range(1_000)) + "}"
        turns = 0

        async def watch() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        watcher = asyncio.create_task(watch())
        await engine.prepare(GraphQLRequest(query))
        watcher.cancel()
        assert turns > 10
