"""Documents with something wrong in them: pieces of a valid one left out, repeated, exchanged or made up."""

import random
import re
from typing import Final

_TOKEN: Final = re.compile(r'"""(?:[^"]|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|\.\.\.|[_A-Za-z]\w*|-?\d[\w.+-]*|[^\s\w]|\s+')

STRANGE: Final = (
    *("{", "}", "(", ")", "[", "]", "$", "!", "|", "&", "=", ":", "@", "...", "#", ",", '"', '"""', "\\", "'", "`"),
    *("query", "mutation", "subscription", "fragment", "on", "true", "null", "type", "extend", "schema", "__typename"),
    *("__schema", "__type", "_entities", "_service", "__proto__", "constructor", "@defer", "@stream", "@skip(if: $x)"),
    *("@include(if: true)", "...F0", "... on Query", "...{ __typename }", "$v0", "$x: Int!", "id", "book", "Book"),
    *("0", "-0", "00", "1e999", "-1e-999", "99999999999999999999", "1.", ".1", "0x1f", "1_000", "1.5E+3", "-"),
    *("9" * 400, "-" + "9" * 5_000, "1e400", "1." + "3" * 5_000),
    *('"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\u{1F600}"', '"\\u{110000}"', '"\\x"', '"\\"', '"""\\""""""'),
    *("\x00", "\ufeff", "\u2028", "\x7f", "\ud800", "\U0001f600", "\u202e", "\r", "\t", "\n", "\x0b", "\xa0", "é"),
    *("# comment\n", "#", " " * 50, "a" * 300, '"' + "x" * 300 + '"', "[" * 30, "{a" * 30, "}" * 5, "@d" * 20),
)


def broken(text: str, chance: random.Random) -> str:
    """The text after a few changes."""
    tokens = _TOKEN.findall(text) or [text]
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(tokens))
        match chance.randrange(8):
            case 0:
                tokens[at] = ""
            case 1:
                tokens[at] += tokens[at]
            case 2:
                other = chance.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case 3:
                tokens[at] = tokens[chance.randrange(len(tokens))]
            case 4:
                del tokens[at + 1 :]
            case 5:
                tokens[at] = chance.choice(STRANGE)
            case 6:
                tokens.insert(at, chance.choice(STRANGE))
            case _:
                end = min(len(tokens), at + chance.randint(1, 6))
                tokens[end:end] = tokens[at:end] * chance.choice((1, 1, 2, 10))
    return "".join(tokens)


def scrambled(data: bytes, chance: random.Random) -> bytes:
    """Bytes after a few changes."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(4):
            case 0:
                del found[at : at + chance.choice((1, 1, 2, 10))]
            case 1:
                found[at:at] = bytes([chance.randrange(256)])
            case 2:
                found[at : at + 1] = bytes([chance.randrange(256)])
            case _:
                found[at:at] = found[at : at + chance.randint(1, 20)]
    return bytes(found)
