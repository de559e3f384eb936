"""How deep a text is nested, seen without parsing it."""

import re

from router.serve.errors import PARSE_FAILED, Refused
from router.serve.limits.bounds import Limits

_BRACKETS = re.compile(
    r"""
    \"{3} (?: [^"\\] | \\. | "(?!"") )*+ (?:\"{3})?   # a block string, perhaps without an end
    | " (?: [^"\\\n] | \\. )*+ "?                      # a string, perhaps without an end
    | \# [^\n]*                                         # a comment
    | [{}()\[\]]
    """,
    re.DOTALL | re.VERBOSE,
)
"""What tells brackets from text; it never looks at a character twice, whatever the input."""


def check_depth(text: str, limits: Limits) -> None:
    """Refuse a text nested too deep, before a parser recurses into it.

    Raises:
        Refused: it is, or has more tokens than allowed.
    """
    depth = 0
    for seen, match in enumerate(_BRACKETS.finditer(text)):
        bracket = match[0]
        if seen >= limits.tokens:
            raise Refused.because(f"The document has more than {limits.tokens} tokens.", PARSE_FAILED)
        if bracket in "{([":
            depth += 1
            if depth > limits.depth:
                raise Refused.because(f"The document is nested deeper than {limits.depth} levels.", PARSE_FAILED)
        elif bracket in "})]":
            depth -= 1
