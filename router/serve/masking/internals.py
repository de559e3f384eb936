"""Telling whether a text shows how a server works inside."""

import re
from typing import Any, Final, cast

LONGEST: Final = 5_000
"""Characters that are looked at; no message for a client is longer."""

_SIGNS: Final = tuple(
    re.compile(sign)
    for sign in (
        r"Traceback \(most recent call last\)",
        r"\bFile \"[^\"]{1,300}\", line \d+",  # Python
        r"\n?\s{0,8}at [\w$.<>\[\] ]{1,200}\([^()\n]{0,300}:\d+(?::\d+)?\)",  # JavaScript, Java
        r"\bgoroutine \d+ \[|\bpanic: ",
        r"\b[\w.]{1,100}(?:Exception|Error): ",
        r"\bthread '[^']{1,100}' panicked",
        r"\b(?:SELECT\b.{1,500}?\bFROM|INSERT\s+INTO|UPDATE\b.{1,300}?\bSET|DELETE\s+FROM)\s+[\w\"`\[.]+",
        r"\bselect\b.{1,500}?\bfrom\s+\S{1,100}\s+(?:where|join|order\s+by|group\s+by|limit)\b",
        r"\binsert\s+into\s+\S{1,100}\s+(?:\(|values\b)|\bdelete\s+from\s+\S{1,100}\s+where\b",
        r"\bupdate\s+\S{1,100}\s+set\s+\S{1,100}\s{0,3}=",
        r"\b(?:ORA-\d{5}|SQLSTATE|PG::|psycopg|asyncpg|sqlalchemy|E11000|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)",
        r"(?i:\b(?:https?|postgres(?:ql)?|mysql|mongodb(?:\+srv)?|rediss?|amqps?|grpc|kafka|tcp)://)",
        r"\b(?:10|127)\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|\b192\.168\.\d{1,3}\.\d{1,3}\b|\b172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3}\b",
        r"(?i:\b(?:localhost|[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}\.(?:internal|local|svc|cluster|lan|intranet)))\b(?::\d+)?",
        r"(?:^|[\s\"'(])/(?:app|etc|home|opt|root|srv|tmp|usr|var|Users)/[\w./-]+",
        r"\b[A-Z]:\\[\w\\.-]+",
        r"(?i:\b(?:password|secret|api[_-]?key|bearer)\b\s{0,3}[:= ]\s{0,3}[^\s.,]{6,})",
    )
)


def shows_internals(value: Any) -> bool:
    """Whether a text, or any text within JSON, was written for those who look after the server."""
    match value:
        case str():
            return len(value) > LONGEST or any(sign.search(value) for sign in _SIGNS)
        case dict():
            return any(shows_internals(each) for pair in cast("dict[str, Any]", value).items() for each in pair)
        case list():
            return any(shows_internals(each) for each in cast("list[Any]", value))
        case _:
            return False
