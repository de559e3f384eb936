"""What becomes code is ours alone."""

from typing import Any

import pytest

from router.execute.generated.source import MAX_LINES, Source, Unsuitable

HOSTILE = ['"', "'", "\\", "\n", "'''", "{x}", "'] or exit() or o['", "\u2028", "\x00", "\ud800", "😀", "#", "%s"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_string_is_itself_whatever_is_in_it(text: str) -> None:
    source = Source({})
    name = source.function("", [f"return {{{source.constant(text)}: {source.constant(text)}}}"])
    assert source.run()[name]() == {text: text}


@pytest.mark.parametrize("value", [True, 1, None, 1.5, frozenset({"a'"}), ("a", 1), object(), [1]])
def test_a_value_is_itself(value: Any) -> None:
    source = Source({})
    name = source.function("", [f"return {source.constant(value)}"])
    found = source.run()[name]()
    assert (type(found), found) == (type(value), value)


def test_a_string_of_another_kind_is_never_written_into_the_code() -> None:
    class Text(str):
        __slots__ = ()

        def __repr__(self) -> str:
            return "exit()"

    source = Source({})
    text = Text("x")
    name = source.function("", [f"return {source.constant(text)}"])
    assert source.run()[name]() is text
    assert "exit" not in source.text


def test_a_function_that_is_known_is_not_written_again() -> None:
    source = Source({})
    assert source.function("o", ["return o"]) == source.function("o", ["return o"])
    assert source.function("o", ["return None"]) != source.function("o", ["return o"])


def test_a_program_has_an_end() -> None:
    source = Source({})
    with pytest.raises(Unsuitable):
        source.function("", ["pass"] * MAX_LINES)
