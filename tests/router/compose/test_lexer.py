"""SDL is read to the same documents and the same errors as graphql-core reads it."""

from typing import Any

import pytest
from graphql import GraphQLSyntaxError, Source, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from router.compose.lexer import TooManyTokens, parse_document

_WORDS = ("type T { a: Int }", "enum E{A B}", "abc", "_x9", "0", "12", "01", "-3", "1.5", "1e5", "...", "é", "😀")
_STRINGS = ('"', '""', '"""', "\\", '\\"""', "\\n", "\\u0041", "#", "# x", "\ud800", "\udc00", "\ud83d\ude00", "\0")
_PIECES = (*_WORDS, *_STRINGS, *"{}()[]!@$&|=:.-, \t\n\r\ufeff", "\r\n")


def _read(text: str) -> object:
    try:
        return _spelled(parse_document(Source(text), tokens=1_000)[0])
    except GraphQLSyntaxError as error:
        return error.message, error.locations


def _spelled(document: Any) -> object:
    return document.to_dict(locations=True)


def _expected(text: str) -> object:
    try:
        return _spelled(parse(Source(text)))
    except GraphQLSyntaxError as error:
        return error.message, error.locations


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=12))
def test_any_text_is_read_as_graphql_core_reads_it(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert _read(text) == _expected(text)


@pytest.mark.parametrize(
    "text",
    [
        '"""\r\n  some\n\r    more \\""" quoted\n""" type T { "one" a(b: Int = -1, d: [S] = ["x", 1.5]): [T!]! }',
        "# a comment\r\rtype T # another\n{ a: Int # 😀\n b: Int }",
        '"" type T @d(a: "\\u00e9") { a: Int }',
        'type T { a: Int } """never closed',
    ],
)
def test_schemas_are_read_as_graphql_core_reads_them(text: str) -> None:
    assert _read(text) == _expected(text)


def test_no_more_tokens_are_read_than_allowed() -> None:
    text = "type T { a: Int }"  # and the end
    assert parse_document(Source(text), tokens=8)[1] == 8
    with pytest.raises(TooManyTokens):
        parse_document(Source(text), tokens=7)


def test_what_is_nested_too_deeply_is_a_syntax_error() -> None:
    with pytest.raises(GraphQLSyntaxError, match="nested too deeply"):
        parse_document(Source(f"type T {{ a: {'[' * 10_000} }}"), tokens=100_000)
