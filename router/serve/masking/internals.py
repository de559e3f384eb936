"""Telling whether a text shows how a server works inside."""

import re
from typing import Any, Final, cast

from router.execute.errors import INTERNALS

LONGEST: Final = 5_000
"""Characters that are looked at; no message for a client is longer."""

MOST: Final = 100_000
"""Characters, and values, of one answer's errors that are looked at; what comes after them is not for clients."""

_SIGNS: Final = tuple(
    re.compile(sign)
    for sign in (
        r"Traceback \(most recent call last\)",
        r"\bFile \"[^\"]{1,300}\", line \d+",  # Python
        r"at [\w$.<>\[\] ]{1,200}\([^()\n]{0,300}:\d+(?::\d+)?\)",  # JavaScript, Java
        r"\bgoroutine \d+ \[|\bpanic: ",
        r"(?<=[\w.])(?:Exception|Error): ",
        r"\bthread '[^']{1,100}' panicked",
        r"not supported between instances of '|\bunsupported operand type",
        r"'\w{1,100}' object (?:has no attribute '|is not \w)",
        r"\brequired positional argument|\bpositional arguments? but \d|\bproperty '\w{1,100}' of '",
        r"\bCannot (?:read|set) propert(?:y|ies) (?:'\w{1,100}' )?of (?:undefined|null)\b",
        r"\b(?:SELECT\b.{1,500}?\bFROM|INSERT\s+INTO|UPDATE\b.{1,300}?\bSET|DELETE\s+FROM)\s+[\w\"`\[.]+",
        r"\bselect\b.{1,500}?\bfrom\s+\S{1,100}\s+(?:where|join|order\s+by|group\s+by|limit)\b",
        r"\binsert\s+into\s+\S{1,100}\s+(?:\(|values\b)|\bdelete\s+from\s+\S{1,100}\s+where\b",
        r"\bupdate\s+\S{1,100}\s+set\s+\S{1,100}\s{0,3}=",
        r"\b(?:ORA-\d{5}|SQLSTATE|PG::|psycopg|asyncpg|sqlalchemy|E11000|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)",
        r"(?i:\b(?:https?|postgres(?:ql)?|mysql|mongodb(?:\+srv)?|rediss?|amqps?|grpc|kafka|tcp)://)",
        r"\b(?:10|127)\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|\b192\.168\.\d{1,3}\.\d{1,3}\b|\b172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3}\b",
        r"(?i:\blocalhost\b|(?<=[\w-])\.(?:internal|local|svc|cluster|lan|intranet)\b)",
        r"(?:^|[\s\"'(])/(?:app|etc|home|opt|root|srv|tmp|usr|var|Users)/[\w./-]+",
        r"\b[A-Z]:\\[\w\\.-]+",
        r"(?i:\b(?:password|secret|api[_-]?key|bearer)\b\s{0,3}[:= ]\s{0,3}[^\s.,]{6,})",
    )
)


def shows_internals(text: str) -> bool:
    """Whether a text was written for those who look after the server."""
    return len(text) > LONGEST or any(sign.search(text) for sign in _SIGNS)


class Inspection:
    """Looks at the errors of one answer: at each text once, however often it comes, and at no more than `MOST`."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}
        self._room = MOST

    def finds(self, value: Any) -> bool:
        """Whether a text, any text within JSON, or a name there shows internals, or there is too much to tell."""
        open_: list[Any] = [value]
        while open_:
            self._room -= 1
            each = open_.pop()
            match each:
                case str() as text if self._finds_in(text):
                    return True
                case dict():
                    entries = cast("dict[str, Any]", each)
                    if not INTERNALS.isdisjoint(entries):
                        return True
                    open_ += [*entries, *entries.values()]
                case list():
                    open_ += cast("list[Any]", each)
                case _ if self._room < 0:
                    return True
                case _:
                    pass
        return False

    def _finds_in(self, text: str) -> bool:
        known = self._known.get(text)
        if known is None:
            self._room -= len(text)
            known = self._known[text] = self._room < 0 or shows_internals(text)
        return known
